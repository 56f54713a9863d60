"""A table of some chat program, with the mapping that explains it beside it."""

from pathlib import Path

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions()

_TABLE = """\
nr;thread;who;kind;when;body;answers
1;boats;Ilse;in;01.03.2024 09:15;is the varnish dry?;
2;boats;Tilda;sent;01.03.2024 09:20;"nearly; but ""nearly"" is not dry";1
3;boats;Ilse;in;01.03.2024 09:21;then tomorrow;2
4;sails;Tilda;sent;02.03.2024 18:02;the jib is torn again;
5;sails;Jonte;in;someday;how?;4
"""
_MAPPING = """\
columns:
  text: body
  at: when
  sender: who
  conversation: thread
  id: nr
  reply_to: answers
  direction: {column: kind, outbound: [sent]}
time: {format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
owner: Tilda
delimiter: ";"
"""


def write(folder: Path) -> Path:
    """Write table and mapping and return the table."""
    table = folder / "boats.csv"
    table.write_text(_TABLE, encoding="utf-8")
    (folder / "boats.csv.mapping.yaml").write_text(_MAPPING, encoding="utf-8")
    return table
