"""Backups of text messages as XML: what phones, old apps and bad luck make of them."""

import gzip
import tracemalloc
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipse.errors import IpseError, SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions
from ipse.records import Message, Person, Reaction, Unreadable
from ipse.sources.reading.numbers import is_service, number_key
from ipse.sources.reading.reacted import is_reaction
from ipse.sources.sms.rows import mended
from ipse.sources.sms.source import Sms

from ..growth import assert_linear, assert_linear_in
from ..soak import rounds
from .samples import sms as sample

DAY = 1_700_000_000_000


def items(path: Path) -> list[Message | Unreadable]:
    export = ExportPath.at(path)
    found = list(Sms().read(export, ReadOptions()))
    assert Sms().survey(export, ReadOptions()).units == len(found)
    return found


def written(path: Path, *rows: str, head: str = "<?xml version='1.0' encoding='UTF-8'?>") -> Path:
    path.write_text(f'{head}\n<smses count="{len(rows)}">\n' + "\n".join(rows) + "\n</smses>", "utf-8")
    return path


def read(path: Path, *rows: str) -> list[Message]:
    found = items(written(path / "sms.xml", *rows))
    assert all(isinstance(item, Message) for item in found), found
    return [item for item in found if isinstance(item, Message)]


def row(body: str = "hello", **other: Any) -> str:
    fields = {"address": "+498912340001", "date": DAY, "type": 1, "contact_name": "Ada Weber"} | other
    return "<sms " + " ".join(f'{name}="{value}"' for name, value in fields.items()) + f' body="{body}" />'


def mms(parts: str, addrs: str = "", **other: Any) -> str:
    fields = {"address": "+498912340001", "date": DAY, "msg_box": 1, "contact_name": "Ada Weber"} | other
    start = " ".join(f'{name}="{value}"' for name, value in fields.items())
    return f"<mms {start}><parts>{parts}</parts><addrs>{addrs}</addrs></mms>"


TEXT = '<part seq="0" ct="text/plain" text="words" />'


def test_the_sample(tmp_path: Path) -> None:
    found = items(sample.write(tmp_path))
    texts = [(item.text, item.direction, item.content_type) for item in found if isinstance(item, Message)]
    assert texts == [
        ("are you coming on Sunday?", "inbound", "text"),
        ("yes, at nine \U0001f600", "outbound", "text"),
        ("bring the <rope> & the map", "inbound", "text"),
        ("is there snow?", "inbound", "text"),
        ("none below\ntwo thousand", "outbound", "text"),
        ("never sent", "inbound", "system"),
        ("from the summit", "inbound", "text"),
    ]


# --- recognizing ---


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (
            '<?xml version="1.0"?>\n<!-- by hand -->\n<?xml-stylesheet href="sms.xsl"?><smses count="0">',
            True,
        ),
        ("<smses/>", True),
        ('<calls count="1"><call/></calls>', False),
        ("<html><body>how <smses> are written</body></html>", False),
        ("12/05/2023, 09:14 - Ada: <smses >", False),
        ("<!---->" * 4000, False),
        ("", False),
    ],
)
def test_a_backup_is_recognized_by_its_root(tmp_path: Path, text: str, is_one: bool) -> None:  # noqa: FBT001
    file = tmp_path / "file.txt"
    file.write_text(text)
    assert Sms().recognizes(ExportPath.at(file)) is is_one


def test_a_folder_is_none_and_a_zip_is_one_if_it_holds_nothing_else(tmp_path: Path) -> None:
    file = sample.write(tmp_path)
    assert not Sms().recognizes(ExportPath.at(tmp_path))
    for name, others in (("alone.zip", []), ("mixed.zip", ["notes.txt"])):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.write(file, file.name)
            for other in others:
                archive.writestr(other, "x")
    assert Sms().recognizes(ExportPath.at(tmp_path / "alone.zip"))
    assert not Sms().recognizes(ExportPath.at(tmp_path / "mixed.zip"))
    assert items(tmp_path / "alone.zip") == items(file)


def test_what_is_no_backup_is_refused_with_what_it_is(tmp_path: Path) -> None:
    calls = tmp_path / "calls.xml"
    calls.write_text('<?xml version="1.0"?><calls count="1"><call number="1" duration="3" /></calls>')
    with pytest.raises(SourceError, match=r"calls\.xml: a backup of calls") as error:
        items(calls)
    assert "backup of messages" in str(error.value.hint)
    plain = tmp_path / "plain.txt"
    plain.write_text("hello")
    with pytest.raises(SourceError, match="no backup of text messages"):
        items(plain)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="no backup of text messages in it"):
        items(tmp_path / "empty")


