"""One self-contained page of a report: it asks nothing of any network, reads well in light, dark and print.

It holds the signed report it was made from. The same report gives the same bytes. Knows how a report looks,
not how it is made.
"""

import re
from datetime import datetime

import msgspec

from ipse.pipeline.compliance.drawing import inventory, lineage
from ipse.pipeline.compliance.results import SignedReport

__all__ = ["embedded", "render"]

_HELD = re.compile(rb'<script type="application/json" id="report">(.*?)</script>', re.DOTALL)


def render(signed: SignedReport) -> str:
    """The page. Everything that came from the vault is escaped; plots are inline SVG."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("ipse.pipeline.compliance", "."), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(day=_day, number=_number, slug=_slug)
    raw = msgspec.json.encode(signed, order="sorted")
    report = msgspec.json.decode(raw, type=SignedReport).report  # in the order in which it will be read again
    held = raw.decode().replace("<", "\\u003c")
    return environment.get_template("page.html.j2").render(
        report=report,
        signed=signed,
        tally=report.tally(),
        failing=[line for line in report.lines if line.state == "fail"],
        plot=Markup(inventory(report.months)),  # noqa: S704 - drawn here, its texts escaped
        drawn=Markup(lineage(report.models)),  # noqa: S704
        held=Markup(held),  # noqa: S704 - JSON without a `<`
    )


def embedded(page: bytes) -> bytes:
    """The signed report in a page; raises ``ValueError`` where there is none."""
    found = _HELD.search(page)
    if found is None:
        raise ValueError("no report in the page")
    return found[1]


def _day(at: datetime | None) -> str:
    return f"{at.day} {at:%b %Y}" if at else "–"


def _number(value: int) -> str:
    return f"{value:,}"


def _slug(state: str) -> str:
    return state.replace(" ", "-")
