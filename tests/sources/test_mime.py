"""MIME as programs write it and break it: headers, charsets, parts, attachments, flowed text, HTML."""

import email
import email.policy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person
from ipse.sources.mail import mime
from ipse.sources.mail.headers import addresses, decode, words
from ipse.sources.mail.source import EPOCH, Gmail

from ..soak import rounds

PLAIN = """\
From: Mira Stein <mira@example.org>
To: Ann Own <ann@example.com>
Subject: Boats
Date: Tue, 11 Mar 2025 09:31:25 +0100
Message-ID: <one@example.org>

At nine.
"""


def mail(tmp_path: Path, text: str | bytes) -> Message:
    path = tmp_path / "one.eml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (item,) = Gmail().read(ExportPath.at(path), ReadOptions())
    assert isinstance(item, Message)
    return item


def parts(*inside: str, kind: str = "mixed", top: str = "") -> str:
    body = "".join(f"--x\n{part}\n" for part in inside)
    return PLAIN.replace(
        "\n\nAt nine.\n", f'\nContent-Type: multipart/{kind}; boundary="x"\n\n{top}{body}--x--\n'
    )


def test_parts_and_the_names_of_attachments(tmp_path: Path) -> None:
    found = mail(
        tmp_path,
        parts(
            "Content-Type: text/plain; charset=utf-8\n\nAt nine. 🙂",
            "Content-Type: text/html\n\n<p>no</p>",
            'Content-Type: image/jpeg; name="=?UTF-8?Q?b=C3=B6=C3=B6t.jpg?="\n\nAAAA',
            "Content-Disposition: attachment; filename*=utf-8''%C3%BC.pdf\n\nx",
            "Content-Type: text/plain\nContent-Disposition: attachment; filename=../etc/notes.txt\n\nno",
            f"Content-Type: message/rfc822\n\n{PLAIN}",
            "Content-Type: image/png\n\nx",
        ),
    )
    assert found.text == "At nine. 🙂"
    assert found.attachments == ("bööt.jpg", "ü.pdf", "notes.txt", "message.eml", "attachment.png")
    assert found.content_type == "text"


def test_a_mail_of_pictures_alone_is_media(tmp_path: Path) -> None:
    found = mail(tmp_path, parts('Content-Type: image/jpeg; name="a.jpg"\n\nx'))
    assert (found.content_type, found.attachments, found.text) == ("media", ("a.jpg",), "")


def test_html_where_there_is_no_plain_text(tmp_path: Path) -> None:
    page = "<div>At nine.<br>Bring bread.</div><blockquote>When?</blockquote>"
    html = f"Content-Type: text/html; charset=utf-8\n\n{page}"
    found = mail(tmp_path, parts(html, kind="related"))
    assert found.text == "At nine.\nBring bread."
    assert found.raw == "At nine.\nBring bread.\n\n> When?"
    assert (
        mail(tmp_path, parts("Content-Type: text/plain\n\n \n", html, kind="alternative")).text == found.text
    )


def test_a_multipart_that_is_none_keeps_its_text(tmp_path: Path) -> None:
    assert "At nine." in mail(tmp_path, PLAIN.replace("Date:", "Content-Type: multipart/mixed\nDate:")).raw
    assert (
        "At nine."
        in mail(tmp_path, PLAIN.replace("Date:", "Content-Type: multipart/x; boundary=q\nDate:")).raw
    )
    assert (
        mail(tmp_path, parts("Content-Type: text/plain\n\nAt nine.").replace("--x--\n", "")).text
        == "At nine."
    )


@pytest.mark.parametrize("depth", [30, 400, 1200])
def test_parts_nested_without_end_are_still_a_mail(tmp_path: Path, depth: int) -> None:
    deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    assert mail(tmp_path, PLAIN.replace("\n\nAt nine.\n", "\n" + deep)).subject == "Boats"


def test_flowed_text_is_joined_for_style_and_kept_as_it_came(tmp_path: Path) -> None:
    flowed = "Content-Type: text/plain; format=flowed; delsp=no\n" + PLAIN.replace(
        "At nine.\n", "At nine \nor \nten.\n From here.\n> quoted \n> line\n-- \nMira\n"
    )
    found = mail(tmp_path, flowed)
    assert found.text == "At nine or ten.\nFrom here."
    assert found.raw.startswith("At nine \nor \nten.")
    glued = mail(tmp_path, flowed.replace("delsp=no", "delsp=yes").replace("nine ", "nin "))
    assert glued.text.startswith("At ninorten.")


def test_undeclared_text_is_read_as_it_was_meant(tmp_path: Path) -> None:
    utf8 = mail(tmp_path, PLAIN.replace("nine", "neún").encode())
    assert (utf8.text, utf8.raw) == ("At neún.", "At ne\ufffd\ufffdn.\n")
    assert mail(tmp_path, PLAIN.replace("nine", "neún").encode("cp1252")).text == "At neún."


