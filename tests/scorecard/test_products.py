import msgspec
import pytest

from ipse.scorecard import Figure, Product, Scorecard
from ipse.scorecard.products import products


def test_the_right_clone_has_most_of_its_owner(own_card: Scorecard) -> None:
    consistency, relevance, feelings, facts = own_card.products
    assert consistency.rows == ("1", "2", "3", "4")
    assert consistency.figure is not None
    assert consistency.figure.low is not None
    assert 0.7 < consistency.figure.low <= consistency.figure.value <= 1
    assert consistency.floor is not None
    assert relevance.figure is not None
    assert relevance.floor is not None
    assert relevance.figure.value > relevance.floor.value
    assert "second day" in relevance.cannot
    assert feelings.figure is not None
    assert feelings.met is False  # an emoticon now and then, drawn by lot
    assert facts.figure is not None
    assert facts.figure.value == 1.0


def test_nothing_measured_is_nothing_promised() -> None:
    assert [each.figure for each in products({})] == [None] * 4


@pytest.mark.parametrize(
    ("figure", "met"),
    [(Figure(0.95, 0.92, 0.97), True), (Figure(0.95, 0.88, 0.97), None), (Figure(0.5, 0.4, 0.6), False),
     (Figure(0.95), None), (None, None)],
)  # fmt: skip
def test_a_target_is_met_by_the_whole_interval(figure: Figure | None, met: bool | None) -> None:  # noqa: FBT001
    assert Product(name="x", figure=figure, target=0.9, rows=(), cannot="").met is met


def test_they_stay_in_the_json(own_card: Scorecard) -> None:
    again = Scorecard.from_json(own_card.to_json())
    assert again.products == own_card.products
    old = msgspec.json.decode(own_card.to_json())
    for name in ("products", "humans", "forced"):
        del old[name]
    assert Scorecard.from_json(msgspec.json.encode(old)).products == ()
