"""Mail as it is exported: mboxes, single mails, folders; broken headers, charsets, parts and bytes."""

import gzip
import io
import random
import tracemalloc
import zipfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Source
from ipse.pipeline.finding import find
from ipse.records import Message, Person, Unreadable
from ipse.sources.mail.headers import date
from ipse.sources.mail.mbox import pieces
from ipse.sources.mail.source import EPOCH, Gmail

from ..soak import rounds

ME = ReadOptions(me=("ann@example.com",), tz=ZoneInfo("Europe/Berlin"))
SEPARATOR = "From 1825@xxx Tue Mar 11 01:31:25 +0000 2025\n"
PLAIN = """\
From: Mira Stein <mira@example.org>
To: Ann Own <ann@example.com>
Subject: Boats
Date: Tue, 11 Mar 2025 09:31:25 +0100
Message-ID: <one@example.org>

At nine.
"""


def mail(tmp_path: Path, text: str | bytes, name: str = "one.eml") -> Message:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (item,) = read(path)
    assert isinstance(item, Message)
    return item


def read(path: Path, options: ReadOptions = ME) -> list[Message | Unreadable]:
    export = ExportPath.at(path)
    items = list(Gmail().read(export, options))
    assert Gmail().survey(export, options).units == len(items)
    return items


def recognized(path: Path) -> bool:
    return Gmail().recognizes(ExportPath.at(path))


def texts(items: list[Message | Unreadable]) -> Iterator[str]:
    for item in items:
        assert isinstance(item, Message)
        yield item.text


def with_headers(*lines: str) -> str:
    return "\n".join(lines) + "\n" + PLAIN


def test_it_is_a_source() -> None:
    assert isinstance(Gmail(), Source)


def test_a_plain_mail(tmp_path: Path) -> None:
    found = mail(tmp_path, PLAIN)
    assert found.sender == Person("Mira Stein", "mira@example.org")
    assert found.participants == (found.sender, Person("Ann Own", "ann@example.com"))
    assert (found.text, found.raw, found.subject) == ("At nine.", "At nine.\n", "Boats")
    assert found.at == datetime(2025, 3, 11, 8, 31, 25, tzinfo=UTC)
    assert (found.account, found.sender_domain, found.platform) == ("ann@example.com", "example.org", "gmail")
    assert (found.group, found.automatic, found.forwarded, found.reply_to) == (False, False, False, None)
    assert len(bytes.fromhex(found.id)) == 16


def test_a_mail_is_cut_from_its_quote_and_signature(tmp_path: Path) -> None:
    found = mail(
        tmp_path, PLAIN + "\n-- \nMira\n\nOn 10 Mar 2025, at 09:00, Ann <a@example.com> wrote:\n> When?\n"
    )
    assert found.text == "At nine."
    assert "> When?" in found.raw


def test_separators_of_takeout_need_a_blank_line_an_envelope_and_a_header(tmp_path: Path) -> None:
    path = tmp_path / "All mail.mbox"
    body = "From here we walk.\n\nFrom the pier we sail:\nat nine.\n\n>From escaped\n>>From twice\n"
    path.write_text(SEPARATOR + PLAIN + body + "\n" + SEPARATOR + PLAIN.replace("<one@", "<two@") + "\n")
    assert recognized(path)
    first, second = read(path)
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    assert first.raw.strip() == "At nine.\n" + body.replace("\n>From", "\nFrom").replace(">>", ">").strip()
    assert second.text == "At nine."
    assert first.id != second.id