@pytest.mark.parametrize(
    ("data", "charset", "expected"),
    [
        (b"caf\xe9 \x93x\x94", "iso-8859-1", "café “x”"),
        ("да".encode("koi8-r"), "KOI8-R", "да"),
        ("まみ".encode("iso-2022-jp"), "iso-2022-jp", "まみ"),
        ("漢字".encode("gb18030"), "gb2312", "漢字"),
        (b"ok \xff", "utf-8", "ok \ufffd"),
        ("ü".encode(), "x-unknown-8bit", "ü"),
        (b"x", "rot13", "x"),
        (b"x" * 10, "punycode", "x" * 10),
        (b"\\x41", "unicode_escape", "\\x41"),
        (b"x", "\0", "x"),
        (b"x", "undefined", "x"),
    ],
)
def test_charsets(data: bytes, charset: str, expected: str) -> None:
    assert decode(data, charset) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus =?ISO-8859-1?Q?K=F6ln?=", "Grüße aus Köln"),
        ("=?utf-8?b?R3LDvMOf?=\r\n =?utf-8?b?ZQ==?=", "Grüße"),
        ("=?utf-8?b?R3LD?= =?utf-8?b?vMOfZQ==?=", "Grüße"),  # a character cut in two
        ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),  # padding missing
        ("=?x-nothing?q?Gr=C3=BC?=", "Grü"),
        ("=?utf-8*de?q?Boot?=", "Boot"),
        ("a =?utf-8?q? b", "a =?utf-8?q? b"),
        ("plain  text", "plain  text"),
        ("=?utf-8?b??=", ""),
    ],
)
def test_encoded_words(header: str, expected: str) -> None:
    assert words(header) == expected


@pytest.mark.parametrize(
    ("header", "people"),
    [
        ("Mira Stein <mira@example.org>", [("Mira Stein", "mira@example.org")]),
        ('"Stein, Mira" <m@x.org>, ben@x.org', [("Stein, Mira", "m@x.org"), ("", "ben@x.org")]),
        ("Stein, Mira <m@x.org>", [("Stein, Mira", "m@x.org")]),
        ("=?utf-8?q?Stein,_J=C3=BCrgen?= <j@x.org>", [("Stein, Jürgen", "j@x.org")]),
        ('"=?utf-8?b?TWlyYQ==?=" <m@x.org>', [("Mira", "m@x.org")]),
        ("m@x.org (Mira (the elder) Stein)", [("", "m@x.org")]),
        ("undisclosed-recipients:;", []),
        ("crew: a@x.org, b@x.org;", [("", "a@x.org"), ("", "b@x.org")]),
        ("<>", [("", "")]),
        ('"a \\"b\\" c" <q@x.org>', [('a "b" c', "q@x.org")]),
        ('"open <m@x.org>', [('"open', "m@x.org")]),
        ("root", [("root", "")]),
        ("", []),
    ],
)
def test_address_headers(header: str, people: list[tuple[str, str]]) -> None:
    assert [(person.name, person.address) for person, _ in addresses(header)] == people


def test_a_name_in_a_comment_is_known_among_the_participants(tmp_path: Path) -> None:
    found = mail(tmp_path, PLAIN.replace("Mira Stein <mira@example.org>", "mira@example.org (Mira Stein)"))
    assert found.sender == Person("", "mira@example.org")
    assert found.participants[0] == Person("Mira Stein", "mira@example.org")


def test_raw_bytes_in_headers(tmp_path: Path) -> None:
    assert mail(tmp_path, PLAIN.replace("Boats", "Bööte").encode()).subject == "Bööte"
    assert mail(tmp_path, PLAIN.replace("Boats", "Bööte").encode("latin-1")).subject == "B\ufffd\ufffdte"


def test_a_mail_without_sender_subject_or_body(tmp_path: Path) -> None:
    found = mail(tmp_path, "X-Nothing: here\n")
    assert (found.sender, found.subject, found.text, found.at) == (Person(""), None, "", EPOCH)


def test_a_large_attachment_of_a_torn_mail_is_passed_over(tmp_path: Path) -> None:
    data = "QUJD" * 19 + "\n"
    torn = parts(
        "Content-Type: text/plain\n\nAt nine.", f"Content-Type: image/png; name=a.png\n\n{data * 9000}"
    )
    found = mail(tmp_path, torn.replace("--x--\n", ""))
    assert (found.text, found.attachments) == ("At nine.", ("a.png",))
    body = b"Content-Type: multipart/x; boundary=x\n\n--x\n\n" + data.encode() * 9000
    assert 230_000 < len((mime.parse(body).children or [])[0].data) < 330_000


PART = st.builds(
    lambda kind, text, end: f"Content-Type: {kind}\n\n{text}{end}",
    st.sampled_from(
        ["text/plain", "text/html; charset=utf-8", "image/png; name=a.png", "text/plain; name=b.txt"]
    ),
    st.text(st.sampled_from("abc .-=>\n\t:é"), max_size=30),
    st.sampled_from(["", "\n", "\n\n"]),
)


@settings(deadline=None, max_examples=rounds(150, 10_000))
@given(
    st.recursive(
        st.lists(PART, min_size=1, max_size=3),
        lambda inner: st.lists(st.one_of(PART, inner), min_size=1, max_size=3),
        max_leaves=6,
    ),
    st.sampled_from(["mixed", "alternative", "related"]),
)
def test_parts_are_chosen_as_the_standard_library_chooses(tree: list[object], kind: str) -> None:
    source = nested(tree, kind, 0)
    ours = mime.parse(source.encode())
    theirs = email.message_from_bytes(source.encode(), policy=email.policy.default)
    plain = theirs.get_body(("plain",))
    if plain is not None and plain.get_content().strip():
        assert mime.body(ours).raw.split() == plain.get_content().split()
    assert len(mime.attachments(ours)) == len(list(theirs.iter_attachments()))


def nested(tree: list[object], kind: str, depth: int) -> str:
    inside = "".join(
        f"--b{depth}x\n{nested(part, 'mixed', depth + 1) if isinstance(part, list) else part}\n"
        for part in tree
    )
    return f'Content-Type: multipart/{kind}; boundary="b{depth}x"\n\n{inside}--b{depth}x--\n'
