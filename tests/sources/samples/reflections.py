"""Answers of one person, and one of another, as a journalling app saves them."""

from pathlib import Path

from ipse.interfaces import ReadOptions

OPTIONS = ReadOptions(me=("u-1",))

_ROWS = """\
user_id,question_id,question,response_text,word_count,created_at
u-1,q-1,What did you mend today?,"Mostly the kettle, and a little of my patience.",9,2024-05-03T10:20:30Z
u-2,q-1,What did you mend today?,Nothing; I broke two plates.,5,2024-05-03T11:00:00Z
u-1,q-2,Whom did you thank?,"The ferryman.

He did not hear it.",7,2024-05-04T08:00:00+02:00
u-1,q-3,What is left?,,0,2024-05-05
"""


def write(folder: Path) -> Path:
    """Write the table and return it."""
    file = folder / "reflections.csv"
    file.write_text(_ROWS, encoding="utf-8")
    return file
