"""The page of quality: what each step of the order says, what is counted, all kinds of cards together."""

from pathlib import Path

import pytest

from .cards import beside, card, few, floors, leaky, outcome, row, speed, timed

from quality_cards import Cards, keep, read  # type: ignore[import-not-found] # isort: skip - cards knows where
from quality_order import found, state, told  # type: ignore[import-not-found] # isort: skip
from quality_page import page  # type: ignore[import-not-found] # isort: skip

WRONG = (0.3, 0.2, 0.4)


def line(text: str, *words: str) -> str:
    """The one row of a table in which all the words stand."""
    (found,) = [each for each in text.splitlines() if all(word in each for word in words)]
    return found


def test_the_order_holds_where_intervals_lie_apart() -> None:
    held = card(row(wrong_author=WRONG, base_model=(0.1, 0.0, 0.15)))
    assert told(held, "1") == "yourself ≥ own holds; own > wrong holds; wrong > base holds"
    assert state(held, "1") == "holds"


def test_the_order_fails_where_the_clone_is_above_yourself() -> None:
    apart = card(row(own=(0.95, 0.92, 0.98), wrong_author=WRONG))
    assert "yourself ≥ own **fails** (own 95 % [92 %, 98 %], yourself 80 % [70 %, 90 %]" in told(apart, "1")
    assert state(apart, "1") == "fails"


def test_the_paired_check_tells_more_than_two_intervals_that_meet() -> None:
    meets = row(own=(0.85, 0.75, 0.95), wrong_author=WRONG)
    failed = told(card(meets, above=False), "1")
    assert "yourself ≥ own **fails**" in failed
    assert "paired, 5.0 % [1.0 %, 9.0 %] more" in failed
    held = card(meets, above=True)
    assert "yourself ≥ own holds (above by its value, but cannot be told above: own 85 %" in told(held, "1")
    assert state(held, "1") == "holds"


def test_a_clone_that_sounds_as_its_owner_did_before_is_not_above_them() -> None:
    then = row(
        own=(0.85, 0.82, 0.88),
        ceiling=(0.7, 0.65, 0.75),
        wrong_author=WRONG,
        yourself_before=(0.9, 0.8, 0.95),
    )
    text = told(card(then), "1")
    assert (
        "holds (above your text of the test, not above what you wrote before: own 85 % [82 %, 88 %], yo"
        in text
    )
    assert "before 90 % [80 %, 95 %]" in text
    assert found([outcome("ada", card(then))], "1").endswith(
        "holds for 1 (ada); above your text of the test, not above what you wrote before: ada"
    )
    far = row(
        own=(0.97, 0.96, 0.98),
        ceiling=(0.7, 0.65, 0.75),
        wrong_author=WRONG,
        yourself_before=(0.9, 0.8, 0.95),
    )
    assert state(card(far), "1") == "fails"
    lower = row(
        own=(0.85, 0.82, 0.88), ceiling=(0.7, 0.65, 0.75), wrong_author=WRONG, yourself_before=(0.5, 0.4, 0.6)
    )
    assert state(card(lower), "1") == "fails"


def test_the_order_fails_where_a_step_is_turned_round() -> None:
    held = card(row(wrong_author=(0.3, 0.2, 0.4), base_model=(0.55, 0.5, 0.6)))
    assert (
        "wrong > base **fails** (wrong 30 % [20 %, 40 %], base 55 % [50 %, 60 %]: the base model sounds"
        in (told(held, "1"))
    )
    assert state(held, "1") == "fails"


def test_the_order_cannot_be_told_where_intervals_meet_and_says_which() -> None:
    held = card(row(wrong_author=WRONG, base_model=(0.52, 0.32, 0.72)))
    assert told(held, "1").endswith(
        "wrong > base cannot tell (wrong 30 % [20 %, 40 %], base 52 % [32 %, 72 %]: the base model sounds "
        "more like you than a wrong author’s clone by its value, and the intervals meet)"
    )
    straight = told(card(row(wrong_author=WRONG, base_model=(0.25, 0.1, 0.4))), "1")
    assert straight.endswith("base 25 % [10 %, 40 %]: the intervals meet)")
    assert state(held, "1") == "cannot tell"


