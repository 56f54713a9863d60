import re
from html.parser import HTMLParser

import msgspec
import pytest

from ipse.records import Turn
from ipse.scorecard import Check, Figure, Row, Scorecard, render
from ipse.scorecard.plots import contenders, headlines, shown
from ipse.scorecard.results import Gate

from .people import World

VOID = {"meta", "br", "circle", "link", "img", "input", "hr"}


class Balanced(HTMLParser):
    """Checks that what is opened is closed, and gathers headings and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> Balanced:
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    return parser


@pytest.fixture(scope="module")
def page(own_card: Scorecard) -> str:
    return render(own_card)


def test_the_page_asks_nothing_of_any_network(page: str) -> None:
    outside = [
        (tag, name, value)
        for tag, name, value in read(page).attributes
        if name in ("src", "href", "xlink:href", "action", "srcset") and not value.startswith("#")
    ]
    assert outside == []
    assert "http://" not in page
    assert "https://" not in page
    assert "@import" not in page
    assert "<script" not in page
    assert "url(http" not in page
    assert "default-src 'none'" in page


def test_every_plot_has_a_name_and_every_id_is_used_once(page: str) -> None:
    attributes = read(page).attributes
    drawings = [value for tag, name, value in attributes if tag == "svg" and name == "aria-label"]
    assert len(drawings) == 10
    assert all(drawings)
    labels = [value for tag, name, value in attributes if name == "id" and tag in ("h3", "svg")]
    assert len(labels) == len(set(labels))


def test_plots_take_their_colours_from_the_page(page: str) -> None:
    assert "#010101" not in page
    for name in set(re.findall(r"var\(--([a-z-]+)\)", page)):
        assert f"--{name}:" in page
    assert page.count("prefers-color-scheme: dark") == 1


def test_what_was_said_is_escaped(own_card: Scorecard) -> None:
    sample = msgspec.structs.replace(
        own_card.samples[0], reply="<script>alert(1)</script>", context=(Turn("partner", "<b>", "a & b"),)
    )
    shown_page = render(msgspec.structs.replace(own_card, samples=(sample,), model="<i>"))
    assert "<script" not in shown_page
    assert "&lt;script&gt;" in shown_page
    assert "<b>" not in shown_page
    assert "<i>" not in shown_page
    read(shown_page)


def test_the_verdict_stands_first(own_card: Scorecard) -> None:
    failing = (Check(name="It holds", passed=False, figure=Figure(0.7, 0.6, 0.8)),)
    cards = {
        "has earned its promotion": own_card,
        "the default voice stays": msgspec.structs.replace(own_card, promotable=False),
        "This card is void": msgspec.structs.replace(own_card, self_checks=failing, promotable=False),
    }
    for words, card in cards.items():
        assert words in render(card)
    broken = (Gate(id="10a", name="x", passed=False, found=2, answers=9),)
    assert "✗ broken" in render(msgspec.structs.replace(own_card, gates=broken))


def test_what_was_not_measured_says_why(own_card: Scorecard, page: str) -> None:
    assert "<h2>Not measured</h2>" in page
    assert own_card.row("6").note in page


def test_a_card_with_hardly_anything_still_makes_a_page(world: World) -> None:
    data = msgspec.structs.replace(world.data, impostors={}, judge=[], test=world.data.test[:15])
    card = msgspec.structs.replace(world.judge(world.clone(), data=data), samples=(), reasons=())
    shown_page = render(card)
    read(shown_page)
    assert "<svg" not in shown_page
    assert "In its own words" not in shown_page


def test_a_page_is_the_same_again(own_card: Scorecard, page: str) -> None:
    assert render(own_card) == page


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.5, "share", "50 %"),
        (0.034, "share", "3.4 %"),
        (1e-17, "share", "0 %"),
        (-0.0001, "auc", "0.00"),
        (-1.5, "bits", "−1.50"),
        (12.34, "points", "12.3"),
        (None, "share", "–"),
    ],
)
def test_values_are_written_by_their_unit(value: float | None, unit: str, text: str) -> None:
    assert shown(value, unit) == text  # type: ignore[arg-type]


def test_an_unreachable_ceiling_does_not_press_the_rest_into_a_corner(own_card: Scorecard) -> None:
    assert "yourself" not in contenders(own_card.row("7"))
    assert "yourself" in contenders(own_card.row("1"))


def test_there_is_no_plot_of_nothing(own_card: Scorecard) -> None:
    empty = Row(id="1", name="x", definition="", good="", unit="share", verdict="not measured")
    assert contenders(empty) == headlines([empty]) == ""


def test_figures_without_intervals_and_rows_without_rivals_are_written_plainly(own_card: Scorecard) -> None:
    row = msgspec.structs.replace(
        own_card.row("5b"), low=None, high=None, ceiling=None, headline=None, difference=None, p=None,
        baselines={"wrong author": Figure(0.25)}, verdict="cannot tell",
    )  # fmt: skip
    further = msgspec.structs.replace(own_card.row("5b R@10"), baselines={}, ceiling=None)
    shown_page = render(msgspec.structs.replace(own_card, rows=(row, further)))
    read(shown_page)
    assert "nobody to compare with" in shown_page
    assert "<td>25 %</td><td>–</td>" in shown_page
    assert "p &lt;" not in shown_page


def test_p_values_are_written_short(own_card: Scorecard) -> None:
    rows = [msgspec.structs.replace(own_card.row("7"), p=p) for p in (0.0004, 0.0312, 1.0)]
    shown_page = render(msgspec.structs.replace(own_card, rows=tuple(rows)))
    assert "p &lt; .001" in shown_page
    assert "p = .031" in shown_page
    assert "p = 1" in shown_page
