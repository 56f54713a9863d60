"""Makes labelled text for the tagger: sentences of our own with names, places, organisations and addresses.

Every sentence is written for this purpose; names come from the lists of ``lexicon``. Labels are given by where
a slot was filled, so they are right by construction. A part of the names is made up, so that the tagger does
not rely on its list alone; a part is written small or in capitals.
"""

import importlib
import random
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Labelled", "Maker"]


class Labelled(NamedTuple):
    """A text and its spans: start, end, label."""

    text: str
    spans: list[tuple[int, int, str]]


# P a person, F a given name alone, S a family name alone, L a place, C a country, O an organisation, A an address,
# N a nationality, D a date, T a time, # a number, W an ordinary word with a capital (a title of a work: MISC)
CHAT = """
{F} says hi|ask {F} if she can come|did {F} call you back?|I saw {P} yesterday|{F} and {F} are coming too|hey {F}, are you up?
hi {F}!|Hello {P},|Dear {F},|Dear Mr. {S},|Dear Mrs {S},|thanks {F}|thank you {F}!|Thanks, {F}.|Best, {F}|Best regards,\n{P}
Regards,\n{P}\n{O}|Cheers\n{F}|love, {F}|lg {F}|xoxo {F}|ok {F} I'll tell him|{F}'s birthday is on {D}|that's {F}'s car|who is {F}?
who's {P}?|is {F} there?|what did {F} say|{F} is late again|{F} was here at {T}|{F} will bring the cake|{F} doesn't like it
tell {F} I miss her|give {F} a hug from me|I told {F} about it|{F} told me that {F} left|I'm with {F} right now|at {F}'s place
my brother {F} is visiting|my sister {F} had a baby|my wife {F} says no|my husband {F} and I|our neighbour {P} died|my boss {S} is sick
my friend {P} works at {O}|my cousin {F} lives in {L}|my uncle {F} moved to {L}|my doctor, Dr. {S}, said no|Dr {S} called
Prof. {S} cancelled the lecture|Mrs. {S} from next door|Mr {S} wants the papers|Ms {S} signed it|I have an appointment with {P} at {T}
My name is {P}|my name's {F}|I'm {F}, nice to meet you|this is {P} from {O}|{P} here, from {O}|call me {F}|everyone calls her {F}
I am {P} and I live in {L}|Name: {P}|Name: {P}\nAge: #|Full name: {P}\nCity: {L}|Contact: {P}, {O}|Attn: {P}|Signed, {P}|From: {P}|To: {P}
Cc: {P}, {P}|{P} wrote:|On {D}, {P} wrote:|@{F} look at this|{F}: where are you\n{F}: home|{P}: no idea|{F}, come here please
{F}, {F} and {F} went to {L}|with {F} in {L}|we are in {L} now|I'm in {L} until {D}|landed in {L}|flying to {L} tomorrow|back from {L}
going to {L} with {F}|moving to {L} next month|she's from {L}|he was born in {L}|I grew up in {L}|we live near {L}|is it cold in {L}?
the weather in {L} is awful|{L} is beautiful|{L} was great!|love {L}|greetings from {L}!|the train to {L} is late|my flight from {L} to {L}
next stop: {L}|a hotel in {L}|we drove through {L}|north of {L}|he works in {L}, {C}|{L}, {C}|{L}|Meet me in {L}|pizza in {L}?|a trip to {C}
she works for {O}|he works at {O}|I quit my job at {O}|I applied to {O}|{O} called me|got an offer from {O}|my account at {O}|{O} is down again
an interview with {O} on {D}|the people at {O} are nice|{O} raised its prices|I ordered it from {O}|I hate {O}|we bank with {O}|{O} support is slow
he started at {O} in {D}|she studied at {O}|the {O} building|a meeting at {O} at {T}|{O} hired {P}|{P} left {O}|{P} ({O}) will join us
{P} of {O} said so|a letter from {O}|the CEO of {O}, {P}, resigned|{O} and {O} merge|{O}, based in {L}, makes tools|{O} opens an office in {L}
my address is {A}|the address is {A}|I live at {A}|we moved to {A}|send it to {A}|ship it to {A} please|deliver to {A}|come to {A} at {T}
the party is at {A}|his new address: {A}|{A}|Address: {A}|{P}\n{A}|{O}\n{A}|{P}, {A}|{P}\n{O}\n{A}|Home: {A}|we met at {A}|our office is at {A}
the shop at {A} is closed|pick me up at {A}|the house on {A} was sold|please change my address to {A}|bill to: {P}, {A}|taxi from {A} to {A}
the package went to {A} instead of {A}|Ship to:\n{P}\n{A}|I used to live at {A}, now {A}|it happened on the corner of {A}|parking at {A}
there is a great place at {A}, they have {N} food|the {N} place in {L}|she is {N}|a {N} film|he speaks {N}|the {N} team won|two {N} tourists
I turned #|he is # years old|a # year old man from {L}|see you on {D}|until {D}|since {D}|on {D} at {T}|born {D}|at {T}|Date: {D}\nPlace: {L}
"""
NEWS = """
{P} was elected president of {O} on {D}.|{S} told reporters in {L} that the talks had failed.|The {N} government has asked {O} for help.
Police in {L} arrested {P}, #, on {D}.|{P}, who lives in {L}, said she saw nothing.|According to {P}, the company lost money.
The album was recorded by {P} in {L}.|{P} wrote the song with {P} and {P}.|It was written by {P} and produced by {P}.|A film directed by {P}, starring {P} and {P}
{P}'s second novel came out in {D}.|The book by {S} is about war.|{S} and {S} founded the company in {D}.|{O} was founded in {D} by {P}.
"We are proud," said {P}.|"It is time to go," {S} said.|"No comment," says {S}.|{S} replied that he did not know.|Mayor {S} opened the bridge.
President {S} met {S} in {L}.|Senator {S} of {L} voted no.|The {L} office will close.|{L} is a town in {C}.|{L} borders {L}.|{O} is a bank in {L}.
{O} announced that it would buy {O} for # million.|Shares of {O} fell #%.|{O} sued {O}.|The {O} said on {D} that prices rose.|A spokesman for {O}
{P} joined {O} as head of sales.|{P}, an engineer at {O}, won the prize.|{P}\nSenior engineer\n{O}\n{A}|{P} is the director of {O} in {L}.
Like {S}, he plays the piano.|The {S} family has lived in {L} since {D}.|{P} was born in {L}, {C}, in {D}.
{S} died in {L} at the age of #.|The match between {L} and {L} ended # to #.|{P} beat {P} in the final.|{N} player {P} lost.|the {N} army left {L}
The bridge of {L} is old.|University of {L}|the mayor of {L}, {P}|{P} teaches at the University of {L}.|People from {L} and {C} came.|Why is {L} so expensive?
{C} and {C} signed the treaty.|He left {C} for {C} in {D}.|The king of {C} is ill.|in {L}, {L} and {L}
"{W}" by {P} is a classic|I loved {W}|we watched {W} last night|{W} is on TV|have you read {W} by {P}?|playing {W} all day|the new {W}
Interview with {P}|A word with {P} of {O}|Directed by {P}|Music: {P}|Photo: {P}/{O}|Review of "{W}"|{P} vs. {P}|Agent: may I have your name? Caller: {P}
Who wrote it? {P}.|What is your name? {F}|Where do you live? {A}|Where are you from? {L}|Which company? {O}|Operator: hold on. Customer: it's {P}
"""
PLAIN = """
see you at {T}|ok|the meeting is on {D}|it costs # euros|# people came|I'll be there in # minutes|page # of #|chapter #|room #|version #.#
The train leaves at {T} from platform #|We won # to #|My phone has #% left|It is # degrees outside|I bought # apples and # pears
Good morning!|Happy Birthday!!|Merry Christmas|Thank you so much|What a day|No way|Oh my God|LOL|OMG that is so funny|Yes|No problem|I love you
Please call me when you are home|Can you send me the file?|Where did you put the keys|What time is it|Why not|Really?|Great, see you there
The weather is nice|The report is due on {D}|Let me know|How are you?|Are you coming?|It was fun|Maybe tomorrow|Not sure yet|Sounds good
I ate # of them|Take the second left after # metres|Turn to page #|It takes # hours|Born in {D}|In {D} we moved|Since {D} nothing changed
My card was declined|I forgot my password|The invoice number is #|Order # has shipped|Ticket #|Flight # is delayed|Call me at #|My code is #
Check the oven|Buy milk, eggs and bread|Mom said no|Dad is asleep|Tell Grandma|Uncle is here|Doctor says I'm fine|Sir, this way|Boss is angry
I speak a little {N}|{N} food tonight?|My {N} teacher|The {N} language is hard|On Monday|On Tuesday at {T}|By Friday|In July|Every Sunday
The Internet is down|Use the App|Read the FAQ|I got an A|Plan B|Vitamin C|T-shirt|USB cable|PDF file|TV is on|CEO|HR wants to talk|The API returns JSON
Excuse me, where is the station?|This is a list of # items|Section #, paragraph #|Add # grams of sugar and # eggs|Apt. names|Suite yourself
WHAT|WHY WOULD YOU DO THAT|STOP IT|I AM SO TIRED|PLEASE HELP|THE END|BREAKING NEWS|DO NOT ENTER|SALE: # OFF|Hello World|Dear all,|Hi there,|Hi everyone
Dear Sir or Madam,|Dear team,|Hi guys|Good night, sleep well|Congratulations!|Congrats on the new job|Welcome back|Get well soon|Have fun!
When is it? {D}, {T}.|Name of the game|The name is wrong|Change my address please|My address changed|Street food|The street is closed|A road trip
"""
FOREIGN = """
{F} kommt heute nicht|Hast du {F} gesehen?|Ich war mit {F} in {L}|Liebe {F},|Lieber {F},|Viele Grüße, {P}|Mein Name ist {P}|ich heiße {F}|Frau {S} hat angerufen
Herr {S} ist krank|Wir wohnen in {L}|Ich arbeite bei {O}|{P} wohnt in {L}|sag {F} bitte Bescheid|meine Schwester {F}|Das Auto von {F}|Meine Adresse ist {A}
Der Zug nach {L} hat Verspätung|Grüße aus {L}|Ich bin in {L}|{F} und {F} fahren nach {L}|Die Firma {O} zahlt nicht|{P}\n{A}|bei {F} zu Hause
Die Sitzung ist am {D}|Das Wetter ist schön|Guten Morgen|Wir treffen uns um {T} am Bahnhof|Der Arzt sagt nein|Ich habe keine Zeit|Das Buch liegt auf dem Tisch
Kannst du Brot und Milch kaufen?|Die Kinder sind in der Schule|Danke für die Hilfe|Der Hund schläft im Garten|Frohe Weihnachten|Alles Gute zum Geburtstag
Bis morgen, schönen Abend|Die Wohnung hat # Zimmer|Am Montag habe ich frei|Die Rechnung kommt später|Im Urlaub waren wir am Meer|Das Essen war gut
{F} arrive demain|tu as vu {F} ?|je suis à {L}|j'habite à {L}|Bonjour {F},|Cher {F},|Chère {F},|Bien à toi, {F}|je m'appelle {P}|M. {S} est absent|Mme {S}
mon adresse : {A}|il travaille chez {O}|avec {F} à {L}|la maison de {F}|Le train est en retard|Bonne nuit|Bon anniversaire|On se voit {D} à {T}
C'est pas grave|Merci beaucoup|Tu peux acheter du pain ?|La réunion est lundi|Il fait beau|À bientôt|Je ne sais pas|Les enfants dorment
{F} llega tarde|¿has visto a {F}?|estoy en {L}|vivo en {L}|Hola {F}|Querida {F},|Un abrazo, {F}|me llamo {P}|el señor {S}|mi dirección es {A}
trabaja en {O}|con {F} en {L}|la casa de {F}|Buenos días|Feliz cumpleaños|Nos vemos a las {T}|No pasa nada|La reunión es el {D}|Muchas gracias
{F} arriva domani|hai visto {F}?|sono a {L}|abito a {L}|Ciao {F}|Cara {F},|Un abbraccio, {F}|mi chiamo {P}|il signor {S}|Buona notte|Ci vediamo alle {T}
lavora per {O}|con {F} a {L}|Tanti auguri|La riunione è {D}|{F} komt morgen|heb je {F} gezien?|ik ben in {L}|ik woon in {L}|Hoi {F}|Beste {F},|Groetjes, {F}
mijn naam is {P}|mevrouw {S}|De trein is laat|Tot morgen|Goede nacht|{F} chega amanhã|viste a {F}?|estou em {L}|moro em {L}|Olá {F}|Querida {F},|Abraço, {F}
o meu nome é {P}|o senhor {S}|Boa noite|Até amanhã|A reunião é {D}|{F} przyjdzie jutro|jestem w {L}|Cześć {F}|nazywam się {P}|Dobranoc|Spotkanie jest {D}
"""
COMPANY_END = "Inc|Inc.|Ltd|LLC|GmbH|Corp|Corporation|Co|Group|Bank|Partners|Holdings|Technologies|Systems|Solutions|Insurance|Capital|Media|AG|Labs|Foundation|University|College|Hospital|Airlines|Motors|Consulting|Software|Pharma|Energy|Foods|Studios|Logistics|Institute|Services|Networks|Records|Club|Orchestra|Association".split(
    "|"
)
PARTS = "micro|nova|tech|data|info|cyber|green|blue|bright|net|soft|core|health|care|med|bio|quant|wave|link|point|map|home|work|road|trade|market|clear|open|smart|true|ever|sun|star|sky|loud|cloud|ly|ify|ix|ora|ium|ent|tron|gen|scope|works|ware|hub|path|flow|stack|mind|share|bank|pay|lend|auto|agri|geo|sol".split(
    "|"
)
COMMON = "river|mountain|summer|winter|golden|silver|first|national|global|united|advanced|modern|pacific|atlantic|royal|city|county|family|people|water|fire|garden|kitchen|table|market|bridge|stone|forest|harbor|valley|light|power|vision|future|choice|quality|bread|coffee|music|paper|lucky|happy|little|big|red|white|black".split(
    "|"
)
WORKS = "The Last River|Winter Light|A Long Way Home|Blue Monday|Stardust Road|Nothing But Rain|The Golden Table|Into the Fire|Night Train|Kingdom of Ashes|Silent Water|The Paper House|Zelda|Minecraft|Excel|Photoshop|iPhone|Game of Crowns|Doctor Night|The Bridge|Old Town Song|Android|Windows|Linux|Ubuntu|Firefox|Harry the Frog|Star Wars".split(
    "|"
)
CITY_FORMATS = (
    "{L}",
    "{L}, {c}",
    "{z} {L}",
    "{L} {z}",
    "{L}, {st} {z}",
    "{L} {st} {z}",
    "{z}, {L}",
    "{L}\n, {st}\n {c} {z}",
    "{L}, {c} {z}",
    "{L}\n{c}",
    "{L} {z}\n{c}",
    "{L}, {z}",
    "{L}\n {z}",
)


