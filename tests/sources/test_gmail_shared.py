"""Mail against real exports: every mbox and eml row of the manifest, the 103 reply cases, whole archives."""

import email
import email.policy
import gzip
import json
import re
import tarfile
from datetime import UTC
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from ipse.cli import main
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message
from ipse.sources.mail.replies import authored
from ipse.sources.mail.signatures import split_signature
from ipse.sources.mail.source import Gmail
from ipse.sources.reading.html_text import html_to_text

EXPORTS = Path(__file__).resolve().parents[3] / "shared" / "data" / "exports"
FORMATS = ("mbox", "gmail_mbox", "eml")

# What we decide otherwise than the peer, and why.
OTHERWISE = {
    "talon-046-test_dont_parse_quotations_for_forwarded_messages": "a forward is never the writer's own",
    "talon-065-test_reply_separated_by_hr": "the peer loses the writer's name with the block around it",
    "talon-079-test_readable_html_empty": "what stands under `On ... wrote:` is a quote also inside a quote",
}


def rows(name: str) -> list[dict[str, Any]]:
    file = EXPORTS / name
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.is_file() else []


def mail_rows() -> list[Any]:
    found = [row for row in rows("MANIFEST.jsonl") if row["format"] in FORMATS]
    return [pytest.param(row, id=row["file"]) for row in found]


def messages(path: Path) -> list[Message]:
    export = ExportPath.at(path)
    items = list(Gmail().read(export, ReadOptions()))
    assert len(items) == Gmail().survey(export, ReadOptions()).units
    assert all(isinstance(item, Message) for item in items)
    return [item for item in items if isinstance(item, Message)]


def plain(text: str) -> str:
    return re.sub(r"[ \t]+\n", "\n", text.strip())


@pytest.mark.shared
@pytest.mark.parametrize("row", mail_rows())
def test_row_of_the_manifest(row: dict[str, Any]) -> None:
    expect = row["expect"]
    found = messages(EXPORTS / row["file"])
    if row["format"] == "eml":
        assert len(found) == 1
        matches_single_mail(found[0], expect)
        return
    assert len(found) == expect["n_messages"]
    if "subjects" in expect:
        assert [message.subject for message in found] == expect["subjects"]
    for wanted in expect.get("body1_contains", ()):
        assert wanted in found[0].text
    if "first" in expect:
        assert found[0].at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") == expect["first"]["ts"]
        assert found[0].text == expect["first"]["text"]
        assert found[0].sender.address == expect["from"]
    for subject, count in expect.get("attachments", {}).items():
        assert [len(message.attachments) for message in found if message.subject == subject] == [count]


def matches_single_mail(message: Message, expect: dict[str, Any]) -> None:
    assert message.subject == expect["subject"]
    assert len(message.attachments) == expect["n_attachments"]
    if isinstance(expect["plain_len_ws_free"], int):  # else null or a note: there is no plain text to measure
        assert len(re.sub(r"\s+", "", message.raw)) == expect["plain_len_ws_free"]
    if expect["date_utc"]:
        assert message.at.astimezone(UTC).isoformat()[:19] == expect["date_utc"][:19]
    if expect["from"] is None:
        assert message.sender.name == message.sender.address == ""
    elif "@" in expect["from"]:
        name, address = parseaddr(expect["from"])
        assert message.sender.address == (address if "<" in expect["from"] else expect["from"])
        assert " ".join(message.sender.name.split()) == " ".join(name.split())
    else:
        assert message.sender.name == expect["from"]


def reply_cases() -> list[dict[str, Any]]:
    """Those whose text is here: the row holds it, or names a file that is among the shared data."""
    return [case for case in rows("reply_cases.jsonl") if case.get("input") or file_of(case)]


def file_of(case: dict[str, Any]) -> Path | None:
    name = Path(case["input_file"])
    return next((each for each in (EXPORTS / name, EXPORTS / "replies" / name) if each.is_file()), None)


@pytest.mark.shared
@pytest.mark.parametrize("case", reply_cases(), ids=lambda case: case["id"])
def test_reply_case(case: dict[str, Any]) -> None:
    if case["id"] in OTHERWISE:
        with pytest.raises(AssertionError):  # the day we decide as the peer does, the line above goes
            meets(case)
    else:
        meets(case)


def meets(case: dict[str, Any]) -> None:
    text = str(case.get("input") or input_of(case))
    if case["kind"] == "html_reply":
        text = html_to_text(text)
    found = authored(text, sender=case.get("sender", ""))
    if "equals" in case:
        assert plain(found) in {plain(wanted) for wanted in (case["equals"], *case.get("also_ok", ()))}
    if "equals_nospace" in case:
        assert re.sub(r"\s", "", found) == re.sub(r"\s", "", case["equals_nospace"])
    if case.get("unchanged"):
        assert plain(found) == plain(text)
    assert found.startswith(case.get("starts_with", ""))
    assert all(wanted in found for wanted in case.get("contains", ()))
    assert not any(unwanted in found for unwanted in case.get("not_contains", ()))
    if case["kind"] == "signature":
        _, signature = split_signature(text.split("\n"), sender=case.get("sender", ""))
        assert plain("\n".join(signature)) == plain(case["signature"] or "")


def input_of(case: dict[str, Any]) -> str:
    file = file_of(case)
    assert file is not None
    if case["kind"] != "eml_plain_reply":
        return file.read_text("utf-8")
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.mark.shared
def test_an_archive_with_rewritten_separators(shared: Path, tmp_path: Path) -> None:
    """Of 977 lines that begin with "From ", one is a sentence of a mail: `From Black's Law Dictionary:`."""
    packed = shared / "mail" / "cypherpunks-1992.mbox.gz"
    data = gzip.decompress(packed.read_bytes())
    found = messages(packed)
    assert data.count(b"\nFrom ") + data.startswith(b"From ") == 977
    assert len(found) == 976
    (quoting,) = [message for message in found if "\nFrom Black's Law Dictionary:\n" in message.raw]
    assert "deposits" in quoting.text
    assert len({message.id for message in found}) > 970
    assert sum(bool(message.text) for message in found) > 900


@pytest.mark.shared
def test_a_whole_archive_of_folders_in_which_many_mails_lie_twice(shared: Path, tmp_path: Path) -> None:
    with tarfile.open(shared / "mail" / "enron-skilling-j-maildir.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    root = ExportPath.at(tmp_path / "maildir" / "skilling-j")
    assert not Gmail().recognizes(root)
    assert Gmail().recognizes(root / "sent_items")
    items = [item for item in Gmail().read(root, ReadOptions()) if isinstance(item, Message)]
    assert len(items) == Gmail().survey(root, ReadOptions()).units == 4139
    assert len({item.id for item in items}) == 4139 - 1554
    sent = [item for item in items if item.sender.address == "jeff.skilling@enron.com"]
    assert len({item.id for item in sent}) > 50
    assert not any("-----Original Message-----" in item.text for item in items)


@pytest.mark.shared
def test_a_mailbox_is_shown_before_it_is_imported(
    shared: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = shared / "exports" / "mbox" / "jstedfast__MimeKit" / "issue1189.mbox.txt"
    monkeypatch.setattr(
        "sys.argv", ["ipse", "sources", "preview", str(file), "--format", "gmail_mbox", "--json"]
    )
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    assert "Body of message 1." in capsys.readouterr().out
