"""Plots of a scorecard as SVG to stand in a page. Knows figures, not how they came about.

Colours are names of the page's own custom properties, so that one drawing serves light and dark.
"""

import io
import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, TypeAlias

from ipse.scorecard.results import BEFORE, CEILING, CLONE, WRONG, Figure, Row, Unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["contenders", "headlines", "shown"]

# Stand-ins that matplotlib can draw with; each is replaced by the property of its name.
_COLOURS = {"ink": "#010101", "muted": "#020202", "line": "#030303", "clone": "#040404", "self": "#050505"}
_WIDTH, _WIDE, _ROW = 5.0, 5.8, 0.29  # inches, of 72 units of the drawing each
_LETTER, _VALUES = 6.1, 0.87  # units of the widest usual letter; where values begin, as a share of the width
_BEYOND = 0.6  # of the way from a stranger to you, shown on either side
_ROLES = {WRONG: "ink", BEFORE: "self"}
_FAR = 4.0  # a ceiling so many times beyond everybody else is named, not drawn

_SIGNS: dict[Unit, str] = {"share": " %", "seconds": " s", "megabytes": " MB"}

_Line: TypeAlias = tuple[str, Figure, str, str]  # name, figure, colour, value as written


def shown(value: float | None, unit: Unit) -> str:
    """A value as it is written: shares in per cent, the rest with as many digits as mean something."""
    if value is None:
        return "–"
    small = unit == "share" and 0.0005 <= abs(value) < 0.0995
    digits = {"share": int(small), "points": 1, "megabytes": 0, "seconds": _places(value)}.get(unit, 2)
    scaled = round(100 * value if unit == "share" else value, digits) + 0.0  # no minus before a nought
    return f"{scaled:.{digits}f}{_SIGNS.get(unit, '')}".replace("-", "−")


def _places(seconds: float) -> int:
    """Milliseconds below a second, seconds from ten on."""
    return 3 if abs(seconds) < 1 else 1 if abs(seconds) < 10 else 0


def headlines(rows: Sequence[Row]) -> str:
    """Where the clone stands between a wrong author (0 %) and the owner (100 %), metric by metric."""
    lines = [
        (row.name.partition(" (")[0], row.headline, "clone", shown(row.headline.value, "share"))
        for row in rows
        if row.headline is not None
    ]
    if not lines:
        return ""
    marks = [(0.0, "a stranger’s clone", "muted"), (1.0, "you", "self")]
    low, high = _span([*(line[1] for line in lines), Figure(0.0), Figure(1.0)])
    # An interval of a share of hardly anything is wide without end; it may not press the rest together.
    span = (max(low, -_BEYOND), min(high, 1 + _BEYOND))
    return _draw("How far from a stranger’s clone to you, by metric", lines, marks, (span, "share"))


def contenders(row: Row) -> str:
    """All contenders of one metric on one scale with their intervals, the clone first."""
    if row.value is None or row.verdict == "measured":  # a figure that is held against nobody
        return ""
    lines = [(CLONE, Figure(row.value, row.low, row.high), "clone", shown(row.value, row.unit))]
    lines += [
        (name, each, _ROLES.get(name, "muted"), shown(each.value, row.unit))
        for name, each in sorted(row.baselines.items(), key=_place)
    ]
    figures = [line[1] for line in lines]
    marks: list[tuple[float, str, str]] = []
    if row.ceiling is not None:
        reached = max(abs(figure.value) for figure in figures)
        if row.unit != "points" or abs(row.ceiling.value) < _FAR * reached:
            figures.append(row.ceiling)
            marks = [(row.ceiling.value, "", "self")]
            lines.append((CEILING, row.ceiling, "self", shown(row.ceiling.value, row.unit)))
    if row.unit in ("points", "bits"):
        marks.append((0.0, "", "line"))
    fixed: dict[Unit, list[float]] = {
        "share": [0.0, 1.0],
        "auc": [0.5, 1.0],
        "distance": [0.0],
        "seconds": [0.0],
    }
    span = _span([*figures, *(Figure(at) for at in fixed.get(row.unit, []))])
    return _draw(f"{row.name}: all contenders", lines, marks, (span, row.unit))


