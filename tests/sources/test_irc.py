"""IRC logs in the form of every client: who said what and when, what is the server's, what is lost."""

import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Source
from ipse.records import Message, Person, Unreadable
from ipse.sources.irc.source import Irc

from ..growth import assert_linear

BERLIN = ZoneInfo("Europe/Berlin")
LOGS = {
    "irssi.2024-03-01.log": """\
--- Log opened Fri Mar 01 12:30:00 2024
12:30 -!- tilda [~t@host.example] has joined #pots
12:34 <@mirko> tilda: the kiln is hot
12:35 < tilda> then I come
12:35  * tilda runs
12:36 -mirko(~m@host.example)- psst
12:37 -!- mirko [~m@host.example] has quit [Quit: bye]
""",
    "irc.libera.#pots.weechatlog": """\
2024-03-01 12:30:00\t-->\ttilda (~t@host.example) has joined #pots
2024-03-01 12:34:00\t@mirko\ttilda: the kiln is hot
2024-03-01 12:35:00\ttilda\tthen I come
2024-03-01 12:35:00\t *\ttilda runs
2024-03-01 12:36:00\t--\tNotice(mirko): psst
2024-03-01 12:37:00\t<--\tmirko (~m@host.example) has quit (Quit: bye)
""",
    "libera-#pots.log": """\
**** BEGIN LOGGING AT Fri Mar  1 12:30:00 2024

Mar 01 12:30:00 *\ttilda (~t@host.example) has joined
Mar 01 12:34:00 <mirko>\ttilda: the kiln is hot
Mar 01 12:35:00 <tilda>\tthen I come
Mar 01 12:35:00 *\ttilda runs
Mar 01 12:36:00 -mirko-\tpsst
Mar 01 12:37:00 *\tmirko has quit (Quit: bye)
**** ENDING LOGGING AT Fri Mar  1 12:40:00 2024
""",
    "#pots.20240301.log": """\
Session Start: Fri Mar 01 12:30:00 2024
Session Ident: #pots
[12:30] * tilda (~t@host.example) has joined #pots
[12:34] <@mirko> \x02tilda:\x02 the \x0304,12kiln\x03 is hot
[12:35] <tilda> then I come
[12:35] * tilda runs
[12:36] -mirko- psst
[12:37] * mirko (~m@host.example) Quit (Quit: bye)
Session Close: Fri Mar 01 12:40:00 2024
""".replace("Quit (Quit", "has quit (Quit"),
    "2024-03-01-#pots.log": """\
[12:30:00] *** Joins: tilda (~t@host.example)
[12:34:00] <mirko> tilda: the kiln is hot
[12:35:00] <tilda> then I come
[12:35:00] * tilda runs
[12:36:00] -mirko- psst
[12:37:00] *** Quits: mirko (~m@host.example) (Quit: bye)
""",
    "#pots 2024-03-01 quassel.txt": """\
[12:30:00] --> tilda (~t@host.example) has joined #pots
[12:34:00] <mirko> tilda: the kiln is hot
[12:35:00] <tilda> then I come
[12:35:00] -*- tilda runs
[12:36:00] -mirko- psst
[12:37:00] <-- mirko has quit (Quit: bye)
""",
    "2024-03-01-#pots.txt": """\
=== tilda [~t@host.example] has joined #pots
[12:34] <mirko> tilda: the kiln is hot
[12:35] <tilda> then I come
[12:35]  * tilda runs
[12:36] -mirko:#pots- psst
=== mirko [~m@host.example] has quit ["bye"]
""",
    "libera_#pots.log": """\
[Friday 01 March 2024] [12:30:00] --> tilda has joined #pots
[Friday 01 March 2024] [12:34:00] <mirko>\ttilda: the kiln is hot
[Friday 01 March 2024] [12:35:00] <tilda>\tthen I come
[Friday 01 March 2024] [12:35:00] * tilda runs
[Friday 01 March 2024] [12:36:00] -mirko- psst
[Friday 01 March 2024] [12:37:00] <-- mirko has quit
""",
}


