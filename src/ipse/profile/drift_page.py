"""One self-contained page of how the owner's style drifts. Knows how it looks, not how it was measured."""

from collections.abc import Sequence

from ipse.profile.drawing import Point, over_time
from ipse.profile.drift import Distance, Drift
from ipse.profile.wording import quarter_name

__all__ = ["advice", "render"]


def advice(found: Drift) -> str:
    """What to do, in one or two sentences."""
    model = found.lineage.model
    if found.verdict == "too little to tell":
        return (
            f"Since {model} learned you wrote {found.newer:,} turns: too little to tell whether you changed."
        )
    if found.verdict == "as it was":
        return (
            f"You still write as {model} learned you: what you wrote since is within your own ups and downs."
        )
    since = f"since {quarter_name(found.since)}" if found.since else "since then"
    beyond = " and ".join(
        f"{name} {each.value:.1f} times" for name, each in _told(found) if each is not None and each.value > 1
    )
    return (
        f"Your messages {since} differ from what {model} learned from: {beyond} as far as "
        "the 95th percentile of your own null. A retrain is worth it."
    )


def _told(found: Drift) -> Sequence[tuple[str, Distance | None]]:
    return (("habits", found.habits), ("cosine Delta", found.delta))


def render(found: Drift) -> str:
    """The drift as HTML; its drawings are inline SVG."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ipse.profile", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        count="{:,}".format, quarter=quarter_name, rate=_rate, distance=_distance, probability=_probability
    )
    return environment.get_template("drift.html.j2").render(
        found=found,
        advice=advice(found),
        measures=[
            ("Habits", "s-habits", _plot("Habits", found, "habits"), found.habits, _HABITS),
            ("Cosine Delta", "s-delta", _plot("Cosine Delta", found, "delta"), found.delta, _DELTA),
        ],
    )


_HABITS = (
    "How far some forty small habits (lengths, capitals, marks, emoji, laughter) are from those of the "
    "training talks."
)
_DELTA = (
    "How far your use of the 150 commonest words and marks turned away, seen beside how everybody else "
    "uses them."
)


def _plot(name: str, found: Drift, field: str) -> str:
    points = [
        Point(
            quarter_name(each.label), distance.value if distance else None, each.trained > 0.5, each.differs
        )
        for each in found.quarters
        for distance in [getattr(each, field)]
    ]
    if all(point.value is None for point in points):
        return ""
    return over_time(f"{name}: distance of each quarter to the training talks", points, size=(10.4, 2.7))


def _rate(value: float) -> str:
    return f"{value:.3g}"


def _distance(distance: Distance | None) -> str:
    return f"{distance.value:.2f}" if distance else "–"


def _probability(distance: Distance | None) -> str:
    if distance is None:
        return "–"
    return f"{distance.p:.3f}".lstrip("0") if distance.p < 0.9995 else "1"
