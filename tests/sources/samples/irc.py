"""A log of two evenings in a channel, as ZNC keeps it: talk, an action, a bot, a nick change, joins."""

from pathlib import Path

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("tilda",))

_FIRST = """\
[22:58:01] *** Joins: mirko (~m@host.example)
[22:58:14] <tilda> mirko: did the kiln hold its heat?
[22:58:40] <mirko> tilda: until four, then the door warped
[22:59:02] * tilda groans
[23:10:00] <tilda> !glaze
[23:10:01] <ubottu> tilda: glaze is a thin coat of glass
[23:59:58] -ChanServ- logging is on here
"""
_SECOND = """\
[00:00:12] *** tilda is now known as tilda_away
[00:01:30] <tilda_away> good night all
[00:01:31] <tilda_away> good night all
[00:02:00] *** Quits: mirko (~m@host.example) (Quit: asleep)
"""


def write(folder: Path) -> Path:
    """Write the folder of the channel, a file a day, and return it."""
    channel = folder / "#pottery"
    channel.mkdir()
    (channel / "2024-03-01.log").write_text(_FIRST, encoding="utf-8")
    (channel / "2024-03-02.log").write_text(_SECOND, encoding="utf-8")
    return channel