def log(folder: Path, text: str, name: str = "2024-03-01-#pots.log") -> ExportPath:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode())
    return ExportPath.at(file)


def read(path: ExportPath, options: ReadOptions | None = None) -> list[Message | Unreadable]:
    options = options or ReadOptions()
    items = list(Irc().read(path, options))
    assert Irc().survey(path, options).units == len(items)
    return items


def messages(path: ExportPath, options: ReadOptions | None = None) -> list[Message]:
    found = [item for item in read(path, options) if isinstance(item, Message)]
    assert len({one.id for one in found}) == len(found)
    return found


def said(path: ExportPath, options: ReadOptions | None = None) -> list[Message]:
    return [one for one in messages(path, options) if one.content_type == "text"]


def test_it_is_a_source() -> None:
    assert isinstance(Irc(), Source)


@pytest.mark.parametrize("name", LOGS)
def test_every_client_says_the_same(tmp_path: Path, name: str) -> None:
    path = log(tmp_path, LOGS[name], name)
    assert Irc().recognizes(path)
    found = read(path, ReadOptions(tz=BERLIN))
    assert not [one for one in found if isinstance(one, Unreadable)]
    talk = [one for one in found if isinstance(one, Message)]
    assert [(one.sender.name, one.text) for one in talk if one.content_type == "text"] == [
        ("mirko", "tilda: the kiln is hot"),
        ("tilda", "then I come"),
        ("tilda", "/me runs"),
    ]
    assert talk[1].at == datetime(2024, 3, 1, 12, 34, tzinfo=BERLIN)
    assert talk[1].mentions == (Person("tilda"),)
    assert [one.content_type for one in talk] == ["system", "text", "text", "text", "system", "system"]
    assert all(not one.text.startswith(("/me", "tilda:")) for one in talk if one.content_type == "system")
    assert {one.platform for one in talk} == {"irc"}
    if "#" in name:
        assert {one.conversation for one in talk} == {"#pots"}
        assert all(one.group for one in talk)


def test_the_channel_is_found_in_names_folders_or_lines(tmp_path: Path) -> None:
    line = "[12:00] <a> hi\n[12:01] <b> ho\n"
    for name in ("#pots_20240301.log", "#pots/2024-03-01.log", "irc.net.#pots.2024-03.log", "net-#pots.log"):
        assert {m.conversation for m in messages(log(tmp_path / "one", line, name))} == {"#pots"}, name
    joined = f"=== c [c@x] has joined #Pots\n{line}"
    assert {m.conversation for m in messages(log(tmp_path, joined, "2024-03-01.txt"))} == {"#pots"}
    talk = messages(log(tmp_path, line, "mirko.2024-03-01.log"))
    assert {m.conversation for m in talk} == {"mirko"}
    assert not any(m.group for m in talk)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2004-12-25.txt", 25),
        ("#pots_20041226.log", 26),
        ("#pots.2004-12-27.log", 27),
        ("2004/12/28/#pots.txt", 28),
        ("2004-12-29_18.raw.txt", 29),
    ],
)
def test_the_day_is_found_in_names_and_folders(tmp_path: Path, name: str, day: int) -> None:
    (first, _) = messages(log(tmp_path, "[12:00] <a> hi\n[12:01] <b> ho\n", name))
    assert (first.at.year, first.at.month, first.at.day) == (2004, 12, day)


@pytest.mark.parametrize(
    "marker",
    [
        "--- Day changed Sun Mar 03 2024",
        "--- Day changed So Mär 03 2024",
        "--- Day changed dim. 03 mars 2024",
        "Session Time: Sun Mar 03 00:00:00 2024",
        "--- Log opened Sun Mar 03 00:00:12 2024",
        "--- Log opened 2024-03-03 00:00:12",
    ],
)
def test_lines_that_name_a_day_are_followed_and_not_kept(tmp_path: Path, marker: str) -> None:
    path = log(tmp_path, f"[23:00] <a> hi\n{marker}\n[08:00] <b> ho\n[07:30] <a> late\n")
    talk = messages(path)
    assert [(m.at.day, m.at.hour) for m in talk] == [(1, 23), (3, 8), (3, 7)]


