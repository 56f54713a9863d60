"""Drawings for the pages of this room, as SVG to stand in HTML. Knows numbers and names, not where from.

Colours are names of the page's own custom properties, so that one drawing serves light and dark.
"""

import io
import re
from collections.abc import Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

__all__ = [
    "SERIES",
    "Drawing",
    "Point",
    "Row",
    "Ticks",
    "areas",
    "bars",
    "canvas",
    "columns",
    "dots",
    "drawn",
    "lines",
    "over_time",
    "pairs",
]

# Stand-ins that matplotlib can draw with; each is replaced by the property of its name.
COLOURS = {
    "ink": "#010101", "muted": "#020202", "line": "#030303", "own": "#040404", "other": "#050505",
    "k1": "#060606", "k2": "#070707", "k3": "#080808", "k4": "#090909", "tint": "#0a0a0a",
}  # fmt: skip
_ROW = 0.31  # inches a row of a chart takes, of 72 units of the drawing each
_LETTER = 6.2  # units of the widest usual letter
SERIES = ("own", "other", "k1", "k2", "k3", "k4")

Ticks = tuple[Sequence[float], Sequence[str]]


class Row(NamedTuple):
    """A value with the ends of its interval or quartiles, and as it is written."""

    name: str
    value: float
    low: float
    high: float
    written: str


class Point(NamedTuple):
    """A value over time: whether it is of the training time, and whether it is beyond chance."""

    name: str
    value: float | None
    trained: bool
    differs: bool


class Drawing:
    """A drawing on its way: axes to draw on, and then its SVG."""

    def __init__(self, axes: "Axes") -> None:
        self.axes = axes
        self.svg = ""


@contextmanager
def canvas(
    title: str,
    size: tuple[float, float],
    *,
    margins: tuple[float, float, float, float] = (0.5, 0.35, 0.1, 0.1),
) -> "Iterator[Drawing]":
    """Axes of ``size`` inches with left, bottom, right and top ``margins``; the SVG is there when it ends."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    (width, height), (left, bottom, right, top) = size, margins
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": title, "font.size": 10.5}):
        figure = Figure(figsize=size)
        box = (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - bottom - top) / height,
        )
        axes = figure.add_axes(box)
        axes.spines[["left", "right", "top"]].set_visible(False)
        axes.spines["bottom"].set_color(COLOURS["line"])
        axes.tick_params(axis="both", colors=COLOURS["muted"], labelsize=9.5, length=0, pad=5)
        drawing = Drawing(axes)
        yield drawing
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    drawing.svg = drawn(out.getvalue(), title)


def drawn(svg: str, title: str) -> str:
    """Strip what only a file needs, name the drawing for those who cannot see it, and give it its colours."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)  # several drawings stand in one page
    box = re.search(r'viewBox="([^"]+)"', svg)
    assert box is not None  # matplotlib writes one
    svg = re.sub(
        r"<svg[^>]*>", f'<svg viewBox="{box.group(1)}" role="img" aria-label="{escape(title)}">', svg, count=1
    )
    for name, colour in COLOURS.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg.replace("xlink:href", "href")


def _grid(axes: "Axes", *, axis: str = "y") -> None:
    axes.set_axisbelow(True)
    (axes.yaxis if axis == "y" else axes.xaxis).grid(visible=True, color=COLOURS["line"], linewidth=0.8)


def columns(title: str, labels: Ticks, values: Sequence[float], *, size: tuple[float, float]) -> str:
    """Upright bars, one a value; ``labels`` says what stands below which of them."""
    with canvas(title, size, margins=(0.55, 0.32, 0.05, 0.12)) as drawing:
        axes = drawing.axes
        axes.bar(range(len(values)), values, width=0.82, color=COLOURS["own"])
        axes.set(xlim=(-0.6, len(values) - 0.4), ylim=(0, max([*values, 1]) * 1.06))
        axes.set_xticks(labels[0], labels[1])
        axes.locator_params(axis="y", nbins=4, integer=True)
        axes.yaxis.set_major_formatter(lambda at, _: f"{at:,.0f}")
        _grid(axes)
    return drawing.svg