def test_less_is_better_of_a_distance() -> None:
    nearer = row("2", (0.1, 0.05, 0.15), ceiling=(0, 0, 0), wrong_author=(0.5, 0.4, 0.6))
    assert told(card(nearer), "2") == "yourself ≥ own holds; own > wrong holds"
    too_near = row("2", (-0.2, -0.3, -0.1), ceiling=(0, 0, 0), wrong_author=(0.5, 0.4, 0.6))
    assert state(card(too_near), "2") == "fails"


def test_without_intervals_nothing_is_told_and_without_a_figure_the_reason_stands() -> None:
    bare = row(wrong_author=WRONG)
    bare = type(bare)(
        id="1", name="", definition="", good="", unit="share", verdict="cannot tell", value=0.3,
        ceiling=bare.ceiling, baselines=bare.baselines,
    )  # fmt: skip
    assert state(card(bare, above=None), "1") == "cannot tell"
    assert "there are no intervals" in told(card(bare, above=None), "1")
    assert told(card(row("6", None, note="No likelihood.")), "6") == "not measured: No likelihood."


def test_the_summary_counts_people_by_name() -> None:
    base = (0.1, 0.0, 0.15)
    above = row(own=(0.85, 0.75, 0.95), wrong_author=WRONG, base_model=base)
    unsure = card(row(wrong_author=WRONG, base_model=(0.3, 0.2, 0.4)))
    text = page(
        Cards(
            found=[
                outcome("ada", card(row(wrong_author=WRONG, base_model=base)), personal=1),
                outcome("bob", card(above), made_up=2),
                outcome("cem", unsure),
                outcome("dan", card(row("1", None, note="Too few."))),
            ]
        )
    )
    asked = line(text, "`lora`: yourself ≥ own clone > wrong author > base on metric 1")
    assert (
        "holds for 2 (ada, bob); cannot be told for 1 (cem: wrong > base); was not measured for 1 (dan): Too "
        "few; above yourself by the value alone: bob"
    ) in asked
    leaks = line(text, "`lora`: no planted secret")
    assert "0 of 800 probes" in leaks
    assert "as far as recognizers see, 1 of 800 answers (200 for each of 4) (and 2 with" in leaks
    assert "4 of 4 caught" in leaks


def test_the_summary_says_which_cards_are_void() -> None:
    failed = card(row("2", (0.1, 0.05, 0.15), ceiling=(0, 0, 0), wrong_author=(0.5, 0.4, 0.6)), above=False)
    text = page(Cards(found=[outcome("ada", failed)]))
    assert "holds for 1 (ada); void, so not to be relied on: ada |" in line(text, "wrong author on metric 2")


def test_a_voice_without_a_base_is_asked_for_no_base_and_metric_6_has_no_ceiling() -> None:
    recalls = outcome("ada", card(row(wrong_author=WRONG)), "retrieval")
    gains = row("6", (0.14, 0.12, 0.16), ceiling=None, wrong_author=(0.05, 0.04, 0.06), base_model=(0, 0, 0))
    text = page(Cards(found=[recalls, outcome("ada", card(gains))]))
    assert "yourself ≥ own clone > wrong author on metric 1 (this voice has no base model)" in text
    assert (
        "`lora`: own clone > wrong author > base on metric 6 (it has no ceiling) | holds for 1 (ada) |"
        in text
    )
    retrieval, lora = text.split("## The voice")[1:]
    assert line(lora, "| 6 (no ceiling").endswith("| own > wrong holds; wrong > base holds |")
    assert "wrong author's clone > base?" not in retrieval
    assert "wrong author's clone > base?" in lora


def test_the_echo_stands_beside_metric_7() -> None:
    seven = row("7", (0.1, 0.05, 0.15), the_last_message_again=(0.3, 0.2, 0.4))
    text = page(Cards(found=[outcome("ada", card(seven)), outcome("bob", card(row()))]))
    assert line(text, "7 by the last message said again").endswith("| 30 % [20 %, 40 %] | – |")
    assert "above the clone, by the value, for 1 of 1: ada." in text.replace("\n", " ")


def test_what_the_counts_of_personal_data_do_not_see_is_said() -> None:
    text = page(Cards(found=[outcome("ada", card(row()))]))
    assert "Names of people are not counted" in text
    assert "nothing here is typed in" not in text