def test_midnight_is_passed_without_a_word(tmp_path: Path) -> None:
    path = log(tmp_path, "[23:59] <a> hi\n[00:01] <b> ho\n[23:30] <a> yes\n[00:10] <a> no\n")
    assert [m.at.day for m in messages(path)] == [1, 2, 2, 3]


def test_lines_a_little_out_of_order_and_the_end_of_summer_time_pass_no_midnight(tmp_path: Path) -> None:
    path = log(tmp_path, "[02:58] <a> hi\n[02:03] <b> ho\n[02:01] <a> yes\n[03:00] <a> no\n")
    assert [m.at.day for m in messages(path)] == [1, 1, 1, 1]


def test_a_clock_of_twelve_hours_is_told_by_its_leaps(tmp_path: Path) -> None:
    hours = ["09:00", "11:59", "12:30", "01:00", "11:00", "12:05", "02:00"]
    path = log(tmp_path, "".join(f"[{hour}] <a> now\n[{hour}] <b> yes\n" for hour in hours))
    talk = messages(path)[::2]
    assert [(m.at.day, m.at.hour) for m in talk] == [
        (1, 9),
        (1, 11),
        (1, 12),
        (1, 13),
        (1, 23),
        (2, 0),
        (2, 2),
    ]
    assert "12 hours" in Irc().survey(path, ReadOptions()).notes[0]
    halves = log(tmp_path, "[11:58pm] <a> hi\n[12:01AM] <b> ho\n", "2024-03-02-#pots.log")
    assert [(m.at.day, m.at.hour) for m in messages(halves)] == [(2, 23), (3, 0)]


def test_stamps_with_an_offset_keep_it(tmp_path: Path) -> None:
    path = log(tmp_path, "2015-10-26T12:49:35+0000 <a> hi\n2015-10-26T12:49:40+0000 <b> ho\n", "#x.log")
    assert messages(path, ReadOptions(tz=BERLIN))[0].at == datetime(2015, 10, 26, 12, 49, 35, tzinfo=UTC)


def test_stamps_without_a_year_take_it_from_the_session_and_pass_new_year(tmp_path: Path) -> None:
    lines = (
        "**** BEGIN LOGGING AT Tue Dec 30 09:15:56 2014\nDec 31 23:59:00 <a>\thi\nJan 01 00:01:00 <b>\tho\n"
    )
    assert [m.at.year for m in messages(log(tmp_path, lines, "#x.log"))] == [2014, 2015]
    bare = log(tmp_path, "Dec 31 23:59:00 <a>\thi\nJan 01 00:01:00 <b>\tho\n", "#y.log")
    os.utime(tmp_path / "#y.log", (1_710_000_000, 1_710_000_000))  # March 2024
    assert [m.at.year for m in messages(bare)] == [2023, 2024]


def test_without_any_day_the_last_line_is_on_the_day_of_the_file_and_ids_do_not_know(tmp_path: Path) -> None:
    lines = "[22:00] <a> hi\n[23:59] <a> hi\n[00:01] <b> ho\n"
    path = log(tmp_path, lines, "talk.txt")
    os.utime(tmp_path / "talk.txt", (1_710_000_000, 1_710_000_000))  # 9 March 2024
    first = messages(path)
    assert [m.at.day for m in first] == [8, 8, 9]
    assert "nothing says its day" in Irc().survey(path, ReadOptions()).notes[0]
    os.utime(tmp_path / "talk.txt", (1_600_000_000, 1_600_000_000))
    assert [m.id for m in messages(ExportPath.at(tmp_path / "talk.txt"))] == [m.id for m in first]


def test_ids_stay_as_the_log_grows_and_whoever_reads(tmp_path: Path) -> None:
    lines = "[12:00] <a> hi\n[12:00] <a> hi\n=== c has joined #pots\n[12:01] <b> ho\n"
    before = messages(log(tmp_path / "one", lines))
    after = messages(log(tmp_path / "two", lines + "[12:02] <a> hi\n"), ReadOptions(me=("a",), tz=BERLIN))
    assert [m.id for m in after[:4]] == [m.id for m in before]


