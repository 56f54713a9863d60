"""Dates as Takeout spells them out, in the language of the account: `Tuesday, January 2, 2024 at 3:04:05 PM
UTC`.

The order, the words and the clock are the language's (`2015. február 15., vasárnap 21:54:36 UTC`,
`2024年1月2日火曜日 3:04:05 UTC`); the month is a word almost everywhere, so day and month are never mixed up.
Knows the calendars of Gregory and, in Thai, of the Buddha.
"""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

__all__ = ["spoken"]

# Twelve names a line, in the case in which they stand in a date; languages that share a name are one.
_NAMES: Final = """
january february march april may june july august september october november december
jan feb mar apr may jun jul aug sept oct nov dec
januar februar märz april mai juni juli august september oktober november dezember
jänner feber mars avril mei juin juillet août sep octobre nov décembre
janvier février maart abril mayo junho julho agosto septembre outubro novembre dezembro
enero febrero marzo aprile maj junio julio agosto septiembre octubre noviembre diciembre
gennaio febbraio março d’abril maio giugno luglio augustus settembre ottobre novembro dicembre
janeiro fevereiro mars d'abril maig juny juliol agost setembre octubre novembre desembre
gener febrer març apr maig juny juliol d’agost setembro d’octubre noviembre desember
januari februari maret april mei juni juli agustus septiembre oktober november desember
ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie
stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
ledna února března dubna května června července srpna září října listopadu prosince
januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra
siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna - studenoga prosinca
januar februar mart april maj jun jul avgust septembar oktobar novembar decembar
januar februar marec april maj junij julij avgust september oktober november december
január február március április május június július augusztus szeptember október november december
tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta
 marraskuuta joulukuuta
jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember
janvāris februāris marts aprīlis maijs jūnijs jūlijs augusts septembris oktobris novembris decembris
sausio vasario kovo balandžio gegužės birželio liepos rugpjūčio rugsėjo spalio lapkričio gruodžio
janúar febrúar mars apríl maí júní júlí ágúst september október nóvember desember
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
yanvar fevral mart aprel may iyun iyul avqust sentyabr oktyabr noyabr dekabr
janar shkurt mars prill maj qershor korrik gusht shtator tetor nëntor dhjetor
januarie februarie maart april mei junie julie augustus september oktober november desember
januari februari mac april mei jun julai ogos september oktober november disember
enero pebrero marso abril mayo hunyo hulyo agosto setyembre oktubre nobyembre disyembre
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
януари февруари март април май юни юли август септември октомври ноември декември
јануар фебруар март април мај јун јул август септембар октобар новембар децембар
ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου
 νοεμβρίου δεκεμβρίου
בינואר בפברואר במרץ באפריל במאי ביוני ביולי באוגוסט בספטמבר באוקטובר בנובמבר בדצמבר
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्तूबर नवंबर दिसंबर
มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม
იანვარი თებერვალი მარტი აპრილი მაისი ივნისი ივლისი აგვისტო სექტემბერი ოქტომბერი ნოემბერი დეკემბერი
"""
_CROATIAN = re.compile(
    r"nedjelja|ponedjeljak|utorak|srijeda|četvrtak|petak|subota"
)  # listopada is October there


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        text = "".join(
            str(unicodedata.decimal(letter)) if letter.isdecimal() else letter
            for letter in text
            if unicodedata.category(letter) != "Cf"  # marks of direction
        )
    return text


_MONTHS: Final = {
    name: number
    for line in _plain(_NAMES.replace("\n ", " ")).strip().split("\n")
    for number, name in enumerate(line.split(), 1)
    if name != "-"
}
_LETTER = r"[^\W\d_]"
_MONTH = re.compile(
    rf"(?<!{_LETTER})(?:{'|'.join(sorted(map(re.escape, _MONTHS), key=len, reverse=True))})(?!{_LETTER})"
)
_ZONE = re.compile(r"(?:utc|gmt)(?:\s?([+\-−]\d{1,2})(?::?(\d\d))?)?")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d))?(?![\d.])")
_CLOCK_CJK = re.compile(r"(\d{1,2})\s?[時时點点시]\s?(\d{1,2})\s?[分분](?:\s?(\d{1,2})\s?[秒초])?")
_EVENING = re.compile(r"\bp\.?\s?m\b|午後|下午|晚上|中午|오후|μ\.?\s?μ|अपराह्न|(?<!\w)م(?!\w)")
_MORNING = re.compile(r"\ba\.?\s?m\b|午前|上午|凌晨|早上|清晨|오전|π\.?\s?μ|पूर्वाह्न|(?<!\w)ص(?!\w)")
_DAY_CJK = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")
_DAY_VIETNAMESE = re.compile(r"(\d{1,2})\s+tháng\s+(\d{1,2}),?\s+(?:năm\s+)?(\d{4})")
_NUMBER = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")


@lru_cache(maxsize=64)
def spoken(text: str) -> datetime:
    """The moment a date in words means, in UTC; raises ``ValueError`` for one in no language known."""
    if len(text) > 200:
        raise ValueError("too long for a date")
    if re.match(r"\d{4}-\d\d-\d\d[t ]", text.casefold()):
        at = datetime.fromisoformat(text.strip())
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    plain = _plain(text)
    east = timedelta()
    if zone := _ZONE.search(plain):
        hours = int((zone[1] or "0").replace("−", "-"))
        east = timedelta(hours=hours, minutes=int(zone[2] or 0) * (-1 if hours < 0 else 1))
        plain = plain[: zone.start()] + " " + plain[zone.end() :]
    clock = next(iter([*_CLOCK_CJK.finditer(plain), *reversed([*_CLOCK.finditer(plain)])]), None)
    if clock is None:
        raise ValueError("no time of day")
    day = _day(plain[: clock.start()] + " " + plain[clock.end() :])
    hour = _hour(
        int(clock[1]), plain[max(clock.start() - 16, 0) : clock.start()] + "|" + plain[clock.end() :]
    )
    at = day.replace(hour=hour, minute=int(clock[2]), second=int(clock[3] or 0))
    if not 1970 <= at.year < 9000:
        raise ValueError("no year of a chat")
    return at - east


def _hour(hour: int, around: str) -> int:
    if _EVENING.search(around):
        return hour if hour >= 12 else hour + 12
    return hour % 12 if _MORNING.search(around) and hour == 12 else hour


def _day(rest: str) -> datetime:
    """The day that what is left of the text names."""
    if match := _DAY_CJK.search(rest):
        return datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
    if match := _DAY_VIETNAMESE.search(rest):
        return datetime(int(match[3]), int(match[2]), int(match[1]), tzinfo=UTC)
    month, year = _MONTH.search(rest), _YEAR.search(rest)
    if month is None or year is None:
        raise ValueError("no month or no year")
    number = _NUMBER.search(rest[: month.start()] + " " + rest[month.end() :])
    if number is None:
        raise ValueError("no day")
    which = 10 if month[0] == "listopada" and _CROATIAN.search(rest) else _MONTHS[month[0]]
    since = int(year[0]) - (543 if int(year[0]) > 2400 else 0)
    return datetime(since, which, int(number[0]), tzinfo=UTC)
