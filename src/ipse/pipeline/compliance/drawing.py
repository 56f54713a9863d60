"""Two drawings of a report as inline SVG: how much is kept of which month, and what leads to which model.

By hand rather than by matplotlib: boxes and lines only, coloured by the page's own properties, and the same
bytes everywhere, for a page is verified by drawing it again.
"""

from collections.abc import Iterable, Sequence
from html import escape

from ipse.pipeline.compliance.results import ModelRow, Month

__all__ = ["CATEGORIES", "inventory", "lineage"]

CATEGORIES = ("your messages", "messages of others", "calls and notices", "events",
              "marks of what was refused or erased")  # fmt: skip
WIDTH, HEIGHT = 720, 230
LEFT, BOTTOM, TOP = 52, 34, 12
BOX, GAP, ROW = 168, 68, 62  # a box of the lineage, between columns, from row to row


def inventory(months: Sequence[Month]) -> str:
    """Stacked bars, one a month; the empty months between are drawn too. Empty text where there are none."""
    if not months:
        return ""
    axis = _axis(months[0].month, months[-1].month)
    per = max(1, -(-len(axis) // 120))  # months a bar, so that bars stay wide enough to be seen
    bars = _bars(months, axis, per)
    top = _nice(max(sum(counts.values()) for _, counts in bars))
    scale = (HEIGHT - BOTTOM - TOP) / top
    step = (WIDTH - LEFT - 8) / len(bars)
    base = HEIGHT - BOTTOM
    out = []
    for share in (0.0, 0.5, 1.0):
        y = base - share * top * scale
        out.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(_text(LEFT - 8, y + 4, _short(share * top), anchor="end"))
    labelled = max(1, -(-len(bars) // 9))
    for place, (month, counts) in enumerate(bars):
        x, y = LEFT + place * step, float(base)
        told = ", ".join(f"{counts[name]:,} {name}" for name in CATEGORIES if counts.get(name))
        for kind, name in enumerate(CATEGORIES):
            height = counts.get(name, 0) * scale
            if height:
                y -= height
                out.append(
                    f'<rect class="k{kind}" x="{x + 0.1 * step:.1f}" y="{y:.1f}" width="{0.8 * step:.1f}" '
                    f'height="{height:.1f}"><title>{month}: {told}</title></rect>'
                )
        if place % labelled == 0:
            out.append(_text(x + step / 2, base + 18, month, anchor="middle"))
    return _svg("Records by month and category", WIDTH, HEIGHT, out)


def lineage(rows: Sequence[ModelRow]) -> str:
    """Columns from left to right: consents with their sources, datasets, models."""
    if not rows:
        return ""
    consents = list(
        dict.fromkeys((consent, source) for row in rows for source, consent in row.consents.items())
    )
    models = [(row, at) for row in rows for at in range(len(row.models))]
    columns = (len(consents), len(rows), len(models))
    height = 34 + ROW * max(columns)
    out = [
        f'<text class="head" x="{_x(at)}" y="14">{name}</text>'
        for at, name in enumerate(("consent", "dataset", "model"))
    ]
    for place, row in enumerate(rows):
        y = _y(place, len(rows), height)
        for source, consent in row.consents.items():
            out.append(_link(0, _y(consents.index((consent, source)), len(consents), height), y))
        out += [
            _link(1, y, _y(models.index((row, at)), len(models), height)) for at in range(len(row.models))
        ]
    for place, (consent, source) in enumerate(consents):
        out += _box(0, _y(place, len(consents), height), source, consent)
    for place, row in enumerate(rows):
        told = f"{row.examples:,} examples" if row.kept else "not there"
        out += _box(1, _y(place, len(rows), height), row.dataset, told, "" if row.kept else "lost")
    for place, (row, at) in enumerate(models):
        name = row.models[at]
        speaks = ", speaks" if name == row.champion else ""
        out += _box(
            2, _y(place, len(models), height), name, row.methods[at] + speaks, "main" if speaks else ""
        )
    return _svg("From consents to datasets to models", 3 * BOX + 2 * GAP + 4, height, out)


def _axis(first: str, last: str) -> list[str]:
    """Every month from the first to the last."""
    year, month = map(int, first.split("-"))
    found = [first]
    while found[-1] < last:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        found.append(f"{year:04}-{month:02}")
    return found


def _bars(months: Sequence[Month], axis: Sequence[str], per: int) -> list[tuple[str, dict[str, int]]]:
    held = {one.month: one.counts for one in months}
    bars = []
    for at in range(0, len(axis), per):
        counts: dict[str, int] = {}
        for month in axis[at : at + per]:
            for name, count in held.get(month, {}).items():
                counts[name] = counts.get(name, 0) + count
        bars.append((axis[at], counts))
    return bars


def _nice(most: int) -> int:
    """The next number above that is easy to halve and to read."""
    power = 1
    while True:
        for first in (2, 4, 6, 8, 10):
            if first * power >= most:
                return first * power
        power *= 10


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= 10_000 else f"{value:,.0f}"


def _text(x: float, y: float, written: str, *, anchor: str) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{written}</text>'


def _x(column: int) -> int:
    return 2 + column * (BOX + GAP)


def _y(place: int, of: int, height: int) -> float:
    return 24 + (height - 24) * (place + 0.5) / of


def _link(column: int, start: float, end: float) -> str:
    x1, x2 = _x(column) + BOX, _x(column + 1)
    middle = (x1 + x2) / 2
    curve = f"M{x1} {start:.1f} C{middle:.1f} {start:.1f} {middle:.1f} {end:.1f} {x2} {end:.1f}"
    return f'<path class="link" d="{curve}"/>'


def _box(column: int, y: float, name: str, told: str, kind: str = "") -> Iterable[str]:
    x = _x(column)
    yield f'<rect class="box {kind}" x="{x}" y="{y - 23:.1f}" width="{BOX}" height="46" rx="9"/>'
    yield f'<text class="name" x="{x + 12}" y="{y - 3:.1f}">{escape(name)}</text>'
    yield f'<text class="tick" x="{x + 12}" y="{y + 14:.1f}">{escape(told)}</text>'


def _svg(title: str, width: int, height: int, inside: Iterable[str]) -> str:
    body = "\n".join(inside)
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">\n{body}\n</svg>'
