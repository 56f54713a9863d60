"""The reflections: a journalling app's CSV, a question and an answer a row, two users."""

import csv
from datetime import datetime, timedelta
from functools import partial
from io import StringIO
from zoneinfo import ZoneInfo

from grammar import Block, Dice, Grammar, read_blocks

__all__ = ["write_reflections"]

HEADER = (
    "user_id",
    "question_id",
    "question",
    "response_text",
    "word_count",
    "response_time_seconds",
    "created_at",
)
START, DAYS = datetime(2024, 3, 5, 19, tzinfo=ZoneInfo("Europe/London")), 540


def write_reflections(seed: str) -> bytes:
    """The table; two rows lack an answer, as happens when somebody closes the app."""
    dice = Dice(f"{seed} journal")
    grammar = Grammar(dice)
    blocks = {block.name: block for block in read_blocks("reflections")}
    opening, closing, oksana = (blocks.pop(name) for name in ("opening", "closing", "oksana"))
    rows = []
    themes = list(blocks.values())
    for wording in range(6):
        for theme in dice.shuffled(themes):
            text = grammar.fresh(partial(_answer, theme, opening, closing, grammar))
            rows.append(("tilda", f"{theme.name}-{wording + 1}", theme.lines["?"][wording], text))
    for place, text in zip((21, 60, 99, 128), oksana.lines[">"], strict=True):
        rows.insert(place, ("oksana", *rows[place][1:3], text))
    rows.insert(40, ("tilda", *rows[40][1:3], ""))
    rows.insert(90, ("tilda", *rows[90][1:3], ""))
    return _table(rows, dice)


def _answer(theme: Block, opening: Block, closing: Block, grammar: Grammar) -> str:
    """A word to begin with, four or five sentences of the theme in their order, a word to end with."""
    dice, lines = grammar.dice, theme.lines[">"]
    number = dice.between(4, 5)
    places = sorted({dice.deal(theme.name, range(len(lines))) for _ in range(number)})
    parts = [grammar.fill(lines[place]) for place in places]
    if dice.chance(0.5):
        parts.insert(0, grammar.line("opening", opening.lines[">"]))
    if dice.chance(0.5):
        parts.append(grammar.line("closing", closing.lines[">"]))
    middle = len(parts) // 2
    return (
        " ".join(parts) if dice.chance(0.7) else " ".join(parts[:middle]) + "\n\n" + " ".join(parts[middle:])
    )


def _table(rows: list[tuple[str, str, str, str]], dice: Dice) -> bytes:
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(HEADER)
    for number, (user, question_id, question, text) in enumerate(rows):
        at = START + timedelta(days=number * DAYS // len(rows), minutes=dice.below(180))
        words = len(text.split())
        writer.writerow(
            [
                user,
                question_id,
                question,
                text,
                words,
                words * dice.between(2, 4) + 20,
                f"{at:%Y-%m-%dT%H:%M:%S%z}",
            ]
        )
    return table.getvalue().encode()