def test_a_backup_of_nothing_is_nothing(tmp_path: Path) -> None:
    assert items(written(tmp_path / "sms.xml")) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_other_encodings(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "sms.xml"
    file.write_text(f'<?xml version="1.0" encoding="{encoding}"?>\n<smses>{row("grüße")}</smses>', encoding)
    assert Sms().recognizes(ExportPath.at(file))
    assert [item.text for item in items(file) if isinstance(item, Message)] == ["grüße"]


# --- ill-formed files ---


def test_torn_emoji_are_joined_and_a_lone_half_is_replaced(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        row("snow &#55357;&#56832;!"),
        row("hex &#xD83D;&#xde00;&#55357;&#56833;", date=DAY + 1),
        row("half &#55357; there", date=DAY + 2),
        row("half &#56832;&#128512;", date=DAY + 3),
        row("ctl &#0;&#11;\x08 end&#10;next &amp;&#38;&#60;&#34;", date=DAY + 4),
        row("zwj &#55357;&#56425;&#8205;&#55357;&#56425;", date=DAY + 5),
    )
    assert [message.text for message in found] == [
        "snow \U0001f600!",
        "hex \U0001f600\U0001f601",
        "half \ufffd there",
        "half \ufffd\U0001f600",
        'ctl  end\nnext &&<"',
        "zwj \U0001f469\u200d\U0001f469",
    ]


def test_mending_changes_nothing_that_is_well() -> None:
    text = 'a="&lt;&#10;&#128512; \U0001f600 &amp;#55357;"'
    assert mended(text) == 'a="&lt;&#10;\U0001f600 \U0001f600 &amp;#55357;"'
    assert mended(f"&#{'9' * 5000};") == f"&#{'9' * 5000};"


def test_a_file_cut_short_keeps_what_was_read(tmp_path: Path) -> None:
    rows = [row(f"number {n}", date=DAY + n) for n in range(5)]
    file = written(tmp_path / "sms.xml", *rows)
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.index(b"number 3")])
    *kept, cut = items(file)
    assert [item.text for item in kept if isinstance(item, Message)] == ["number 0", "number 1", "number 2"]
    assert cut == Unreadable("sms.xml", "line 6", "the file breaks off here: what came after it is missing")
    file.write_bytes(whole.removesuffix(b"\n</smses>"))
    *kept, cut = items(file)
    assert len(kept) == 5
    assert isinstance(cut, Unreadable)


def test_every_cut_gives_a_prefix_and_one_unreadable(tmp_path: Path) -> None:
    file = sample.write(tmp_path)
    whole, all_items = file.read_bytes(), items(file)
    sizes = []
    for end in range(100, len(whole) - 10, 61):
        file.write_bytes(whole[:end])
        *kept, cut = items(file)
        assert isinstance(cut, Unreadable)
        assert [one for one in kept if one not in all_items][:-1] == []  # only the last may be half a message
        sizes.append(len(kept))
    assert all(before <= after for before, after in pairwise(sizes))
    assert sizes[0] == 0
    assert sizes[-1] == len(all_items)


def test_an_mms_cut_in_its_pictures_still_says_who_and_when(tmp_path: Path) -> None:
    picture = '<part ct="image/png" cl="a.png" data="iVBO'
    file = written(tmp_path / "sms.xml", mms(TEXT + picture))
    file.write_text(file.read_text().partition("iVBO")[0])
    message, cut = items(file)
    assert isinstance(message, Message)
    assert (message.text, message.sender) == ("words", Person("Ada Weber", "+498912340001"))
    assert isinstance(cut, Unreadable)