@pytest.mark.parametrize(
    "separator",
    [
        "From 1844347792267117879@xxx",
        "From 1825@xxx Tue Mar 11 01:31:25 +0000 2025",
        "From mira@example.org Tue Mar 11 01:31:25 2025",
        "From mira@example.org Tue Mar 11 01:31 2025",
        "From mira@example.org Tue Mar 11 01:31:25 2025 remote from mail.example.org",
        "From mira@example.org Tue, 11 Mar 2025 01:31:25 +0000",
        "From mira@example.org 2025-03-11T01:31:25",
        "From - Tue Mar 11 01:31:25 2025",
        "From - ",
        "From MAILER-DAEMON Tue Mar 11 01:31:25 2025",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_kind_of_separator(tmp_path: Path, separator: str, end: str) -> None:
    path = tmp_path / "box"
    text = f"{separator}\n{PLAIN}\n" * 3
    path.write_bytes(text.replace("\n", end).encode())
    assert list(texts(read(path))) == ["At nine."] * 3


def test_a_separator_without_a_blank_line_must_be_exact(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_text(
        f"From - Tue Mar 11 01:31:25 2025\n{PLAIN}" * 2 + "From me, Mar 11 at 01:31\nNote: walk\n"
    )
    assert list(texts(read(path))) == ["At nine.", "At nine.\nFrom me, Mar 11 at 01:31\nNote: walk"]


def test_bytes_before_the_first_mail_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_text(SEPARATOR + PLAIN)
    assert len(read(path)) == 1
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert len(read(path)) == 1
    stream = io.BytesIO(b"torn\n\n" + (SEPARATOR + PLAIN).encode())
    assert [(piece.offset, bool(piece.envelope)) for piece in pieces(stream)] == [(0, False), (6, True)]


def test_separators_are_found_across_blocks() -> None:
    one = (SEPARATOR + PLAIN + "x" * 700 + "\n\n").encode()
    found = list(pieces(io.BytesIO(one * 4000)))
    assert [piece.offset for piece in found] == [len(one) * n for n in range(4000)]


def test_memory_is_bounded_by_the_longest_mail(tmp_path: Path) -> None:
    path = tmp_path / "box"
    line = b64encode(bytes(57)) + b"\n"
    with path.open("wb") as file:
        for _ in range(2):
            file.write((SEPARATOR + PLAIN).encode())
            for _ in range(30):
                file.write(line * 13_000)
            file.write(b"\n")
    longest = 4 << 20
    assert path.stat().st_size > 14 * longest
    tracemalloc.start()
    with path.open("rb") as file:
        found = [(piece.data[:30], len(piece.data)) for piece in pieces(file, longest=longest)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [start for start, _ in found] == [PLAIN[:30].encode()] * 2
    assert all(length <= longest for _, length in found)
    assert peak < 6 * longest


def test_a_folder_of_mails_and_what_is_none(tmp_path: Path) -> None:
    for name in ("b.eml", "a.eml"):
        (tmp_path / name).write_text(PLAIN.replace("<one@", f"<{name}@"))
    assert recognized(tmp_path)
    (tmp_path / "c.eml").write_bytes(b"")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (tmp_path / ".hidden").write_bytes(b"x")
    assert not recognized(tmp_path)
    items = read(tmp_path)
    assert [type(item) for item in items] == [Message, Message, Unreadable, Unreadable]
    assert items[2:] == [
        Unreadable(f"{tmp_path.name}/c.eml", "byte 0", "the file is empty"),
        Unreadable(f"{tmp_path.name}/photo.jpg", "byte 0", "no mail: it does not start with a header"),
    ]


def test_a_maildir(tmp_path: Path) -> None:
    for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("cur/1:2,S", "new/2", ".Sent/cur/3", "tmp/4", "dovecot-uidlist"):
        (tmp_path / name).write_text(PLAIN.replace("<one@", f"<{name}@"))
    assert recognized(tmp_path)
    assert len(read(tmp_path)) == 3


def test_what_is_no_mail_is_not_recognized(tmp_path: Path) -> None:
    contents = [
        b"",
        b"\0\1\2",
        b"11.03.25, 09:31 - Mira: At nine.\n",
        b"note: buy bread\n",
        b"From me to you\n",
    ]
    for number, content in enumerate(contents):
        (tmp_path / f"{number}.txt").write_bytes(content)
        assert not recognized(tmp_path / f"{number}.txt")
    assert not recognized(tmp_path / "absent")
    (tmp_path / "mail.txt").write_text(PLAIN)
    assert recognized(tmp_path / "mail.txt")


def test_a_missing_path_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        Gmail().survey(ExportPath.at(tmp_path / "absent"), ME)


def test_the_survey_counts_who_wrote(tmp_path: Path) -> None:
    path = tmp_path / "box"
    own = PLAIN.replace("Mira Stein <mira@example.org>", '"Own, Ann" <ann@example.com>')
    path.write_text((SEPARATOR + PLAIN + "\n") * 2 + SEPARATOR + own)
    survey = Gmail().survey(ExportPath.at(path), ME)
    assert survey.senders == {
        Person("Mira Stein", "mira@example.org"): 2,
        Person("Own, Ann", "ann@example.com"): 1,
        Person("Ann Own", "ann@example.com"): 0,
    }


def test_gmail_names_the_thread(tmp_path: Path) -> None:
    first = mail(tmp_path, with_headers("X-GM-THRID: 1825", "References: <z@y>"))
    second = mail(tmp_path, with_headers("X-GM-THRID: 1825", "In-Reply-To: <q@y>"))
    assert first.conversation == second.conversation == "thread 1825"


def test_a_reply_points_at_the_mail_and_shares_its_thread(tmp_path: Path) -> None:
    path = tmp_path / "box"
    answer = PLAIN.replace("<one@example.org>", "<two@example.com>\nIn-Reply-To: <one@example.org>")
    third = PLAIN.replace("<one@", "<three@").replace("Date:", "References: <one@example.org> <two@x>\nDate:")
    path.write_text("\n".join([SEPARATOR + third, SEPARATOR + answer, SEPARATOR + PLAIN]))
    items = [item for item in read(path) if isinstance(item, Message)]
    assert len({item.conversation for item in items}) == 1
    assert items[1].reply_to == items[2].id
    assert len({item.id for item in items}) == 3


def test_without_references_subject_and_people_make_a_thread(tmp_path: Path) -> None:
    path = tmp_path / "box"
    back = PLAIN.replace("Subject: Boats", "Subject: Re: AW:  boats").replace("<one@", "<two@")
    path.write_text(
        SEPARATOR + PLAIN + "\n" + SEPARATOR + back + "\n" + SEPARATOR + PLAIN.replace("Boats", "Bread")
    )
    first, second, third = (item for item in read(path) if isinstance(item, Message))
    assert first.conversation == second.conversation != third.conversation


def test_the_id_is_that_of_the_content_where_the_mail_has_none(tmp_path: Path) -> None:
    bare = PLAIN.replace("Message-ID: <one@example.org>\n", "")
    assert mail(tmp_path, bare).id == mail(tmp_path, bare.replace("\n", "\r\n")).id
    assert mail(tmp_path, bare).id != mail(tmp_path, bare + "!").id
    assert mail(tmp_path, PLAIN).id == mail(tmp_path, PLAIN + "a footer of some list\n").id


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("Date: Tue, 11 Mar 2025 09:31:25 +0100", "2025-03-11T08:31:25+00:00"),
        ("Date: Tue, 11 Mar 2025 09:31:25", "2025-03-11T08:31:25+00:00"),  # local time of the owner
        ("Date: Tue, 11 Mar 2025 09:31:25 -0000", "2025-03-11T09:31:25+00:00"),
        ("Date: Tue, 11 Mar 2025 09:31:25 GMT", "2025-03-11T09:31:25+00:00"),
        ("Date: gestern", "2025-03-11T01:31:25+00:00"),  # of the separator
        ("Date: Tue, 99 Mar 2025 09:31:25 +9999", "2025-03-11T01:31:25+00:00"),
        ("X-Date: none", "2025-03-11T01:31:25+00:00"),
    ],
)
def test_the_best_date_there_is(tmp_path: Path, headers: str, expected: str) -> None:
    path = tmp_path / "box"
    path.write_text(SEPARATOR + PLAIN.replace("Date: Tue, 11 Mar 2025 09:31:25 +0100", headers))
    (item,) = read(path)
    assert isinstance(item, Message)
    assert item.at.astimezone(UTC).isoformat() == expected


def test_a_date_of_the_way_here_or_none(tmp_path: Path) -> None:
    undated = PLAIN.replace("Date: Tue, 11 Mar 2025 09:31:25 +0100\n", "")
    received = "Received: from x by y (z; w);\n\tTue, 11 Mar 2025 02:00:00 -0700 (PDT)\n" + undated
    assert mail(tmp_path, received).at == datetime(2025, 3, 11, 9, tzinfo=UTC)
    assert mail(tmp_path, undated).at == EPOCH
    assert date("Sat, 01 Jan 2025 00:00:00 +9900", UTC) is None
    assert date("Fri, 31 Dec 9999 23:59:59 -1200", UTC) is None


@pytest.mark.parametrize(
    "header",
    [
        "X-Gmail-Labels: Spam,Unread",
        'X-Gmail-Labels: "Work, old",Papierkorb',
        "X-Gmail-Labels: =?UTF-8?Q?Archiviert,Entw=C3=BCrfe?=",
        "X-Gmail-Labels: =?UTF-8?B?0JrQvtGA0LfQuNC90LA=?=",
        "X-Gmail-Labels: Inbox,\n Category Promotions",
        "X-Gmail-Labels: =?UTF-8?Q?Kategorie:_=E2=80=9EWerbung=E2=80=9C?=",
        "List-Id: boats <boats.example.org>",
        "List-Unsubscribe: <https://example.org>",
        "Precedence: bulk",
        "Auto-Submitted: auto-replied",
        "Return-Path: <>",
        "Content-Type: text/calendar",
        'Content-Type: multipart/report; boundary="x"',
    ],
)
def test_what_no_person_wrote_to_this_person_is_automatic(tmp_path: Path, header: str) -> None:
    assert mail(tmp_path, f"{header}\n{PLAIN}").automatic


@pytest.mark.parametrize(
    "header",
    [
        'X-Gmail-Labels: "Spam recipes, old",Inbox',
        "X-Gmail-Labels: Sent,Important,=?UTF-8?Q?Ge=C3=B6ffnet?=",
        "Auto-Submitted: no",
        "Return-Path: <mira@example.org>",
    ],
)
def test_what_a_person_wrote_is_not_automatic(tmp_path: Path, header: str) -> None:
    assert not mail(tmp_path, f"{header}\n{PLAIN}").automatic


def test_what_the_owner_wrote_to_a_list_is_the_owners(tmp_path: Path) -> None:
    own = PLAIN.replace("mira@example.org", "Ann@Example.com")
    assert not mail(tmp_path, "List-Id: boats\n" + own).automatic
    assert mail(tmp_path, "Auto-Submitted: auto-replied\n" + own).automatic
    assert mail(tmp_path, PLAIN.replace("mira@example.org", "no-reply@example.org")).automatic


def test_a_forward_without_a_word_is_forwarded(tmp_path: Path) -> None:
    block = "---------- Forwarded message ---------\nFrom: Ben <b@example.org>\nSubject: x\n\nBread.\n"
    bare = mail(tmp_path, PLAIN.replace("At nine.\n", block))
    assert (bare.text, bare.forwarded) == ("", True)
    commented = mail(tmp_path, PLAIN + "\n" + block)
    assert (commented.text, commented.forwarded) == ("At nine.", False)
    assert mail(tmp_path, PLAIN.replace("Boats", "Fwd: Boats")).forwarded


def box(*names: str) -> str:
    return "".join(f"{SEPARATOR}{PLAIN.replace('<one@', f'<{name}@')}\n" for name in names)


def packed(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def ids(export: ExportPath) -> list[str]:
    items = list(Gmail().read(export, ME))
    assert Gmail().survey(export, ME).units == len(items)
    return [item.id for item in items if isinstance(item, Message)]


def test_the_same_mails_in_a_file_a_zip_a_zip_of_zips_and_packed(tmp_path: Path) -> None:
    path = tmp_path / "All mail.mbox"
    path.write_text(box("one", "two"))
    expected = ids(ExportPath.at(path))
    (tmp_path / "mail.mbox.gz").write_bytes(gzip.compress(path.read_bytes()))
    inner = packed(tmp_path / "inner.zip", {"Takeout/Mail/All mail.mbox": path.read_bytes()})
    packed(tmp_path / "outer.zip", {"inner.zip": inner.read_bytes()})
    assert ids(ExportPath.at(tmp_path / "mail.mbox.gz")) == expected
    assert recognized(tmp_path / "mail.mbox.gz")
    for name in ("inner.zip", "outer.zip"):
        (found,) = find([tmp_path / name], [Gmail()]).exports
        assert ids(found.path) == expected


def test_a_takeout_over_several_zips_is_one_export_of_mail(tmp_path: Path) -> None:
    parts = [
        packed(
            tmp_path / "takeout-20250311-001.zip",
            {"Takeout/Mail/Inbox.mbox": box("one"), "Takeout/archive_browser.html": "<p>x</p>"},
        ),
        packed(
            tmp_path / "takeout-20250311-002.zip",
            {
                "Takeout/Mail/Sent.mbox": box("two", "three"),
                "Takeout/Mail/User Settings/Filters.json": "{}",
                "Takeout/Chat/x.json": "{}",
            },
        ),
    ]
    assert not any(recognized(part) for part in parts)
    found = find(parts, [Gmail()])
    (export,) = found.exports
    assert export.path.name == "Mail"
    assert len(ids(export.path)) == 3
    assert {path.name for path in found.unknown} == {"archive_browser.html", "x.json"}
    assert len(ids(ExportPath.at(parts[1]))) == 2  # named by hand: what is no mail is passed over


def test_a_folder_with_mail_somewhere_below_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "Downloads" / "mail").mkdir(parents=True)
    (tmp_path / "Downloads" / "mail" / "one.eml").write_text(PLAIN)
    (tmp_path / "Downloads" / "note.txt").write_text("bread")
    assert not recognized(tmp_path / "Downloads")
    assert recognized(tmp_path / "Downloads" / "mail")
    (tmp_path / "Downloads" / "mail" / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    assert not recognized(tmp_path / "Downloads" / "mail")


def test_indexes_beside_a_mailbox_are_no_mail(tmp_path: Path) -> None:
    (tmp_path / "Inbox").write_text(box("one"))
    (tmp_path / "Inbox.msf").write_text("// <!-- <mdb:mork:z -->")
    (tmp_path / "Inbox.sbd").mkdir()
    (tmp_path / "Inbox.sbd" / "Boats").write_text(box("two"))
    assert recognized(tmp_path)
    assert len(read(tmp_path)) == 2


def test_a_mail_of_apple_mail(tmp_path: Path) -> None:
    path = tmp_path / "7.emlx"
    body = PLAIN.encode()
    path.write_bytes(b"%-10d\n" % len(body) + body + b"<?xml version='1.0'?><plist><dict/></plist>\n")
    assert recognized(path)
    (found,) = read(path)
    assert isinstance(found, Message)
    assert (found.text, found.raw) == ("At nine.", "At nine.\n")


@pytest.mark.parametrize("head", [b"!BDN\0\0", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"])
def test_files_of_outlook_say_what_to_do(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "mail.pst"
    path.write_bytes(head + bytes(600))
    assert not recognized(path)
    with pytest.raises(SourceError, match="Outlook") as error:
        Gmail().survey(ExportPath.at(path), ME)
    assert "readpst" in str(error.value)
    (tmp_path / "one.eml").write_text(PLAIN)
    told = [item for item in read(tmp_path) if isinstance(item, Unreadable)]
    assert [item.file for item in told] == [f"{tmp_path.name}/mail.pst"]


def test_a_mailbox_that_breaks_off_gives_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "mail.mbox.gz"
    noise = b64encode(random.Random(7).randbytes(4000)).decode()
    mails = "".join(box(str(n)) + noise[n:] + "\n\n" for n in range(400))
    whole = gzip.compress(mails.encode(), compresslevel=1)
    path.write_bytes(whole[: len(whole) * 2 // 3])
    items = read(path)
    assert sum(isinstance(item, Message) for item in items) > 100
    assert isinstance(items[-1], Unreadable)
    assert "cut short" in items[-1].reason


def test_whom_mail_was_delivered_to_is_likely_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "box"
    own = PLAIN.replace("Mira Stein <mira@example.org>", "Ann Own <Ann@example.com>")
    path.write_text(SEPARATOR + "Delivered-To: ann@example.com\n" + PLAIN + "\n" + SEPARATOR + own)
    survey = Gmail().survey(ExportPath.at(path), ReadOptions())
    assert survey.likely == (Person("Ann Own", "Ann@example.com"),)
    assert survey.owner is None


def test_copies_that_a_converter_numbered_are_one_mail(tmp_path: Path) -> None:
    first = mail(tmp_path, PLAIN.replace("<one@example.org>", "<12.34.JavaMail@converter>"))
    second = mail(tmp_path, PLAIN.replace("<one@example.org>", "<56.78.JavaMail@converter>"))
    other = mail(tmp_path, PLAIN.replace("<one@example.org>", "<1@converter>").replace("nine", "ten"))
    assert first.id == second.id != other.id


def test_a_chat_kept_as_mail_is_read_as_its_writer_wrote_it(tmp_path: Path) -> None:
    chat = PLAIN.replace("Subject: Boats", "Subject: Chat with Mira\nX-Gmail-Labels: Chat")
    html = chat.replace(
        "\n\nAt nine.\n", "\nContent-Type: text/html\n\n<div>At <b>nine</b>.<br>Bread?</div>\n"
    )
    found = mail(tmp_path, html)
    assert (found.text, found.automatic) == ("At nine.\nBread?", False)


def test_a_chat_of_several_in_one_mail_is_nobodys_style(tmp_path: Path) -> None:
    log = '<con:conversation xmlns:con="google:archive:conversation"><cli:message/></con:conversation>'
    body = f"--x\nContent-Type: text/xml\n\n{log}\n--x\nContent-Type: text/html\n\n<b>me</b>: nine\n--x--\n"
    own = PLAIN.replace("mira@example.org", "ann@example.com")
    found = mail(
        tmp_path,
        own.replace("\n\nAt nine.\n", f"\nContent-Type: multipart/alternative; boundary=x\n\n{body}"),
    )
    assert found.automatic


def test_the_header_of_groups_is_not_that_of_labels(tmp_path: Path) -> None:
    own = PLAIN.replace("mira@example.org", "ann@example.com")
    assert mail(tmp_path, "X-Gmail-Labels: Spam\n" + own).automatic
    assert not mail(tmp_path, "X-Google-Groups: boats\nX-Gmail-Labels: Spam\n" + own).automatic


@pytest.mark.parametrize(
    "label",
    [
        "Papelera",
        "Prullenbak",
        "Çöp Kutusu",
        "Κάδος",
        "टрash",
        "Skräppost",
        "Koš",
        "Hộp nháp",
        "Levélszemét",
        "ゴミ箱",
        "휴지통",
    ],
)
def test_labels_are_in_the_language_of_the_account(tmp_path: Path, label: str) -> None:
    aside = label not in ("टрash", "Hộp nháp")
    assert mail(tmp_path, f'X-Gmail-Labels: "{label}",Opened\n{PLAIN}').automatic is aside


def test_a_label_that_was_encoded_and_folded_with_hard_blanks(tmp_path: Path) -> None:
    word = b64encode("Correo\xa0no\xa0deseado,Abierto".encode()).decode()
    assert mail(
        tmp_path, f"X-Gmail-Labels: =?UTF-8?B?{word[:20]}?=\n =?UTF-8?B?{word[20:]}?=\n{PLAIN}"
    ).automatic


def test_a_mail_to_a_crowd_names_no_more_than_a_crowd(tmp_path: Path) -> None:
    many = ", ".join(f"p{n}@example.org" for n in range(900))
    found = mail(tmp_path, PLAIN.replace("To: Ann Own <ann@example.com>", f"To: {many}"))
    assert found.group
    assert len(found.participants) == 200


BYTES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [
                b"\n",
                b"\r\n",
                b"\n\n",
                b"From x@y Tue Mar 11 01:31:25 2025\n",
                b"From: ",
                b"Content-Type: ",
                b"--x",
                b"multipart/mixed; boundary=x\n",
                b"message/rfc822\n",
                b"text/html; charset=",
                b"utf-7",
                b"idna",
                b"--x--",
                b"Content-Transfer-Encoding: base64\n",
                b"quoted-printable",
                b"x-uuencode\n",
                b"begin 644 x\n",
                b"=?utf-8?b?",
                b"Date: ",
                b"Tue, 11 Mar 2025 09:31:25 +0100",
                b"\xff",
                b"<",
                b'"',
                b"(",
                b"Content-Disposition: attachment;",
                b" filename*0*=",
                b"name=",
                b"X-Gmail-Labels: ",
                b"References: <a>",
                b"\0",
                b"text/plain; format=flowed\n",
            ]
        ),
    ),
    max_size=30,
).map(b"".join)


@settings(
    deadline=None,
    max_examples=rounds(250, 10_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.one_of(st.binary(), BYTES, BYTES.map(lambda data: (SEPARATOR + PLAIN).encode() + data)))
def test_any_bytes_are_read_and_every_piece_is_counted(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    recognized(path)
    if not data.startswith((b"!BDN", b"\xd0\xcf\x11\xe0")):  # those of Outlook are an error, and say so
        assert read(path)
