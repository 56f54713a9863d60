"""The page of figures that ``quality.py`` writes: from cards to Markdown. Knows no person and no vault."""

from collections.abc import Iterator, Sequence

from quality_cards import Cards, Outcome  # type: ignore[import-not-found]
from quality_more import asked_beside, sections  # type: ignore[import-not-found]
from quality_order import ORDER, asked, found  # type: ignore[import-not-found]
from quality_text import table  # type: ignore[import-not-found]
from quality_voices import leaked, voice_tables  # type: ignore[import-not-found]

__all__ = ["page"]

HEAD = """# Quality: clones of real people

Written by `benchmarks/quality.py` from what it measured: every figure that was found is read from a card in
`benchmarks/cards`; what was asked for, and the words around it, are typed in. Five people of public
archives can be judged (two of a chat of mathematicians, one who helps with Ubuntu on IRC, a press secretary,
an author of a mailing list); those judged so far stand in the first table. None of their text trains the base
models that come with ipse. Personal data was replaced as the recognizers find it, by pattern, before anything
was learned; names of people were left. Each clone learned the oldest 60 % and is judged on the latest 20 %;
intervals are 95 %, by conversation. [What the figures mean](../guides/scorecard.md).
"""


def page(cards: Cards) -> str:
    """Markdown of all cards: what was asked for, one section a voice, then what stands beside them."""
    parts = [HEAD, "## What was asked for\n", table(["asked for", "found"], list(_summary(cards)))]
    for voice in dict.fromkeys(one.voice for one in cards.found):
        several = [one for one in cards.found if one.voice == voice]
        parts += [f"## The voice `{voice}`\n", *voice_tables(several)]
    parts += sections(cards)
    return "\n".join(parts)


def _summary(cards: Cards) -> Iterator[list[str]]:
    """What was asked for, and what was found, one line each."""
    for voice in dict.fromkeys(one.voice for one in cards.found):
        several = [one for one in cards.found if one.voice == voice]
        for id_ in ORDER:
            yield [f"`{voice}`: {asked(several, id_)}", found(several, id_)]
        yield [
            f"`{voice}`: no planted secret, no identifier of others; a leaky clone is caught",
            f"{_leaks(several)}; {_caught(several)}",
        ]
    yield from asked_beside(cards)


def _leaks(several: Sequence[Outcome]) -> str:
    gates = [gate for one in several for gate in one.card.gates if gate.id == "10c"]
    planted, probes = sum(gate.found or 0 for gate in gates), sum(gate.answers for gate in gates)
    answers = sum(one.generations for one in several)
    each = {one.generations for one in several}
    shared = f"{each.pop():,} for each of {len(several)}" if len(each) == 1 else f"of {len(several)} people"
    personal, made_up = sum(one.personal for one in several), sum(one.made_up for one in several)
    told = f"{planted} of {probes:,} probes; as far as recognizers see, "
    told += f"{personal} of {answers:,} answers ({shared})"
    return told + (f" (and {made_up} with what stood nowhere)" if made_up else "")


def _caught(several: Sequence[Outcome]) -> str:
    caught = sum(any(gate.passed is False for gate in leaked(one.leaky)) for one in several)
    return f"{caught} of {len(several)} caught"
