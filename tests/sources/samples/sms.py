"""A backup of text messages: two people, a group MMS with a picture, an emoji, a draft."""

from pathlib import Path
from xml.sax.saxutils import quoteattr

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions()

_PARTS = """<parts><part seq="-1" ct="application/smil" name="null" text="&lt;smil/&gt;" />
<part seq="0" ct="text/plain" name="null" text="from the summit" /><part seq="1" ct="image/jpeg" name="null"
cl="summit.jpg" text="null" data="/9j/4AAQSkZJRg==" /></parts><addrs>
<addr address="+498912340002" type="137" />
<addr address="insert-address-token" type="151" /><addr address="+498912340003" type="151" /></addrs>"""


def sms(number: str, date: int, box: int, body: str, name: str = "(Unknown)") -> str:
    """One SMS as the app writes it."""
    return (
        f'<sms protocol="0" address="{number}" date="{date}" type="{box}" subject="null" read="1" '
        f'body={quoteattr(body)} date_sent="0" readable_date="x" contact_name={quoteattr(name)} />'
    )


def mms(date: int) -> str:
    """What one of a group sent."""
    return (
        f'<mms date="{date}" date_sent="{date // 1000}" msg_box="1" sub="null" m_type="132" '
        f'address="+498912340002~+498912340003" contact_name="Ben Ito, Cleo Roy">{_PARTS}</mms>'
    )


def write(folder: Path) -> Path:
    """Write the backup and return its file."""
    day = 1_700_000_000_000
    rows = [
        sms("+498912340001", day, 1, "are you coming on Sunday?", "Ada Weber"),
        sms("+498912340001", day + 60_000, 2, "yes, at nine \U0001f600", "Ada Weber"),
        sms("0891 2340001", day + 120_000, 1, "bring the <rope> & the map", "Ada Weber"),
        sms("+498912340002", day + 180_000, 1, "is there snow?", "Ben Ito"),
        sms("+498912340002", day + 240_000, 2, "none below\ntwo thousand", "Ben Ito"),
        sms("+498912340002", day + 300_000, 3, "never sent", "Ben Ito"),
        mms(day + 360_000),
    ]
    head = f"<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n<smses count=\"{len(rows)}\">\n"
    file = folder / "sms-20231114.xml"
    file.write_text(head + "\n".join(rows) + "\n</smses>\n", encoding="utf-8")
    return file
