"""Short and pet names: ``Liz`` for Elizabeth, ``Саша`` for Александр, ``გიო`` for გიორგი.

What a person is called in a chat is often not what the address book says. A given name stands for its short
forms and the other way round; two short forms do not stand for each other. Taken from what people of six
languages are called; a nickname that says nothing of the name cannot be known from it.
"""

from functools import cache

from ipse.privacy.names import fold

__all__ = ["WORDS", "nicknames"]

# Names that differ only in spelling or sex stand together before the colon.
_TABLE = """
abigail: abby gail
alexander alexandra alexandre alejandro alejandra aleksander: alex alec sandy sasha sascha xander sandra
alexander alexandra alexandre alejandro alejandra aleksander: ale lex
andrew andreas andre andres andrea: andy drew andi andre
anthony anton antonio antoine antonia: tony toni toño antonin titi
anna anne ann ana anita: annie anni anja anke nan nina nancy anouk
barbara: barb babs barbie bobbie babsi
benjamin: ben benny benni benji
bernhard bernard bernd: bernie bernd
carlos carl charles karl charlotte caroline carolina: charlie charly chuck carlitos lottie lotte caro
carlos carl charles karl charlotte caroline carolina: carol lola
catherine katherine katharina catalina catherine kathryn: kate katie kathy cathy katja käthe cata kat kit
catherine katherine katharina catalina catherine kathryn: katya
christina christine cristina christian christopher christoph cristian: chris christy tina cris chrissi
christina christine cristina christian christopher christoph cristian: topher kit stoffel
daniel daniela danielle: dan danny dani danni
david: dave davey davi
deborah: deb debbie
dominik dominic dominique domingo: dom domi nick mingo
donald: don donnie
edward eduard eduardo edgar edmund: ed eddie ted teddy ned edu
elizabeth elisabeth isabel elisabetta elise: liz lizzie beth betty eliza libby lisa lissy elli sisi
elizabeth elisabeth isabel elisabetta elise: lisbeth isa bella babette
emily emilia emil emilie: em emmy milly emi
emmanuel emanuel manuel manuela: manu manolo manni
eva evelyn eve: evi evita
florian florence florentin: flo flori
francis francisco francisca françoise françois franz franziska frances: frank fran frankie paco pancho
francis francisco francisca françoise françois franz franziska frances: paquita franzi fanny kiko curro
frederick friedrich federico frederic frédéric friederike: fred freddy fritz fede rieke fredi
gabriel gabriela gabriele gabrielle: gabe gabi gaby
gerald gerard gerhard gérard: gerry jerry gerd gerdi
gregory gregor grégoire gregorio: greg gregg goyo
guillermo guillaume william wilhelm: guille memo will bill billy willy willi liam wim gui
gustav gustavo: gus gusti tavo
heinrich henry heinz henri enrique: harry hank heini hein kike quique
helena helene elena hélène: lena leni nell ellie lenka
ignacio ignaz: nacho natz
jacob jakob jacobo jacques: jake jakey kobi jaco
james jaime: jim jimmy jamie jem
jennifer: jen jenny jenni
jessica: jess jessie jessi
jesus jesús: chucho chuy
joachim joaquin joaquín: jo achim jochen quino
joanna johanna jeanne juana: jo hanna hanni joan
john johannes johann hans jean juan: johnny jack hans hannes hansi jonny juanito juancho jeannot
jonathan: jon jonny nathan
jose josé josef joseph giuseppe josefa: joe joey pepe sepp jupp pepito chepe beppe jojo pepa josie
joshua: josh
juergen jürgen: jürgi
jules julia julian julien juliane julie juliette: jule jules juli julchen
kenneth: ken kenny
klaus nikolaus nicholas nicolas nicolás nicole nikola: nick nicky nico niko klaus colin niki nicki
lawrence laurence lorenz laurent laura laurens: larry laurie lori lenz lolo
leonard leonhard leonardo léon leon: leo lenny leo
ludwig louis luis luise louise: lou lui luisito lulu louie
magdalena madeleine magdalene: lena maggie leni magda maddie madlen malena
margaret margarete margarita marguerite margarethe: maggie meg peggy marge greta grete gretel rita margo
margaret margarete margarita marguerite margarethe: margot marga maisie
maria marie maria mary mariana marianne: mia mimi mari mitzi molly polly mariechen marita maruja ria mizzi
mark marcus markus marcos marc: marky max
martin martina martín: marty tina tini martl
matthew matthias mateo mathieu matthieu mathias: matt matty matze hias teo matti mat
maximilian maxime maximiliano maximiliane: max maxi maxl
melanie mélanie: mel melli
michael michaela michel miguel michelle mikhail: mike mick mickey michi mischa michel micha misha
michael michaela michel miguel michelle mikhail: miguelito migue shelly
nathaniel nathan: nat nate
olivia oliver olivier: liv olli ollie livvy
pamela: pam
patricia patrick patrice patricio: pat patty trish tricia paddy patri rick
paul paula pauline pablo: pauli paulchen pablito pauly
peter petra pierre pedro: pete peti pit pierrot perico peterle
philip philipp philippe felipe: phil pip flip pippo
rachel raquel: rach
raymond ramon ramón raimund: ray moncho
rebecca rebekka: becky becca becki
richard ricardo: rick dick richie ricky rich rico riccardo
robert roberto roberta: rob bob bobby robbie bert berto
roland: rolli
ronald: ron ronnie
rosa rose rosemarie rosario rosalie: rosie rosi rosita charo
rudolf rodolfo rudolph: rudi rolf rudy fito
samuel samantha: sam sammy samu
sebastian sebastián sébastien: basti seb bas sebas bastien wastl
simon simone simón: si simi
sofia sophie sophia sofie: sophie soph fifi sofi
stefan stephan stephen steven stephanie stéphane stefanie esteban: steve stevie stef steffi steph steffen
stefan stephan stephen steven stephanie stéphane stefanie esteban: fanny stevo
susan susanne susanna suzanne susana: sue susie suzie susi sanne suse
theodor theodore teodoro théodore: ted theo teddy teo
theresa teresa thérèse therese: tess terry resi tere tessa maite
thomas tomas tomás: tom tommy tomi thommy
timothy timotheus: tim timmy
ulrich ulrike: uli ulli rike
ursula: uschi ulla uschl
valentin valentina valentine: val vale valli tina
veronica veronika véronique: vera roni vero vroni ronnie
victoria viktoria viktor victor: vicky vic tori vicki viki
vincent vincenz vicente vincenzo: vince vinnie vinz
walter: walt wally
wolfgang: wolf wolfi
zachary: zach zack
александр александра: саша сашка сашенька саня шура алекс шурик
алексей: леша лешка леха алеша
алена елена: лена лен леночка ленка аленка
анастасия: настя настенька ася стася
анатолий: толя толик
андрей: андрюша андрюха дрон
анна: аня анечка анька нюра анюта нюша
антон антонина: тоша антоша тоня
артем: тема темка
борис: боря борька
вадим: вадик вадя
валентин валентина валерий валерия: валя валера лера
василий василиса: вася васька вася
виктор виктория: витя вика викуся
владимир: вова володя вовка вовочка
владислав: влад владик
вячеслав: слава
галина: галя галка
геннадий: гена
георгий: гоша жора
григорий: гриша
дарья: даша дашка дашенька
денис: деня дениска
дмитрий: дима димка митя димон
евгений евгения: женя женька жека
екатерина: катя катюша катька катенька
елизавета: лиза лизка
иван: ваня ванька ванечка
игорь: игорек гарик
илья: илюша илюха
ирина: ира иришка ирка ирочка
константин: костя костик
ксения оксана: ксюша ксю
лариса: лара
леонид: леня
лидия: лида
любовь: люба любаша
людмила: люда мила люся
максим: макс максик
маргарита: рита марго
мария марина: маша маня машка машенька мариша маруся
михаил: миша мишка мишаня
надежда: надя надюша
наталья наталия: наташа ната наташка
никита: никитка ник
николай: коля колька колян
оксана: ксюша
ольга: оля олечка ольгуня
павел: паша пашка павлик
петр: петя петька
полина: поля
роман: рома ромка ромчик
светлана: света светка
семен: сема
сергей: сережа серега серый
софья софия: соня софа
станислав: стас стасик
степан: степа
татьяна: таня танюша танька
федор: федя
юлия: юля юлька юленька
юрий: юра юрик
яков: яша
ярослав ярослава: ярик слава
ალექსანდრე: სანდრო ალექსი ლექსო ალეკო
ანა ანნა: ანი ანუკა ანანო ანუშკა
ბარბარე: ბარბი
გიორგი: გიო გია გოგა გოგი გიორგუნა გიგა
დავით: დათო დათა დათუნა დათიკო
ეკატერინე: ეკა კატო ეკუნა ეკო
ელენე: ელე ლენა ელენიკო
ვახტანგ: ვახო ვახუშტი
ვლადიმერ: ლადო ვოვა
ზურაბ: ზურა ზურიკო
თამარ თამარი: თამუნა თამო თაკო თათა თამრიკო
თინათინ: თინა თინიკო თიკა თიკო
ილია: ილიკო
ირაკლი: ირა იკა ირო
ირინე ირინა: ირა ირო
კონსტანტინე: კოტე კოსტა
ლევან: ლევანა ლეო
მარიამ მარია: მარი მაკო მარიკო მარო მარიკუნა
მიხეილ: მიშა მიშო მიხო
ნათელა: ნათია ნათო
ნათია: ნათი
ნიკოლოზ: ნიკა ნიკო
ნინო: ნინიკო ნინუცა ნუცა ნინაკო
სალომე: სალო
სოფიო სოფია: სოფო სოფიკო
ქეთევან: ქეთი ქეთო ქეთა
შალვა: შაკო შალიკო
"""

_WORDS = """
al art ben bill bob bobby chip chuck curro dan dick dom don drew ed em flip flo frank gail gene gus hank
isa jack jake jo joe jule kat kit kiko lex liv lori lou mark marge max may mat meg mel memo mike mimi
nacho nan nat ned nick pam pat paco pepa peg pete pip pit polly ray rich rick rob ron sandy seb si stef
sue ted terry tim tom tony tori tori val vale vic vince wally will wolf лен ася дрон вова гена леха мила
поля рома света серый слава сема тема тоня макс ник марго
"""
WORDS = frozenset(_WORDS.split())
"""Short forms that are also words: they count only where written with a capital."""


@cache
def _index() -> dict[str, tuple[str, ...]]:
    held: dict[str, dict[str, None]] = {}
    for line in _TABLE.strip().splitlines():
        full, _, short = line.partition(":")
        for name in map(fold, full.split()):
            for nick in map(fold, short.split()):
                if name != nick:
                    held.setdefault(name, {})[nick] = None
                    held.setdefault(nick, {})[name] = None
    return {name: tuple(others) for name, others in held.items()}


def nicknames(name: str) -> tuple[str, ...]:
    """The folded short forms of a folded given name, or the given names that it is short for."""
    return _index().get(name, ())