@pytest.mark.parametrize(
    "bad",
    [
        '<sms address="1" date="1700000000000" type="1" body="no end',
        '<sms address="1" date="1700000000000" type="1" body="I <3 you" />',
        '<sms address="1" date="1700000000000" type="1" body=bare />',
        '<sms address="1" date="1700000000000" type="1" body="&nobody;" />',
        '<sms address="1" address="2" date="1700000000000" type="1" body="twice" />',
        f'<sms address="1" date="1700000000000" type="1" body="&#{"9" * 5000};" />',
        '<mms date="1700000000000" msg_box="1"><parts><part text="a < b"/></parts></mms>',
        '<mms date="1700000000000" msg_box="1"><parts></addrs></mms>',
        '<mms date="1700000000000" msg_box="1"><parts>',
        row(date="bad"),
        row(date=""),
        row(date="9" * 18),
        row(date=0),
        row(date="9" * 5000),
        row(type=7),
        mms(TEXT, msg_box="null"),
    ],
)
def test_a_bad_row_costs_itself_alone(tmp_path: Path, bad: str) -> None:
    found = items(written(tmp_path / "sms.xml", row("before"), bad, row("after", date=DAY + 1)))
    kinds = [item.text if isinstance(item, Message) else item.position for item in found]
    assert kinds == ["before", "line 4", "after"]
    assert all(len(item.reason) < 80 for item in found if isinstance(item, Unreadable))


@pytest.mark.parametrize("declared", ['<!DOCTYPE smses [<!ENTITY a "b">]>', '<!ENTITY a "b">'])
def test_a_document_type_is_refused(tmp_path: Path, declared: str) -> None:
    file = written(tmp_path / "sms.xml", row("&a;"), head=f'<?xml version="1.0"?>{declared}')
    with pytest.raises(SourceError, match=r"sms.xml: line 1 declares a document type"):
        items(file)


def test_what_is_no_message_is_told(tmp_path: Path) -> None:
    other = "<rcs><part text='x' /></rcs>"
    found = items(written(tmp_path / "sms.xml", row("before"), "<ping />", other, row("after", date=DAY + 1)))
    told = [item.reason for item in found if isinstance(item, Unreadable)]
    assert told == ["it is neither an SMS nor an MMS"] * 2
    assert [item.text for item in found if isinstance(item, Message)] == ["before", "after"]


def test_what_is_no_message_and_is_cut_is_none(tmp_path: Path) -> None:
    file = tmp_path / "sms.xml"
    file.write_text(f"<smses>{row()}\n<rcs date='{DAY}' msg_box='1'>")
    message, cut = items(file)
    assert isinstance(message, Message)
    assert cut == Unreadable("sms.xml", "line 2", "the file breaks off here: what came after it is missing")


def test_tags_within_comments_and_quotes_are_none(tmp_path: Path) -> None:
    commented = f"<!-- it's {row('unsaid')} -->"
    quoted = row("a > b 'c' &lt;sms/&gt;")
    single = f"<sms address='0891234567' date='{DAY + 1}' type='1' body='say \"hi\"'></sms>"
    assert [message.text for message in read(tmp_path, commented, quoted, single)] == [
        "a > b 'c' <sms/>",
        'say "hi"',
    ]


def test_pictures_cost_no_memory_and_no_message(tmp_path: Path) -> None:
    file = tmp_path / "sms.xml"
    parts = (
        TEXT + '<part ct="image/png" cl="a.png" data="{}" /><part ct="image/png" cl="b.png" data=\'{}\' />'
    )
    before, between, after = mms(parts).split("{}")
    with file.open("w") as out:
        out.write("<smses>" + before)
        for gap in (between, after):
            for _ in range(40):
                out.write("iVBORw0KGgoA" * 100_000)
            out.write(gap)
        out.write(row("after", date=DAY + 1) + "</smses>")
    assert file.stat().st_size > 90_000_000
    tracemalloc.start()
    picture, text = Sms().read(ExportPath.at(file), ReadOptions())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(picture, Message)
    assert isinstance(text, Message)
    assert (picture.attachments, picture.text, text.text) == (("a.png", "b.png"), "words", "after")
    assert peak < 24_000_000


def test_a_row_without_end_is_refused_quickly(tmp_path: Path) -> None:
    file = written(tmp_path / "sms.xml", row("x" * 3_000_000), row("after", date=DAY + 1))
    long, after = items(file)
    assert isinstance(long, Unreadable)
    assert long.reason == "it is longer than any message"
    assert isinstance(after, Message)
    many = mms('<part ct="text/plain" text="abc" />' * 130_000)
    assert [isinstance(item, Unreadable) for item in items(written(file, many, row()))] == [True, False]
    for text in ("<smses>" + "<sms " * 30_000, "<smses><sms a" + '="' * 100_000, "<smses>" + "<" * 100_000):
        assert_linear_in(text, lambda part: (file.write_text(part), items(file)))