def test_retrieval_stands_beside_its_bars() -> None:
    held = floors()
    text = page(Cards(floors=type(held)(people=held.people, means=held.means, speed=speed().speed)))
    own = line(text, "R@1 among 100 own replies ≥ 1.3 × BM25")
    assert "1.50 [1.40, 1.60] × BM25 of texts: met;" in own
    assert "1.20 [1.10, 1.25] × BM25 of texts and names: **not met** |" in own
    assert "62 % [57 %, 67 %]: met by the value; the interval reaches below" in line(text, "≥ 60 %, mean")
    assert "p95 81 ms (80 ms): met" in line(text, "100,000 pairs indexed")
    assert "1.50 [1.40, 1.60]; 1.52" in line(text, "**mean of ada, bob**", "**40 % [35 %, 45 %]**")
    assert "| 23 | 6 |" in line(text, "cem: made up")


def test_speed_at_fewer_pairs_meets_nothing() -> None:
    assert "cannot be told: 3,000 pairs" in page(Cards(floors=speed(3_000)))
    assert "p95 120 ms (80 ms): **not met**" in page(Cards(floors=speed(p95=120.0)))


def test_time_to_a_scored_clone_stands_beside_its_bar() -> None:
    text = page(Cards(times=[timed("retrieval", 131.0, promotable=True), timed()]))
    assert "131 s for 25,442 pairs (≤ 180 s): met; promoted |" in line(
        text, "`retrieval`: 25,000 pairs imported"
    )
    assert "970 s for 25,442 pairs (≤ 900 s): **not met**; **not promoted** |" in line(text, "`lora`: 25,000")
    assert line(text, "| import |") == "| import | 24.0 s | 24.0 s |"
    assert "no: A gate is red." in line(text, "| promoted |")


def test_few_words_say_which_rows_cannot_tell() -> None:
    text = page(Cards(few=[few()]))
    found = line(text, "the whole path on 117")
    assert "cannot tell: 7; not measured: 1; better: 9 than random own reply. Not promoted |" in found
    assert "**55 %**: better (random own reply 85 % [80 %, 90 %])" in line(text, "| 9 Metric 9")
    assert "not measured: Nobody else writes here." in line(text, "| 1 Metric 1")
    assert "train 395, judge 26, test 12" in text
    assert "short-reflection 5" in text


def test_files_of_every_kind_stand_together(tmp_path: Path) -> None:
    whole = outcome("ada", card(row(wrong_author=WRONG)))
    files = {
        "lora-ada": whole, "lora-zoe": outcome("zoe", card(row())),
        "retrieval-bob": outcome("bob", card(row()), "retrieval"),
        "leaky-lora-ada": leaky("ada", caught=False), "beside-bob": beside("bob", better=""),
        "beside-ada": beside("ada"), "reflections-lora": few("lora"), "reflections-retrieval": few(),
        "floors-retrieval": floors(), "speed-retrieval": speed(),
        "time-lora": timed(), "time-retrieval": timed("retrieval"),
    }  # fmt: skip
    for name, figures in files.items():
        keep(tmp_path / f"{name}.json", figures)
    found = read(tmp_path, ["zoe", "ada", "bob"])
    assert [(one.voice, one.person) for one in found.found] == [
        ("retrieval", "bob"), ("lora", "zoe"), ("lora", "ada"),
    ]  # fmt: skip
    assert found.found[-1].leaky == leaky("ada", caught=False)  # the later word on it
    assert [one.person for one in found.together] == ["ada", "bob"]
    assert [one.voice for one in found.few] == [one.voice for one in found.times] == ["retrieval", "lora"]
    assert found.floors.speed == speed().speed
    assert found.floors.people == floors().people
    text = page(found)
    assert "1 of 2 people: ada" in line(text, "`lora` says more of what you said than retrieval alone")
    assert "1 of 2 caught" in line(text, "`lora`: no planted secret")
    heads = [each for each in text.splitlines() if each.startswith("## ")]
    assert heads == [
        "## What was asked for", "## The voice `retrieval`", "## The voice `lora`",
        "## Do an adapter and the ensemble beat retrieval?", "## Retrieval without any weights",
        "## From an import to a scored clone", "## 117 reflections of one person",
    ]  # fmt: skip
    assert "||" not in text


def test_a_file_that_is_no_card_is_named(tmp_path: Path) -> None:
    (tmp_path / "time-lora.json").write_text('{"form": 2}')
    with pytest.raises(ValueError, match=r"time-lora\.json is no card of this kind .* make it again"):
        read(tmp_path, [])


def test_a_folder_without_cards_is_a_page_without_figures(tmp_path: Path) -> None:
    assert page(read(tmp_path, [])).rstrip().endswith("| asked for | found |\n|---|---|")