def bars(title: str, rows: Sequence[tuple[str, float, str]], *, width: float = 5.0) -> str:
    """Bars that lie, each with its name before it and its value behind."""
    names = (_LETTER * max(len(name) for name, _, _ in rows) + 12) / 72
    with canvas(title, (width, _ROW * len(rows)), margins=(names, 0.02, 0.75, 0.02)) as drawing:
        axes = drawing.axes
        axes.spines["bottom"].set_visible(False)
        axes.barh(range(len(rows)), [value for _, value, _ in rows], height=0.62, color=COLOURS["own"])
        axes.set(
            ylim=(len(rows) - 0.5, -0.5), xlim=(0, max([value for _, value, _ in rows] + [1e-9])), xticks=[]
        )
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows], color=COLOURS["ink"])
        for place, (_, value, written) in enumerate(rows):
            axes.annotate(
                written,
                (value, place),
                (6, 0),
                textcoords="offset points",
                va="center",
                color=COLOURS["muted"],
            )
    return drawing.svg


def dots(
    title: str,
    rows: Sequence[Row],
    *,
    ticks: Ticks | None = None,
    scale: str = "linear",
    mark: float | None = None,
    width: float = 6.4,
) -> str:
    """Names at the left, dots with intervals on one scale, values at the right; ``mark`` is a line down."""
    names = (_LETTER * max(len(row.name) for row in rows) + 14) / 72
    with canvas(title, (width, _ROW * (len(rows) + 1.2)), margins=(names, _ROW * 1.1, 1.0, 0.03)) as drawing:
        axes = drawing.axes
        axes.set_xscale(scale)
        ends = [end for row in rows for end in (row.low, row.high, row.value)]
        if mark is not None:
            ends.append(mark)
            axes.axvline(mark, color=COLOURS["muted"], linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
        if scale == "log":
            axes.set_xlim(min(ends) / 1.25, max(ends) * 1.25)
        else:
            slack = 0.05 * (max(ends) - min(ends) or 1)
            axes.set_xlim(min(ends) - slack, max(ends) + slack)
        axes.set(ylim=(len(rows) - 0.4, -0.6), yticks=[])
        if ticks is not None:
            low, high = axes.get_xlim()
            kept = [pair for pair in zip(*ticks, strict=True) if low <= pair[0] <= high]
            axes.set_xticks([at for at, _ in kept], [name for _, name in kept])
            axes.minorticks_off()
        _grid(axes, axis="x")
        for place, row in enumerate(rows):
            axes.plot(
                [row.low, row.high], [place] * 2, color=COLOURS["own"], linewidth=4.5, alpha=0.35, zorder=2
            )
            axes.plot([row.value], [place], "o", color=COLOURS["own"], markersize=7, zorder=3)
            for at, words, side, ink in (
                (-0.02, row.name, "right", "ink"),
                (1.02, row.written, "left", "muted"),
            ):
                axes.text(
                    at, place, words, ha=side, va="center", color=COLOURS[ink],
                    transform=axes.get_yaxis_transform(),
                )  # fmt: skip
    return drawing.svg


def pairs(title: str, rows: Sequence[tuple[str, float, float | None]], *, width: float = 6.4) -> str:
    """Two shares a row, the owner's a full dot, everybody else's a ring, and the way between them."""
    names = (_LETTER * max(len(name) for name, _, _ in rows) + 14) / 72
    with canvas(title, (width, _ROW * (len(rows) + 1.2)), margins=(names, _ROW * 1.1, 0.65, 0.03)) as drawing:
        axes = drawing.axes
        reached = max(max(own, other or 0) for _, own, other in rows)
        axes.set(xlim=(-0.02, max(reached, 0.1) + 0.03), ylim=(len(rows) - 0.4, -0.6), yticks=[])
        axes.locator_params(axis="x", nbins=6)
        axes.xaxis.set_major_formatter(lambda at, _: f"{100 * at:.0f} %")
        _grid(axes, axis="x")
        for place, (name, own, other) in enumerate(rows):
            if other is not None:
                axes.plot([own, other], [place] * 2, color=COLOURS["line"], linewidth=4, zorder=2)
                axes.plot(
                    [other], [place], "o", markersize=7, zorder=3, markerfacecolor="none",
                    markeredgecolor=COLOURS["other"], markeredgewidth=2,
                )  # fmt: skip
            axes.plot([own], [place], "o", color=COLOURS["own"], markersize=8, zorder=4)
            for at, words, side, ink in (
                (-0.02, name, "right", "ink"), (1.02, f"{100 * own:.0f} %", "left", "own"),
            ):  # fmt: skip
                axes.text(
                    at, place, words, ha=side, va="center", color=COLOURS[ink],
                    transform=axes.get_yaxis_transform(),
                )  # fmt: skip
    return drawing.svg


def lines(
    title: str,
    labels: Ticks,
    values: Sequence[float | None],
    *,
    size: tuple[float, float],
    band: tuple[Sequence[float | None], Sequence[float | None]] | None = None,
    least: float | None = None,
) -> str:
    """Values over time, a band around them; the scale begins at 0, or is ``least`` high around its middle."""
    with canvas(title, size, margins=(0.45, 0.32, 0.1, 0.12)) as drawing:
        axes, places = drawing.axes, range(len(values))
        if band is not None:
            low, high = map(_gapped, band)
            axes.fill_between(places, low, high, color=COLOURS["own"], alpha=0.16, linewidth=0)
        axes.plot(places, _gapped(values), "-o", color=COLOURS["own"], linewidth=2, markersize=4)
        bottom, top = (0.0, axes.get_ylim()[1]) if least is None else axes.get_ylim()
        short = max(0.0, (least or 0.0) - (top - bottom)) / 2
        axes.set_ylim(bottom - short, top + short)
        axes.set_xlim(-0.3, len(values) - 0.7)
        axes.set_xticks(labels[0], labels[1])
        axes.locator_params(axis="y", nbins=5)
        _grid(axes)
    return drawing.svg


def _gapped(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]


def areas(title: str, labels: Ticks, series: Sequence[Sequence[float]], *, size: tuple[float, float]) -> str:
    """Shares over time, one upon the other, the first at the bottom."""
    with canvas(title, size, margins=(0.55, 0.32, 0.1, 0.12)) as drawing:
        axes = drawing.axes
        inks = [COLOURS[SERIES[n % len(SERIES)]] for n in range(len(series))]
        axes.stackplot(range(len(series[0])), series, colors=inks, linewidth=0)
        axes.set(xlim=(0, len(series[0]) - 1), ylim=(0, 1))
        axes.set_xticks(labels[0], labels[1])
        axes.locator_params(axis="y", nbins=4)
        axes.yaxis.set_major_formatter(lambda at, _: f"{100 * at:.0f} %")
    return drawing.svg


def over_time(title: str, points: Sequence[Point], *, size: tuple[float, float]) -> str:
    """Distances by quarter; 1 is the limit of chance, and the training time lies in a band."""
    with canvas(title, size, margins=(0.5, 0.55, 0.1, 0.3)) as drawing:
        axes = drawing.axes
        held = [point.value for point in points if point.value is not None]
        axes.set(xlim=(-0.5, len(points) - 0.5), ylim=(0, max([*held, 1.2]) * 1.12))
        trained = [place for place, point in enumerate(points) if point.trained]
        for place in trained:
            axes.axvspan(place - 0.5, place + 0.5, color=COLOURS["tint"], linewidth=0, zorder=0)
        if trained:
            axes.annotate(
                "it learned from", (trained[0] - 0.42, 1), (0, 4), xycoords=("data", "axes fraction"),
                textcoords="offset points", color=COLOURS["muted"], fontsize=9.5,
            )  # fmt: skip
        axes.axhline(1, color=COLOURS["muted"], linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
        values = _gapped([point.value for point in points])
        axes.plot(range(len(points)), values, color=COLOURS["line"], linewidth=2, zorder=2)
        for place, point in enumerate(points):
            if point.value is not None:
                ink = COLOURS["other" if point.differs else "own"]
                axes.plot([place], [point.value], "o", color=ink, markersize=8, zorder=3)
        step = -(-len(points) // 6)
        places = range(0, len(points), step)
        axes.set_xticks(places, [points[place].name.replace(" ", "\n") for place in places])
        axes.locator_params(axis="y", nbins=5)
    return drawing.svg