def test_a_damaged_archive_keeps_what_was_read(tmp_path: Path) -> None:
    plain = written(
        tmp_path / "sms.xml", *(row(f"number {n * n * 7919}", date=DAY + n) for n in range(20_000))
    )
    packed = gzip.compress(plain.read_bytes())
    file = tmp_path / "sms.xml.gz"
    file.write_bytes(packed[: len(packed) // 2])
    found = items(file)
    assert sum(isinstance(item, Message) for item in found) > 1000
    assert isinstance(found[-1], Unreadable)
    assert found[-1].reason == "the archive is damaged from here on"


# --- what rows mean ---


def test_boxes(tmp_path: Path) -> None:
    found = read(tmp_path, *(row(f"box {box}", type=box, date=DAY + box) for box in range(1, 7)))
    assert [message.direction for message in found] == ["inbound", "outbound", "inbound"] + ["outbound"] * 3
    assert [message.sender for message in found] == [Person("Ada Weber", "+498912340001")] + [Person("")] * 5
    draft = found[2]
    assert (draft.content_type, draft.automatic, draft.text) == ("system", True, "box 3")
    assert not any(message.automatic for message in found if message is not draft)
    survey = Sms().survey(ExportPath.at(tmp_path / "sms.xml"), ReadOptions())
    assert survey.owner == ()
    assert survey.notes == ("Drafts, never sent, kept as nobody's message: 1.",)


def test_a_count_that_is_not_reached_is_told(tmp_path: Path) -> None:
    file = written(tmp_path / "sms.xml", row())
    file.write_text(file.read_text().replace('count="1"', 'count="12028"'))
    survey = Sms().survey(ExportPath.at(file), ReadOptions())
    assert survey.notes == ("It says that it holds 12,028 messages; 1 could be read.",)


def test_null_means_absent_except_as_a_body(tmp_path: Path) -> None:
    (found,) = read(tmp_path, row("null", subject="null", contact_name="null"))
    assert (found.text, found.subject, found.sender.name) == ("null", None, "")


@pytest.mark.parametrize("name", ["(Unknown)", "(Unbekannt)", "null", "", "+49 89 12340001"])
def test_an_unknown_name_is_none(tmp_path: Path, name: str) -> None:
    (found,) = read(tmp_path, row(contact_name=name))
    assert found.sender == Person("", "+498912340001")


def test_times_are_ms_and_of_an_mms_perhaps_seconds(tmp_path: Path) -> None:
    found = read(tmp_path, row(), mms(TEXT, date=1_700_000_060), mms(TEXT, date=DAY + 120_000, date_sent=1))
    assert [message.at.isoformat() for message in found] == [
        "2023-11-14T22:13:20+00:00",
        "2023-11-14T22:14:20+00:00",
        "2023-11-14T22:15:20+00:00",
    ]


def test_one_number_in_several_spellings_is_one_conversation(tmp_path: Path) -> None:
    spellings = ["+49 89 12340001", "0049 8912340001", "089/12340001", "08912340001"]
    found = read(tmp_path, *(row(address=one, date=DAY + n) for n, one in enumerate(spellings)))
    assert len({message.conversation for message in found}) == 1
    assert number_key("+1 (555) 000-1234") == number_key("15550001234") == number_key("5550001234")
    assert number_key("332") == "332"
    assert number_key("+49 89 12340002") != number_key("+49 89 12340001")
    assert number_key("+999999999999999999999999") == "999999999999999999999999"


@pytest.mark.parametrize(
    ("address", "name", "sender", "automatic"),
    [
        ("MYBANK", "(Unknown)", Person(""), True),
        ("22395", "(Unknown)", Person("", "22395"), True),
        ("22395", "Ada", Person("Ada", "22395"), False),
        ("+498912340001", "(Unknown)", Person("", "+498912340001"), False),
        ("ada@example.org", "(Unknown)", Person("", "ada@example.org"), False),
        ("null", "(Unknown)", Person(""), False),
    ],
)
def test_services(tmp_path: Path, address: str, name: str, sender: Person, automatic: bool) -> None:  # noqa: FBT001
    inbound, outbound = read(
        tmp_path,
        row(address=address, contact_name=name),
        row(address=address, contact_name=name, type=2, date=DAY + 1),
    )
    assert (inbound.sender, inbound.automatic) == (sender, automatic)
    assert (outbound.direction, outbound.automatic) == ("outbound", False)
    assert inbound.conversation == outbound.conversation != ""


def test_services_are_told_by_their_address() -> None:
    assert [is_service(one) for one in ("AMAZON", "123456", "1234567", "a@b.c", "", "TD-HDFC1")] == [
        True,
        True,
        False,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("Loved “see you at six”", True),
        ("Laughed at “two\nlines”", True),
        ("Emphasised an image", True),
        ("Removed a heart from “see you”", True),
        ("Reacted \U0001f602 to “ha”", True),
        ("\U0001f44d to “\u200asee you\u200a”\u200a", True),
        ("\u200b\u2764\ufe0f\u200b to “\u200asee you\u200a”", True),
        ("Le gustó “nos vemos”", True),
        ("A aimé « à demain »", True),
        ("Loved “The Wire”, have you seen it?", False),
        ("Liked it", False),
        ("I loved “The Wire”", False),
        ("Ha ha to “that”", False),
        ("“quoted”", False),
        ("Loved “" + "x" * 5000 + "”", False),
    ],
)
def test_reactions_sent_as_text_are_automatic(tmp_path: Path, text: str, tells: bool) -> None:  # noqa: FBT001
    assert is_reaction(text) is tells
    (found,) = read(tmp_path, row(text.replace("\n", "&#10;")))
    assert found.automatic is tells


@pytest.mark.parametrize("letter", ["\u200b", "\u200a", "!", "“", "Removed a ", " to “\u200a"])
def test_looking_for_reactions_is_quick(letter: str) -> None:
    def looks(length: int) -> None:
        text = letter * (length // len(letter)) + "."
        assert not any(is_reaction(text) for _ in range(20))

    assert_linear(looks, 4096)


def test_a_name_with_a_comma_is_no_group(tmp_path: Path) -> None:
    (found,) = read(tmp_path, row(address="BANK, INC", contact_name="null"))
    assert (found.group, found.conversation) == (False, "bank, inc")


# --- MMS ---

GROUP = "+498912340001~+498912340002"
FROM_BEN = '<addr address="+498912340002" type="137" /><addr address="insert-address-token" type="151" />'


@pytest.mark.parametrize("mark", ["~", ",", ";", "~ "])
def test_groups(tmp_path: Path, mark: str) -> None:
    address = GROUP.replace("~", mark)
    (found,) = read(tmp_path, mms(TEXT, FROM_BEN, address=address, contact_name="Ada Weber, Ben Ito"))
    assert found.group
    assert found.sender == Person("Ben Ito", "+498912340002")
    assert found.participants == (Person("Ada Weber", "+498912340001"), Person("Ben Ito", "+498912340002"))
    assert found.conversation == "8912340001~8912340002"


def test_the_order_of_a_group_and_its_own_token_do_not_matter(tmp_path: Path) -> None:
    other = "insert-address-token~" + "~".join(reversed(GROUP.split("~")))
    one, two = read(tmp_path, mms(TEXT, address=GROUP), mms(TEXT, address=other, date=DAY + 1))
    assert one.conversation == two.conversation


def test_names_that_are_not_one_for_each_number_are_nobody_s(tmp_path: Path) -> None:
    (found,) = read(tmp_path, mms(TEXT, FROM_BEN, address=GROUP, contact_name="Weber, Ada, Ben"))
    assert found.sender == Person("", "+498912340002")
    (found,) = read(tmp_path, mms(TEXT, FROM_BEN, address=GROUP, contact_name="(Unknown), Ben Ito"))
    assert [person.name for person in found.participants] == ["", "Ben Ito"]


def test_an_own_mms_is_the_owner_s_whatever_its_addresses_say(tmp_path: Path) -> None:
    same = '<addr address="+498912340001" type="137" /><addr address="+498912340001" type="151" />'
    received, sent = read(tmp_path, mms(TEXT, same), mms(TEXT, same, msg_box=2))
    assert (received.direction, received.sender.name) == ("inbound", "Ada Weber")
    assert (sent.direction, sent.sender) == ("outbound", Person(""))
    assert received.id != sent.id


def test_the_group_of_rcs_has_its_people_below(tmp_path: Path) -> None:
    inbound = (
        '<addr address="+498912340001" type="130" /><addr address="+498912340002" type="130" />'
        '<addr address="+498912340002" type="137" /><addr address="+498912340009" type="151" />'
    )
    outbound = (
        '<addr address="+498912340009" type="137" /><addr address="+498912340001" type="151" />'
        '<addr address="+498912340002" type="151" />'
    )
    address = "group_8@rcs.google.com"
    found = read(
        tmp_path,
        mms(TEXT, inbound, address=address, contact_name="(Unknown)", sub="proto:CkIKImNvbS5nb29n"),
        mms(TEXT, outbound, address=address, contact_name="(Unknown)", msg_box=2, sub="Proto: x"),
    )
    people = [[person.address for person in message.participants] for message in found]
    assert people == [["+498912340001", "+498912340002"]] * 2  # and not the owner's own number
    assert {message.conversation for message in found} == {address}
    assert [message.subject for message in found] == [None, None]
    assert found[0].sender.address == "+498912340002"


def test_parts(tmp_path: Path) -> None:
    parts = (
        '<part seq="-1" ct="application/smil" text="&lt;smil/&gt;" />'
        '<part seq="0" ct="text/plain" text="one" /><part seq="0" ct="text/plain" text="null" />'
        '<part seq="0" ct="text/plain" chset="106" text="null" data="Z3LDvMOfZQ==" />'
        '<part seq="0" ct="text/plain" text="null" data="not base64!" />'
        '<part seq="1" ct="image/png" cl="null" fn="null" name="p.png" data="not base64!" />'
        '<part seq="2" ct="audio/amr" cl="null" name="null" data="AAAA" />'
    )
    (found,) = read(tmp_path, mms(parts))
    assert (found.text, found.content_type) == ("one\ngrüße", "text")
    assert found.attachments == ("p.png", "audio/amr")


def test_what_has_no_words_is_named_for_what_it_is(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        mms('<part ct="image/png" cl="a.png" />'),
        mms('<part ct="text/x-vCard" cl="ada.vcf" />'),
        mms("", m_type="130", msg_box="null"),
        mms("", m_type="134"),
    )
    assert [message.content_type for message in found] == ["media", "contact", "media", "system"]


def test_a_subject_is_the_sender_s_and_its_letters_are_repaired(tmp_path: Path) -> None:
    (found,) = read(tmp_path, mms(TEXT, sub="gr\u00c3\u00bc\u00c3\u009fe", sub_cs=106))
    assert (found.subject, found.text) == ("grüße", "words")


# --- identity ---


def test_a_message_has_one_id_in_every_backup(tmp_path: Path) -> None:
    old = read(tmp_path, row("snow &#55357;&#56832;"), mms(TEXT, tr_id="T1"))
    new = read(
        tmp_path,
        row("earlier", date=DAY - 5),
        row("snow \U0001f600", contact_name="Ada W.", readable_date="x", read=1),
        mms(TEXT, tr_id="T1", seen=1, contact_name="Ada W."),
        row("later", date=DAY + 5),
    )
    assert [message.id for message in old] == [message.id for message in new[1:3]]
    assert len({message.id for message in new}) == 4
    assert all(len(message.id) == 32 for message in new)


def test_exact_duplicates_are_one_and_near_ones_two(tmp_path: Path) -> None:
    found = read(
        tmp_path, row(), row(), row(date=DAY + 1), row("hello!"), row(type=2), row(address="0897654321")
    )
    assert len({message.id for message in found}) == 5


def test_no_reactions_are_invented(tmp_path: Path) -> None:
    (found,) = read(tmp_path, row("Loved “see you”"))
    assert found.reactions == ()
    assert Reaction("x").by == Person("")


@settings(max_examples=rounds(40, 10_000), deadline=None)
@given(data=st.data())
def test_no_bytes_break_it(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    whole = bytearray(sample.write(folder).read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(whole) - 1))
        length = data.draw(st.integers(0, 40))
        whole[at : at + length] = data.draw(
            st.binary(max_size=20) | st.sampled_from([b"<", b'"', b"<sms ", b"&#55357;"])
        )
    file = folder / "sms.xml"
    file.write_bytes(whole)
    try:
        found = items(file)
    except IpseError:
        return
    assert all(isinstance(item, Message | Unreadable) for item in found)
