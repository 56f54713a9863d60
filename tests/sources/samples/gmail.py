"""A mailbox as Takeout makes one: threads with quotes and signatures, an attachment, a newsletter."""

from base64 import b64encode
from pathlib import Path

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("ann@example.com",))
ANN, MIRA = "Ann Own <ann@example.com>", "=?UTF-8?Q?Mira_St=C3=A9in?= <mira@example.org>"


def mail(number: int, sender: str, to: str, rest: str, *, labels: str = "Inbox,Opened") -> str:
    """A mail with the separator and the headers of Takeout."""
    stamp = f"Mar {10 + number // 20} {8 + number % 12:02}:31:25"
    day, clock = stamp[4:6], stamp[7:]
    return (
        f"From 18{number:014}@xxx Tue {stamp} +0000 2025\nX-GM-THRID: 18{number // 4:014}\n"
        f"X-Gmail-Labels: {labels}\nDelivered-To: ann@example.com\n"
        f"Message-ID: <{number}@mail.example.org>\n"
        f"From: {sender}\nTo: {to}\nSubject: Re: Boats {number // 4}\n"
        f"Date: Tue, {day} Mar 2025 {clock} +0100\n"
        f"{rest}\n\n"
    )


def plain(text: str) -> str:
    """A body of plain text."""
    return f"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n{text}"


def write(folder: Path) -> Path:
    """A mailbox of fourteen mails, seven of them the owner's, and a folder of settings."""
    quote = "\n\nOn Tue, 11 Mar 2025 at 09:31, Mira <mira@example.org> wrote:\n> When do we sail?\n"
    mails = []
    for number in range(12):
        own = number % 2 == 1
        text = f"We sail at {number}, I hope 🙂\nFrom the pier.{quote if own else ''}\n-- \nsmall boats"
        mails.append(mail(number, ANN if own else MIRA, MIRA if own else ANN, plain(text)))
    picture = b64encode(bytes(range(256)) * 4).decode()
    parts = (
        'Content-Type: multipart/mixed; boundary="edge"\n\n--edge\nContent-Type: text/html; charset=UTF-8\n\n'
        "<div>The boat, <b>painted</b>.</div>\n--edge\nContent-Type: image/png; name=boat.png\n"
        f"Content-Transfer-Encoding: base64\n\n{picture}\n--edge--"
    )
    mails.append(mail(13, ANN, MIRA, parts, labels="Sent"))
    mails.append(
        mail(14, "News <news@example.net>", ANN, "List-Id: news\n" + plain("Buy a boat."), labels="Spam")
    )
    root = folder / "Mail"
    (root / "User Settings").mkdir(parents=True)
    (root / "All mail.mbox").write_text("".join(mails), encoding="utf-8")
    (root / "User Settings" / "Filters.json").write_text("{}", encoding="utf-8")
    return root