def _syllables(rng: random.Random) -> str:
    parts = [
        rng.choice("b br c ch d dr f g gr h j k kr l m n p pr r s sch sh st sz t tr v w y z zh".split())
        + rng.choice("a e i o u ai au ei ie ou á é í ó ö ü ä å".split())
        for _ in range(rng.choice((1, 2, 2, 3)))
    ]
    return (
        "".join(parts)
        + rng.choice(("", "n", "r", "s", "k", "t", "ck", "nen", "son", "ski", "ov", "va", "la", "nd"))
    ).title()


class Maker:
    """Fills sentences. Names come from lists by country; ``seed`` fixes everything."""

    def __init__(
        self,
        seed: int,
        first: list[str],
        family: list[str],
        towns: list[str],
        countries: list[str],
        peoples: list[str],
    ) -> None:
        self.rng = random.Random(seed)
        self.first, self.family, self.towns, self.countries, self.peoples = (
            first,
            family,
            towns,
            countries,
            peoples,
        )
        self.frames = [
            (line, weight)
            for held, weight in ((CHAT, 4), (NEWS, 4), (PLAIN, 2), (FOREIGN, 2))
            for line in _frames(held)
        ]
        self._weights = [weight for _, weight in self.frames]
        self._slots: dict[str, tuple[str, Callable[[], str]]] = {
            "P": ("PER", self.person), "F": ("PER", self.given), "S": ("PER", self.surname), "L": ("LOC", self.place),
            "C": ("LOC", self.country), "O": ("ORG", self.company), "A": ("ADR", self.address), "N": ("", self.people),
            "D": ("", self.date), "T": ("", self.time), "W": ("MISC", lambda: self.rng.choice(WORKS)),
        }  # fmt: skip

    def text(self) -> Labelled:
        """One made text: a sentence, or two or three."""
        count = self.rng.choice((1, 1, 1, 2, 2, 3))
        made = [self._sentence(frame) for frame, _ in self.rng.choices(self.frames, self._weights, k=count)]
        gap = self.rng.choice((" ", " ", "\n", ". ", "\n\n"))
        text, spans = "", []
        for one in made:
            spans += [(a + len(text), b + len(text), label) for a, b, label in one.spans]
            text += one.text + gap
        text = text.rstrip()
        style = self.rng.random()
        if style < 0.06:
            text = text.lower() if len(text.lower()) == len(text) else text
        elif style < 0.08:
            text = text.upper() if len(text.upper()) == len(text) else text
        return Labelled(text, [(a, min(b, len(text)), label) for a, b, label in spans])

    def _sentence(self, frame: str) -> Labelled:
        text, spans, at = "", [], 0
        while at < len(frame):
            if frame[at] == "{":
                label, make = self._slots[frame[at + 1]]
                value = make()
                if label:
                    spans.append((len(text), len(text) + len(value), label))
                text += value
                at += 3
            elif frame[at] == "#":
                text += str(self.rng.choice((self.rng.randint(1, 99), self.rng.randint(100, 99999))))
                at += 1
            else:
                text += frame[at]
                at += 1
        if self.rng.random() < 0.5 and text and text[0].islower():
            text = text[0].upper() + text[1:] if len(text[0].upper()) == 1 else text
        if self.rng.random() < 0.3 and text[-1:].isalnum():
            text += self.rng.choice(".!?")
        return Labelled(text, spans)

    def _cased(self, value: str, small: float = 0.04, large: float = 0.03) -> str:
        chance = self.rng.random()
        if chance < small:
            return value.lower() if len(value.lower()) == len(value) else value
        if chance < small + large:
            return value.upper()
        return value

    def given(self) -> str:
        made = _syllables(self.rng) if self.rng.random() < 0.12 else self.rng.choice(self.first)
        if self.rng.random() < 0.04:
            made += self.rng.choice("- ") + self.rng.choice(self.first)
        return self._cased(made)

    def surname(self) -> str:
        made = _syllables(self.rng) if self.rng.random() < 0.2 else self.rng.choice(self.family)
        if self.rng.random() < 0.05:
            made = (
                self.rng.choice(
                    ("van ", "de ", "von ", "Van ", "De ", "O'", "Mc", "van der ", "Di ", "da ", "al-")
                )
                + made
            )
        if self.rng.random() < 0.04:
            made += "-" + self.rng.choice(self.family)
        return self._cased(made, 0.02)

    def person(self) -> str:
        given, family = self.given(), self.surname()
        form = self.rng.random()
        if form < 0.72:
            return f"{given} {family}"
        if form < 0.82:
            return f"{given} {self.rng.choice('ABCDEFGHIJKLMNOPRSTVW')}{self.rng.choice(('.', '.', ''))} {family}"
        if form < 0.86:
            return f"{given[0].upper()}. {family}"
        if form < 0.88:
            return f"{family}, {given}"
        if form < 0.93:
            return f"{given} {self.given()} {family}"
        return given if form < 0.97 else family

    def place(self) -> str:
        made = _syllables(self.rng) if self.rng.random() < 0.12 else self.rng.choice(self.towns)
        if self.rng.random() < 0.15:
            made = self.rng.choice(self.countries)
        return self._cased(made, 0.05, 0.14)

    def country(self) -> str:
        return self._cased(self.rng.choice(self.countries))

    def people(self) -> str:
        return self.rng.choice(self.peoples)

    def company(self) -> str:
        rng, form = self.rng, self.rng.random()
        if form < 0.2:
            made = rng.choice(self.family) + " " + rng.choice(COMPANY_END)
        elif form < 0.3:
            made = rng.choice(self.family) + rng.choice(("-", " & ", " and ", "/")) + rng.choice(self.family)
        elif form < 0.36:
            made = f"{rng.choice(self.family)}, {rng.choice(self.family)} {rng.choice(('&', 'and'))} {rng.choice(self.family)}"
        elif form < 0.62:
            made = (rng.choice(PARTS) + rng.choice(PARTS)).title()
            made += " " + rng.choice(COMPANY_END) if rng.random() < 0.3 else ""
        elif form < 0.8:
            made = (
                " ".join(word.title() for word in rng.sample(COMMON, rng.choice((1, 2, 2))))
                + " "
                + rng.choice(COMPANY_END)
            )
        elif form < 0.88:
            made = rng.choice(self.towns) + " " + rng.choice(COMPANY_END)
        elif form < 0.93:
            made = "".join(rng.choice("ABCDEFGHIKLMNOPRSTUV") for _ in range(rng.choice((3, 3, 4))))
        else:
            made = _syllables(rng) + rng.choice(("", "", " " + rng.choice(COMPANY_END)))
        return made

    def date(self) -> str:
        rng = self.rng
        day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1940, 2026)
        name = (
            "January February March April May June July August September October November December".split()[
                month - 1
            ]
        )
        weekday = rng.choice("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
        return rng.choice(
            (f"{day}.{month}.{year}", f"{month}/{day}/{year}", f"{year}-{month:02}-{day:02}", f"{name} {day}, {year}",
             f"{day} {name} {year}", f"{name} {day}", weekday, str(year), f"{name} {year}", f"{weekday}, {day} {name}")
        )  # fmt: skip

    def time(self) -> str:
        return self.rng.choice(
            (
                f"{self.rng.randint(0, 23)}:{self.rng.randint(0, 59):02}",
                f"{self.rng.randint(1, 12)}pm",
                str(self.rng.randint(1, 12)),
            )
        )

    def street(self) -> str:
        rng = self.rng
        if rng.random() < 0.5:
            return _fake_street(rng, rng.choice(_locales()))
        base = rng.choice(
            (rng.choice(self.family), rng.choice(self.first), rng.choice(self.towns), _syllables(rng))
        )
        return rng.choice(
            (f"{base} {rng.choice(('Street', 'Road', 'Avenue', 'Lane', 'Drive', 'St', 'Rd', 'Ave', 'Way', 'Court', 'Place', 'Square', 'Park'))}",
             f"{base}{rng.choice(('straße', 'strasse', 'weg', 'gasse', 'gatan', 'vägen', 'gata', 'vej', 'katu', 'kuja', 'straat', 'laan', 'tie', 'veien'))}",
             f"{rng.choice(('Rue', 'Calle', 'Via', 'Rua', 'Avenida', 'ul.', 'Rue de', 'Calle de', 'Viale', 'Plaza', 'C/', 'Carrer'))} {base}",
             f"{base} {rng.choice(('utca', 'út', 'tér', 'u.', 'ulica', 'gade', 'tee', 'maantee', 'bulvar', 'Caddesi'))}", base)
        )  # fmt: skip

    def address(self) -> str:
        """A street with its number on either side, or both, a flat, a town: as people and forms write it."""
        rng, form = self.rng, self.rng.random()
        number = str(
            rng.choice((rng.randint(1, 99), rng.randint(1, 999), rng.randint(100, 99999)))
        ) + rng.choice(("", "", "", "", "a", "B"))
        street = self.street()
        if form < 0.35:
            made = f"{street} {number}{rng.choice(('', '', '', '.'))}"
        elif form < 0.7:
            made = f"{number}{rng.choice((' ', ' ', ', '))}{street}"
        elif form < 0.9:
            made = f"{rng.randint(1, 99999)} {street} {rng.randint(1, 999)}"
        elif form < 0.94:
            made = f"{street} and {self.street()}"
        elif form < 0.97:
            made = f"{rng.choice(('PO Box', 'P.O. Box', 'Postfach', 'Box', 'Unit'))} {number}"
        else:
            made = street if street.count(" ") else f"{street} {number}"
        if rng.random() < 0.3:
            made += (
                rng.choice((" ", ", ", "\n", " \n"))
                + rng.choice(("Apt.", "Apt", "Suite", "Unit", "Flat", "#", "Floor"))
                + f" {rng.randint(1, 999)}"
            )
        if rng.random() < 0.5:
            town = self.rng.choice(CITY_FORMATS).format(
                L=self.place(),
                c=rng.choice(self.countries),
                z=self._code(),
                st=rng.choice("CA NY TX IL QC NSW WA FL ON BC RS SP VA OH".split()),
            )
            made += rng.choice((", ", "\n", " ", "\n ")) + town
        return made

    def _code(self) -> str:
        rng = self.rng
        return rng.choice(
            (
                f"{rng.randint(1000, 99999)}",
                f"{rng.randint(10000, 99999)}",
                f"{rng.randint(10, 99)}-{rng.randint(100, 999)}",
                f"{rng.choice('BEGKLMNSW')}{rng.randint(1, 20)} {rng.randint(1, 9)}{rng.choice('ABDEHJ')}{rng.choice('LNPQRT')}",
                f"{rng.randint(1000, 9999)} {rng.choice('ABCX')}{rng.choice('BDEX')}",
            )
        )


@cache
def _frames(held: str) -> list[str]:
    return [one.strip().replace("\\n", "\n") for one in held.replace("\n", "|").split("|") if one.strip()]


@cache
def _locales() -> list[str]:
    import faker.providers.address as folder

    return sorted(
        p.parent.name
        for p in Path(folder.__file__).parent.glob("*/__init__.py")
        if p.parent.name[:2] not in ("ja", "ko", "zh", "th", "ar", "fa", "he", "hi", "bn", "ne", "ta")
    )


@cache
def _faker(locale: str) -> object:
    from faker import Faker

    made = Faker(locale)
    importlib.import_module("random")
    return made


def _fake_street(rng: random.Random, locale: str) -> str:
    faker = _faker(locale)
    faker.seed_instance(rng.randint(0, 10**9))  # type: ignore[attr-defined]
    return str(faker.street_name())  # type: ignore[attr-defined]