@pytest.mark.parametrize(
    "nick", ["ubottu", "ubotu", "ChanServ", "FloodBot2", "my-bot", "GitHubBot", "bot[2]"]
)
def test_bots_are_automatic(tmp_path: Path, nick: str) -> None:
    first, second = messages(log(tmp_path, f"[12:00] <{nick}> hi\n[12:01] <talbot> ho\n"))
    assert (first.automatic, second.automatic) == (True, False)
    assert not said(log(tmp_path, f"[12:00] <{nick}> hi\n"), ReadOptions(me=(nick,)))[0].automatic


def test_mentions_are_of_people_in_the_channel_only(tmp_path: Path) -> None:
    path = log(
        tmp_path,
        "[12:00] <kim> hi\n[12:01] *** Joins: Lou^ (l@x)\n[12:02] <b> Kim, lou^: one: two\n"
        "[12:03] <b> note: no\n[12:04] <b> kim is nice\n[12:05] <b> 12:30 is fine, kim\n",
    )
    talk = said(path)
    assert [m.mentions for m in talk] == [(), (Person("kim"), Person("Lou^")), (), (), ()]


def test_what_happened_is_told_from_what_somebody_does(tmp_path: Path) -> None:
    lines = [
        "* kim has joined #pots", "* kim sets mode: +o lou", "* kim is now known as kim_",
        "* lou was kicked by kim (x)", "* Now talking in #pots", "* Topic is 'clay'",
        "* Disconnected", "* kim changes topic to 'mud'",
        "*** Joins: x (x@y)", "<***> Buffer Playback...",
    ]  # fmt: skip
    acts = ["* kim has joined the dark side", "* kim sets the table", "*kim waves", "* kim"]
    path = log(
        tmp_path,
        "[11:59] <kim> a\n[11:59] <lou> b\n" + "".join(f"[12:00] {one}\n" for one in [*lines, *acts]),
    )
    found = messages(path)[2:]
    assert [one.content_type for one in found] == ["system"] * len(lines) + ["text"] * len(acts)
    assert [one.text for one in found[len(lines) :]] == [
        "/me has joined the dark side", "/me sets the table", "/me waves", "/me",
    ]  # fmt: skip


def test_the_owner_is_followed_as_they_change_their_nick(tmp_path: Path) -> None:
    path = log(
        tmp_path,
        "[12:00] <tilda> hi\n[12:01] *** tilda is now known as t_away\n[12:02] <t_away> gone\n"
        "[12:03] *** t_away is now known as t_back\n[12:04] <t_back> here\n[12:05] <mirko> t_back: tea?\n"
        "[12:06] *** Quits: t_back (t@x)\n[12:07] <t_back> I am somebody else\n",
    )
    talk = said(path, ReadOptions(me=("Tilda",)))
    assert [(m.sender.name, m.direction) for m in talk] == [
        ("tilda", "inbound"),  # known by --me
        ("Tilda", "outbound"),
        ("Tilda", "outbound"),
        ("mirko", "inbound"),
        ("t_back", "inbound"),
    ]
    assert talk[3].mentions == (Person("Tilda"),)
    assert [m.sender.name for m in said(path)] == ["tilda", "t_away", "t_back", "mirko", "t_back"]


def test_the_owner_is_followed_over_midnight_but_not_over_days_without_a_log(tmp_path: Path) -> None:
    change = "[12:00] <tilda> hi\n[12:01] *** tilda is now known as t_away\n"
    for day, text in ((1, change), (2, "[12:00] <t_away> yes\n"), (4, "[12:00] <t_away> who knows\n")):
        log(tmp_path / "#pots", text, f"2024-03-0{day}.log")
    talk = said(ExportPath.at(tmp_path / "#pots"), ReadOptions(me=("tilda",)))
    assert [m.sender.name for m in talk] == ["tilda", "tilda", "t_away"]


def test_a_log_that_says_who_keeps_it_makes_them_likely(tmp_path: Path) -> None:
    path = log(tmp_path, "12:00 <a> hi\n12:01 -!- You're now known as b\n12:02 <b> ho\n")
    assert Irc().survey(path, ReadOptions()).likely == (Person("b"),)


