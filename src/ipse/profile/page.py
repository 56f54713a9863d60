"""One self-contained page of a style profile: asks nothing of any network, reads well in light and dark.

Knows how a profile looks, not how it was measured; whose name stands for a pseudonym is told to it.
"""

from collections.abc import Mapping

from ipse.profile import wording
from ipse.profile.plots import plots, shown_languages
from ipse.profile.results import Profile

__all__ = ["render"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def render(profile: Profile, names: Mapping[str, str] | None = None) -> str:
    """The profile as HTML; ``names`` tells what to call a pseudonym. What came from records is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("ipse.profile", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    called = dict(names or {})

    def name(contact: str) -> str:
        return called.get(contact) or contact

    environment.filters.update(
        wait=wording.wait, name=name, language=wording.language, words=wording.words, count="{:,}".format,
        percent=wording.percent, signed=wording.signed,
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        profile=profile,
        plots=plots(profile, name),
        weekdays=WEEKDAYS,
        busiest=max(*map(max, profile.hours), 1),
        peak=_peak(profile),
        tongues=shown_languages(profile),
        named=bool(called),
    )


def _peak(profile: Profile) -> tuple[str, int] | None:
    """The weekday and hour in which most is written, the first among equals."""
    every = ((n, -day, -hour) for day, row in enumerate(profile.hours) for hour, n in enumerate(row))
    count, day, hour = max(every)
    return (WEEKDAYS[-day], -hour) if count else None
