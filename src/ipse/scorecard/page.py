"""One self-contained page of a scorecard: it asks nothing of any network and reads well in light and dark.

Knows how a card looks, not how it is made.
"""

from collections.abc import Sequence

import msgspec

from ipse.scorecard.plots import contenders, headlines, shown
from ipse.scorecard.results import CEILING, CLONE, WRONG, Figure, Row, Scorecard

__all__ = ["render"]

_THAN = {"better": "than", "worse": "than", "cannot tell": "from"}


class _Section(msgspec.Struct, frozen=True):
    """One metric on the page, its further figures below it."""

    row: Row
    plot: str
    further: list[Row]


def render(card: Scorecard) -> str:
    """The card as HTML. Everything that came from records is escaped; plots are inline SVG."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ipse.scorecard", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        figure=_figure,
        verdict=_verdict,
        p=_p,
        short=_short,
        written=_written,
        plain=lambda at: shown(at, "auc"),
        share=lambda at: shown(at, "share"),
        place=lambda at: f"{100 * min(max(at, 0.0), 1.0):.1f}",
    )
    primary = [row for row in card.rows if row.primary]
    sections = [_Section(row, contenders(row), _further(row, card.rows)) for row in primary]
    return environment.get_template("page.html.j2").render(
        card=card,
        measured=[section for section in sections if section.row.value is not None],
        missing=[row for row in primary if row.value is None],
        overview=headlines(primary),
        without=[
            row
            for row in primary
            if row.value is not None and row.headline is None and row.verdict != "measured"
        ],
        names={"clone": CLONE, "wrong": WRONG, "ceiling": CEILING},
    )


def _further(row: Row, rows: Sequence[Row]) -> list[Row]:
    return [each for each in rows if not each.primary and each.id.split()[0] == row.id]


def _figure(figure: Figure | Row | None, row: Row) -> str:
    """A value with its interval, in the unit of the row."""
    if figure is None or figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return shown(figure.value, row.unit)
    return f"{shown(figure.value, row.unit)} [{shown(figure.low, row.unit)}, {shown(figure.high, row.unit)}]"


def _written(value: float, row: Row) -> str:
    return shown(value, row.unit)


def _short(name: str) -> str:
    """What stands in brackets at the end of a name."""
    return name.rpartition("(")[2].rstrip(")")


def _verdict(row: Row) -> str:
    if row.difference is None:
        return "as there is nobody to compare with"
    return f"{_THAN[row.verdict]} {row.against or 'no gain at all'}"


def _p(p: float | None) -> str:
    if p is None:
        return ""
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("= 0.", "= .").replace("1.000", "1")