def _place(item: tuple[str, Figure]) -> tuple[bool, bool]:
    """Next to the clone whom it must beat, next to the owner what they wrote before."""
    return item[0] != WRONG, item[0] == BEFORE


def _tick(at: float, unit: Unit) -> str:
    return (f"{100 * at:.3g} %" if unit == "share" else f"{at:.3g}").replace("-", "−")


def _span(figures: Sequence[Figure]) -> tuple[float, float]:
    ends = [end for each in figures for end in (each.value, each.low, each.high) if end is not None]
    slack = 0.04 * (max(ends) - min(ends) or 1.0)
    return min(ends) - slack, max(ends) + slack


def _draw(
    title: str,
    lines: Sequence[_Line],
    marks: Sequence[tuple[float, str, str]],
    scale: tuple[tuple[float, float], Unit],
) -> str:
    """Names at the left, dots with intervals on one scale, values at the right."""
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    span, unit = scale
    headed = any(name for _, name, _ in marks)
    height = _ROW * (len(lines) + 1.1 + headed)
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": title, "font.size": 10.5}):
        width = _WIDE if headed else _WIDTH
        canvas = Canvas(figsize=(width, height))
        names = (_LETTER * max(len(line[0]) for line in lines) + 14) / (72 * width)
        bottom, top = _ROW * 1.1 / height, 1 - _ROW * headed / height
        axes = canvas.add_axes((names, bottom, _VALUES - names, top - bottom))
        axes.set(xlim=span, ylim=(len(lines) - 0.5, -0.5), yticks=[])
        axes.spines[["left", "right", "top"]].set_visible(False)
        axes.spines["bottom"].set_color(_COLOURS["line"])
        axes.tick_params(axis="x", colors=_COLOURS["muted"], labelsize=9, length=3)
        axes.locator_params(axis="x", nbins=6)
        axes.xaxis.set_major_formatter(lambda at, _: _tick(at, unit))
        for at, name, colour in marks:
            style = "-" if colour == "line" else (0, (4, 3))
            axes.axvline(at, color=_COLOURS[colour], linewidth=1.1, linestyle=style, zorder=1)
            axes.text(at, -0.75, name, color=_COLOURS[colour], ha="center", fontsize=9.5)
        for place, line in enumerate(lines):
            _put(axes, place, line, span)
        out = io.StringIO()
        canvas.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return _inline(out.getvalue(), title)


def _put(axes: "Axes", place: int, line: _Line, span: tuple[float, float]) -> None:
    name, figure, colour, written = line
    ink, main = _COLOURS[colour], colour in ("clone", "self")
    if figure.low is not None and figure.high is not None:
        ends = [max(figure.low, span[0]), min(figure.high, span[1])]
        axes.plot(ends, [place, place], color=ink, linewidth=3.2 if main else 1.8, alpha=0.45, zorder=2)
    axes.plot(
        [min(max(figure.value, span[0]), span[1])],
        [place],
        "o",
        color=ink,
        markersize=7 if main else 5,
        zorder=3,
    )
    for at, words, side in ((-0.03, name, "right"), (1.03, written, "left")):
        text = axes.text(at, place, words, ha=side, va="center", transform=axes.get_yaxis_transform())
        own = name in (CLONE, CEILING)
        text.set(color=ink if own else _COLOURS["ink"], weight="bold" if own else "normal")


def _inline(svg: str, title: str) -> str:
    """Strip what only a file needs, name the drawing for those who cannot see it, and give it its colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    box = re.search(r'viewBox="([^"]+)"', svg)
    assert box is not None
    svg = re.sub(
        r"<svg[^>]*>",
        f'<svg viewBox="{box.group(1)}" role="img" aria-label="{escape(title)}">',
        svg,
        count=1,
    )
    for name, colour in _COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg.replace("xlink:href", "href")
