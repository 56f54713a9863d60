"""A small LinkedIn archive: two people and a group, a campaign, a draft, notes above the header."""

import csv
import io
from pathlib import Path

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("Ines Falk",))
HEADER = [
    "CONVERSATION ID",
    "CONVERSATION TITLE",
    "FROM",
    "SENDER PROFILE URL",
    "TO",
    "RECIPIENT PROFILE URLS",
    "DATE",
    "SUBJECT",
    "CONTENT",
    "FOLDER",
    "ATTACHMENTS",
    "IS MESSAGE DRAFT",
]
INES, TARO, MARA = (
    ("Ines Falk", "https://www.linkedin.com/in/ines-falk"),
    ("Taro Lind", "https://www.linkedin.com/in/taro-lind"),
    ("Mara Voss, Ph.D.", "https://www.linkedin.com/in/mara-voss"),
)
Who = tuple[str, str]


def row(sender: Who, to: list[Who], date: str, content: str, **more: str) -> list[str]:
    known = {
        "CONVERSATION ID": "2-abc",
        "FROM": sender[0],
        "SENDER PROFILE URL": sender[1],
        "TO": ", ".join(name for name, _ in to),
        "RECIPIENT PROFILE URLS": ",".join(url for _, url in to),
        "DATE": date,
        "CONTENT": content,
        "FOLDER": "INBOX",
        "IS MESSAGE DRAFT": "No",
    }
    known |= {key.replace("_", " ").upper(): value for key, value in more.items()}
    return [known.get(name, "") for name in HEADER]


def table(rows: list[list[str]], header: list[str] = HEADER, quoting: int = csv.QUOTE_MINIMAL) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator="\n")  # type: ignore[arg-type]
    writer.writerows([header, *rows])
    return out.getvalue()


def write(folder: Path) -> Path:
    root = folder / "Basic_LinkedInDataExport_05-01-2024"
    root.mkdir()
    (root / "Profile.csv").write_text("First Name,Last Name,Headline\nInes,Falk,Cartographer\n")
    rows = [
        row(INES, [TARO], "2024-04-03 09:12:00 UTC", "Good to hear from you!\nShall we talk on Friday?"),
        row(TARO, [INES], "2024-04-03 09:10:11 UTC", "I saw your map of the old harbour."),
        row(MARA, [INES, TARO], "2024-04-02 18:00:00 UTC", "The survey is done.", conversation_id="2-grp"),
        row(INES, [TARO, MARA], "2024-04-02 17:55:00 UTC", "How is the survey?", conversation_id="2-grp"),
        row(INES, [TARO], "2024-04-01 08:00:00 UTC", "not yet", is_message_draft="Yes"),
        row(
            ("Growth Academy", ""),
            [INES],
            "2024-03-01 08:00:00 UTC",
            '<p class="spinmail-quill-editor__spin-break">Hi %FIRSTNAME%,</p><p>join &amp; grow.</p>',
            conversation_id="2-ad",
            conversation_title="Join us",
        ),
    ]
    (root / "messages.csv").write_text(table(rows))
    return root
