import msgspec
import pytest

from ipse.scorecard import Check, Scorecard, table


def test_a_card_is_the_same_after_json(own_card: Scorecard) -> None:
    data = own_card.to_json()
    assert Scorecard.from_json(data) == own_card
    assert Scorecard.from_json(data.decode()) == own_card


def test_what_is_no_card_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        Scorecard.from_json(b'{"model": 3}')


def test_rows_are_found_by_id(own_card: Scorecard) -> None:
    assert own_card.row("5b").name.startswith("Picks your reply")
    with pytest.raises(KeyError):
        own_card.row("99")


def test_one_failed_check_voids_a_card(own_card: Scorecard) -> None:
    assert not own_card.void
    failed = msgspec.structs.replace(own_card, self_checks=(Check(name="x", passed=False),))
    unmade = msgspec.structs.replace(own_card, self_checks=(Check(name="x", passed=None),))
    assert failed.void
    assert not unmade.void


def test_the_table_for_the_terminal_holds_the_primary_rows(own_card: Scorecard) -> None:
    rows = table(own_card)
    ids = ["1", "2", "3", "4", "5a", "5b", "6", "6", "7", "8", "9", "11", "12"]
    assert [row["metric"].split()[0] for row in rows] == ids
    first = rows[0]
    assert set(first) == {
        "metric", "clone", "wrong author", "random own", "yourself", "of the way", "verdict", "good",
    }  # fmt: skip
    assert first["verdict"] == "better"
    assert first["of the way"].endswith(" %")
    assert "[" in first["clone"]
    assert rows[6]["clone"] == "–"
    assert rows[6]["verdict"] == "not measured"
