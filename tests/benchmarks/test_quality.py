"""What `quality.py --all` would make, and the path of few words, on made-up answers."""

import random
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import quality  # type: ignore[import-not-found]
import reflections  # type: ignore[import-not-found]
from quality_cards import Cards, Few, keep, read  # type: ignore[import-not-found]
from quality_page import page  # type: ignore[import-not-found]

PEOPLE = ["chat-1", "chat-2", "chat-3", "qa", "list"]
THINGS = ["garden", "kitchen", "harbour", "library", "workshop", "orchard", "station", "attic"]
SENTENCES = [
    "I went back to the {thing} that spring and stayed until the lamps came on along the road.",
    "The {thing} has a smell of its own, of rope and paper, whenever I open a drawer at home.",
    "That {thing} was smaller than I had it in my head, {number} steps from one wall to the other.",
    "So I sat down in the {thing} with a pencil and wrote the names of everybody who had worked there.",
    "It took me {number} evenings to draw the {thing} from memory, and I left the door out on purpose.",
    "Whoever asks about the {thing} gets the short answer, which is that it taught me how to wait.",
]


def made(many: int) -> list[dict[str, str]]:
    """A journal in which nothing of an answer follows from its question."""
    rng = random.Random(7)
    rows = []
    for n in range(many):
        said = " ".join(rng.sample(SENTENCES, 4)).replace("{thing}", rng.choice(THINGS))
        rows.append(
            {
                "user_id": reflections.ME, "question_id": f"q{n}",
                "created_at": f"20{10 + n // 12:02}-{n % 12 + 1:02}-01T20:00:00+00:00",
                "question": f"What does the {rng.choice(THINGS)} mean to you?",
                "response_text": said.replace("{number}", str(rng.randint(5, 400))),
            }
        )  # fmt: skip
    return rows


def test_all_names_what_is_missing_and_nothing_else(tmp_path: Path) -> None:
    todo = {file.stem: words for file, words in quality.missing(tmp_path, Path("data"), 400)}
    voices = [f"{voice}-{person}" for voice in ("retrieval", "lora") for person in PEOPLE]
    others = [f"beside-{person}" for person in PEOPLE]
    others += [f"reflections-{voice}" for voice in ("retrieval", "lora")]
    others += ["floors-retrieval", "speed-retrieval", "time-retrieval", "time-lora"]
    assert list(todo) == voices + others
    (tmp_path / "lora-qa.json").write_text("{}")
    left = [file.stem for file, _ in quality.missing(tmp_path, Path("data"), 400)]
    assert left == [name for name in todo if name != "lora-qa"]


def test_every_command_of_all_is_one_that_its_script_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, words in quality.missing(tmp_path, Path("data"), 400):
        assert (Path(quality.__file__).parent / words[0]).is_file()
        if words[0] == "quality.py":
            monkeypatch.setattr(sys, "argv", list(words))
            asked = quality._options()
            assert asked.cards == tmp_path
            name = f"{asked.voices[0]}-{asked.people[0]}"
            name = f"beside-{asked.people[0]}" if asked.beside else name
            assert file.stem == (f"reflections-{asked.voices[0]}" if asked.reflections else name)
        else:
            assert words[-2:] == ["--json", str(file)]


def test_all_without_the_data_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "--all",
        "--data",
        str(tmp_path / "none"),
        "--cards",
        str(tmp_path),
        "--page",
        str(tmp_path / "p"),
    ]
    monkeypatch.setattr(sys, "argv", ["quality.py", *words])
    assert quality.main() == 2
    assert "There is no folder" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_few_words_go_the_whole_way_and_tell_little(tmp_path: Path) -> None:
    settings = {**reflections.SETTINGS, "scorecard": {"resamples": 100, "seeds": 1}}
    settings["dataset"] = {**settings["dataset"], "near_duplicate": 0.99}
    few = reflections.walked(made(60), "retrieval", told="Made-up answers", settings=settings)
    assert isinstance(few, Few)
    assert few.answers == 60
    assert few.sets["test"] == 6
    assert few.sets["train"] > 60  # copies with another input
    assert list(few.seconds) == ["import", "prepare", "train", "judge"]
    assert not few.card.promotable
    assert few.card.row("1").verdict == "not measured"
    assert few.card.row("7").verdict == "cannot tell"
    keep(tmp_path / "reflections-retrieval.json", few)
    text = page(read(tmp_path, PEOPLE))
    assert "the whole path on 60 reflections" in text
    assert "metrics that say cannot tell: 7" in text
    assert text == page(Cards(few=[few]))


@pytest.mark.shared
def test_the_answers_of_the_press_secretary_are_as_the_guide_says(shared: Path) -> None:
    rows = reflections.answers_of(shared)
    assert len(rows) == 117
    assert len({row["question_id"] for row in rows}) == 117
    assert all(70 <= len(row["response_text"].split()) <= 200 for row in rows)
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