def test_nicks_with_brackets_and_a_stray_blank(tmp_path: Path) -> None:
    path = log(tmp_path, "[12:00] <[kim] > a\n[12:00] <x[mn] rain> b\n[12:01] <|lou|> c\n[12:02] <7up> d\n")
    assert [m.sender.name for m in messages(path)] == ["[kim]", "x[mn]rain", "|lou|", "7up"]


def test_a_line_of_another_form_is_counted_and_the_rest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "2024-03-01-#pots.log"
    file.write_bytes(
        b"\xef\xbb\xbf[12:00] <a> caf\xc3\xa9\r\n\r\n[12:01] <b> caf\xe9\r\npasted without a time\r\n"
        b"[12:02] what is this\r\n"
        b"[99:99] <a> never\r\n[12:03] <a> " + b"x" * 70_000 + b"\r\n[12:04] <a> end"
    )
    found = read(ExportPath.at(file))
    assert [one.text for one in found if isinstance(one, Message)] == ["café", "café", "end"]
    faults = [(one.position, one.reason) for one in found if isinstance(one, Unreadable)]
    assert faults == [
        ("line 4", "a line without a time"),
        ("line 5", "neither said by anybody nor a known kind of line"),
        ("line 6", "no such date or time"),
        ("line 7", "longer than any line of IRC"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0\0\0",
        "a letter\n",
        "12:30 we met\n12:45 we parted\n",
        "[12:30:01] <info> started\n[12:30:02] <warn> slow\n",
        "[12/03/24, 18:00:01] Ada: hello\n[12/03/24, 18:00:05] Ben: hi\n",
        "2024-03-01 12:00:00,alice,hello\n",
        "2024-03-01 12:00:00 INFO server started\n2024-03-01 12:00:01 WARN slow\n",
    ],
)
def test_what_is_no_log_is_not_recognized_and_refused(tmp_path: Path, text: str) -> None:
    path = log(tmp_path, text, "a.log")
    assert not Irc().recognizes(path)
    with pytest.raises(SourceError, match=r"a\.log: there is no log of IRC"):
        list(Irc().read(path, ReadOptions()))


def test_a_folder_of_nothing_but_logs_is_one_export(tmp_path: Path) -> None:
    line = "[12:00] <a> hi\n[12:01] <b> ho\n"
    for day in range(1, 4):
        log(tmp_path / "logs", line, f"net/#pots/2024-03-0{day}.log")
    folder = ExportPath.at(tmp_path / "logs")
    assert Irc().recognizes(folder)
    assert len(messages(folder)) == 6
    (tmp_path / "logs" / "z.png").write_bytes(b"\x89PNG")
    assert not Irc().recognizes(folder)
    assert [one.reason for one in read(folder) if isinstance(one, Unreadable)] == ["no log of IRC"]


def test_the_time_of_a_log_grows_with_its_lines_and_no_faster(tmp_path: Path) -> None:
    lines = [
        f"[{n // 3600 % 24:02}:{n // 60 % 60:02}] <nick{n % 500}> nick{n % 7}: line {n}\n"
        for n in range(20_000)
    ]

    def reads(size: int) -> None:
        path = log(tmp_path, "".join(lines[:size]))
        assert sum(1 for _ in Irc().read(path, ReadOptions())) == size

    assert_linear(reads, len(lines))


def test_a_line_made_to_be_slow_is_not(tmp_path: Path) -> None:
    nasty = ["[12:00] <" + "[] " * 9000, "[12:00] -" + "a-" * 9000, "[12:00] " + "*" * 20_000, "a, " * 20_000]
    nasty.append("[12:00] <a> " + "a," * 20_000)

    def reads(share: int) -> None:
        parts = "\n".join(one[: max(len(one) * share // 800, 12)] for one in nasty)
        assert len(read(log(tmp_path, f"[12:00] <a> hi\n[12:00] <b> ho\n{parts}"))) == 7

    assert_linear(reads, 800)
