import gzip
import io
import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ipse.config import RetrievalSettings, Settings
from ipse.errors import CancelledError, LearnerError, MissingExtraError
from ipse.interfaces import Learner
from ipse.learners import matching, memory
from ipse.learners.features import GRAMS, bags, grams, situations, words
from ipse.learners.matching import PLAIN, VIEWS
from ipse.learners.memory import Memory, Past
from ipse.learners.retrieval import RetrievalLearner
from ipse.learners.tuning import best_blend, best_mix, best_search, crowds, ranks, strangers
from ipse.records import Example, Turn

START = datetime(2024, 1, 1, tzinfo=UTC)
# What is asked and what is said share no word: only pairs can teach what belongs together.
TOPICS = {
    "kettle boil leaves mug": "Assam please",
    "pedal chain saddle tyre": "pump first",
    "Zug Gleis Abfahrt Schaffner": "nehme den späten",
    "Teig Ofen Mehl Hefe": "lass ihn gehen",
    "rain cloud umbrella forecast": "staying indoors",
    "goal referee striker penalty": "we were robbed",
}


def quiet(done: float, total: float | None, figures: Mapping[str, float]) -> None:
    """Progress that nobody watches."""


def talk(count: int, seed: int, first: int = 0) -> list[Example]:
    """Questions of one topic each, and what this person says to it, never in quite the same words."""
    rng = random.Random(seed)
    found = []
    for number in range(first, first + count):
        asked, said = rng.choice(sorted(TOPICS.items()))
        question = " ".join(rng.sample(asked.split(), 2))
        found.append(pair(number, question, f"{said} {rng.choice('abcdefgh')}{number}"))
    return found


def pair(number: int, question: str, reply: str, contact: str = "PERSON_1") -> Example:
    return Example(
        id=f"{number:032x}",
        conversation=f"c{number}",
        contact=contact,
        platform="whatsapp",
        at=START + timedelta(hours=number),
        context=(Turn("partner", contact, question),),
        reply=reply,
    )


def fitted(train: Sequence[Example], dev: Sequence[Example] = (), **settings: int) -> RetrievalLearner:
    return RetrievalLearner(RetrievalSettings(**settings)).fit(train, dev, quiet)


@pytest.fixture(scope="module")
def learner() -> RetrievalLearner:
    return fitted(talk(300, seed=1), talk(100, seed=2, first=300))


def test_it_is_a_learner_made_of_the_settings() -> None:
    made = RetrievalLearner.configure(Settings(retrieval=RetrievalSettings(epochs=3)))
    assert isinstance(made, Learner)
    assert (made.name, made.settings.epochs) == ("retrieval", 3)


def test_the_encoder_learns_what_answers_what_without_a_shared_word(learner: RetrievalLearner) -> None:
    test = [Past.of(each) for each in talk(120, seed=3, first=400)]
    found = crowds(learner.memory_.matcher, test, 5)
    encoder = found[:, :, VIEWS.index("encoder")]
    for other in ("newest", "others", "own", "words"):
        assert np.allclose(found[:, :, VIEWS.index(other)], 0)
    # A sixth of the others are of the same topic and fit as well; chance would give a mean rank of 50.
    ranked = (encoder[:, 1:] > encoder[:, :1]).sum(axis=1)
    assert ranked.mean() < 20


def test_words_that_tell_come_to_weigh_more() -> None:
    rng = random.Random(4)
    pairs = [
        pair(
            n,
            f"{noise} topic{n % 20}",
            f"{rng.choice(['oh', 'ah'])} {rng.choice(['oh', 'ah'])} topic{n % 20}",
        )
        for n, noise in enumerate(rng.choices(["oh", "ah"], k=400))
    ]
    matcher = fitted(pairs).memory_.matcher
    gain = {
        word: _of(matcher.weights, word) / _of(matcher.statistics.rarity, word) ** 2
        for word in ("oh", "topic3")
    }
    assert gain["topic3"] > gain["oh"]


def test_the_same_examples_and_seed_give_the_same_bytes() -> None:
    train, dev = talk(80, seed=1), talk(30, seed=2, first=80)
    once, again = fitted(train, dev).artefact(), fitted(train, dev).artefact()
    assert once == again
    assert fitted(train, dev, seed=8).artefact() != once


def test_the_artefact_holds_json_and_plain_arrays_alone(learner: RetrievalLearner) -> None:
    files = learner.artefact()
    assert set(files) == {"memory.json", "arrays.npz"}
    assert json.loads(files["memory.json"])["format"] == 2
    with np.load(io.BytesIO(files["arrays.npz"]), allow_pickle=False) as arrays:
        assert all(held.dtype.kind in "fiu" for held in arrays.values())


def test_the_artefact_comes_back_as_it_was(learner: RetrievalLearner) -> None:
    memory = Memory.loads(learner.artefact())
    assert memory.past == learner.memory_.past
    assert memory.dumps() == learner.artefact()
    question = [Turn("partner", "PERSON_1", "pedal chain")]
    ours, theirs = (held.weigh(question, "PERSON_1") for held in (learner.memory_, memory))
    shown = ours > -1e5  # the shortlist; at its end equals may change places by half precision
    both = shown & (theirs > -1e5)
    assert shown.sum() == 256
    assert both.sum() > 200
    assert np.allclose(ours[both], theirs[both], atol=0.25)  # scores reach a hundred


def test_a_damaged_artefact_is_refused(learner: RetrievalLearner) -> None:
    files = learner.artefact()
    half = files["arrays.npz"][:2000]
    for bad in (
        {},
        {**files, "memory.json": b"{}"},
        {**files, "memory.json": b'{"format":2,"past":[],"leaning":1,"stretch":1}'},
        {**files, "arrays.npz": half},
        {**files, "arrays.npz": b""},
    ):
        with pytest.raises(LearnerError, match="damaged"):
            Memory.loads(bad)


@pytest.mark.parametrize("version", [1, 3])
def test_an_artefact_of_another_version_is_refused_in_one_line(
    learner: RetrievalLearner, version: int
) -> None:
    files = learner.artefact()
    other = files["memory.json"].replace(b'"format":2', b'"format":%d' % version)
    assert other != files["memory.json"]
    with pytest.raises(LearnerError, match="another version of ipse") as caught:
        Memory.loads({**files, "memory.json": other})
    assert caught.value.hint == "Run `ipse train` again."
    assert "\n" not in str(caught.value)


def test_the_report_says_how_the_true_reply_ranks(learner: RetrievalLearner) -> None:
    report = learner.report()
    assert report["pairs"] == 300
    assert 0 <= report["dev_r1"] <= report["dev_mrr"] <= report["dev_r10"] <= 1
    assert report["dev_mrr"] > 2 * 0.052  # what chance gives among 100


def test_progress_rises_to_the_end() -> None:
    seen: list[tuple[float, float | None]] = []
    RetrievalLearner(RetrievalSettings(epochs=4)).fit(
        talk(60, 1), talk(30, 2, 60), lambda done, total, figures: seen.append((done, total))
    )
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (10, 10)


def test_progress_can_stop_the_fit() -> None:
    def stop(done: float, total: float | None, figures: Mapping[str, float]) -> None:
        if done >= 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        RetrievalLearner(RetrievalSettings()).fit(talk(60, 1), [], stop)


def test_without_anything_to_learn_from_there_is_no_model() -> None:
    with pytest.raises(LearnerError, match="no reply"):
        fitted([])


@pytest.mark.parametrize(("train", "dev"), [(1, 0), (2, 1), (3, 0), (20, 3), (117, 0), (70, 23)])
def test_it_works_at_any_size(train: int, dev: int) -> None:
    learner = fitted(talk(train, 1), talk(dev, 2, train))
    assert len(Memory.loads(learner.artefact()).past) == train
    assert learner.report()["pairs"] == train


def test_texts_without_a_word_do_no_harm() -> None:
    learner = fitted([pair(0, "...", "—"), pair(1, "", "ok"), pair(2, "hi", "…")], [pair(3, "", "")])
    for context in ([], [Turn("partner", "", "")]):
        assert np.isfinite(learner.memory_.weigh(context, None)).all()
        assert np.isfinite(learner.memory_.alike_to(context)).all()


def test_too_little_held_out_leaves_the_defaults() -> None:
    memory = fitted(talk(40, 1)).memory_
    held = [Past.of(each) for each in talk(10, 2, 40)]
    crowd = crowds(memory.matcher, held, 1)
    assert best_mix(crowd, pairs=40) == memory.matcher.mix == (*PLAIN[:-1], 0.1667)
    assert best_search(crowd, pairs=40) == memory.matcher.search == (1.0, 0.1667)
    assert best_blend(memory, held) == (memory.leaning, memory.stretch)
    assert ranks(memory.matcher, crowds(memory.matcher, [], 1)) == {}


def test_the_mix_drops_a_view_that_misleads() -> None:
    rng = np.random.default_rng(1)
    crowd = rng.normal(size=(400, 20, len(VIEWS))).astype(np.float32)
    crowd[:, 0, VIEWS.index("encoder")] += 2  # the true reply stands out by this view
    crowd[:, 0, VIEWS.index("words")] -= 2  # and is worse than the others by that
    mix = dict(zip(VIEWS, best_mix(crowd, pairs=400), strict=True))
    assert mix["words"] == 0
    assert mix["encoder"] > 1
    assert max(weight for view, weight in mix.items() if view != "encoder") < 0.3


def test_the_mix_does_not_depend_on_the_scale_of_a_view() -> None:
    rng = np.random.default_rng(2)
    crowd = rng.normal(size=(300, 20, len(VIEWS))).astype(np.float32)
    crowd[:, 0, :2] += 1
    larger = crowd.copy()
    larger[:, :, 0] *= 100
    once, again = best_mix(crowd, pairs=300), best_mix(larger, pairs=300)
    assert once[0] > 0.3
    assert best_mix(crowd, crowd[:, :1], pairs=300) == once  # a crowd of the true reply alone tells nothing
    assert again[0] == pytest.approx(once[0] / 100, rel=0.05)


def group(count: int, first: int = 0) -> list[Example]:
    """A channel where several people ask, and the owner names whom they answer; nothing else tells."""
    rng = random.Random(first)
    found = []
    for number in range(first, first + count):
        speaker = f"PERSON_{rng.randrange(40)}"
        example = pair(number, f"q{rng.randrange(10**6)}", f"<{speaker}> r{rng.randrange(10**6)}", "CHANNEL")
        found.append(
            msgspec.structs.replace(example, context=(Turn("partner", speaker, example.context[0].text),))
        )
    return found


def test_who_speaks_tells_what_is_answered() -> None:
    learner = fitted(group(150), group(100, first=150))
    assert learner.report()["dev_r1"] > 0.1  # two or three others name the same person; chance gives 0.01
    assert learner.memory_.matcher.mix[VIEWS.index("speakers")] > 0


def test_others_words_are_held_against_the_reply_but_not_those_of_its_own_context() -> None:
    said = [pair(n, f"{'hm ' * (n % 5)}what is it, number {n}?", f"{n} IT IS!!") for n in range(160)]
    learner = fitted(said[:100], said[100:])
    matcher = learner.memory_.matcher
    found = strangers(matcher, [Past.of(each) for each in said[100:]], 5)
    assert found.shape == (60, 60, len(VIEWS))  # the true reply and 59 questions of others
    doubt = found[:, :, VIEWS.index("author")]
    assert (doubt[:, :1] > doubt[:, 1:]).all()
    assert matcher.mix[VIEWS.index("author")] > 0


def test_turns_of_the_owner_and_of_others_are_views_of_their_own() -> None:
    matcher = fitted([*talk(40, 1), pair(98, "plum", "quince"), pair(99, "fig", "pear")]).memory_.matcher
    context = [Turn("partner", "A", "plum"), Turn("owner", "me", "quince"), Turn("partner", "Bo", "fig")]
    seen = matcher.views(matcher.query(context), matcher.replies(["fig", "plum", "quince", "bo", "pear"]))
    for row, view in enumerate(("newest", "others", "own")):
        column = seen[:, VIEWS.index(view)]
        assert np.flatnonzero(column).tolist() == [row]
    assert np.flatnonzero(seen[:, VIEWS.index("speakers")]).tolist() == [3]


def test_runs_of_characters_see_through_inflection() -> None:
    learner = fitted(talk(60, 1))
    matcher = learner.memory_.matcher
    query = matcher.query([Turn("partner", "P", "Abfahrtszeiten?")])
    seen = matcher.views(query, matcher.replies(["die Hauptabfahrt", "Tee", ""]))
    assert seen[0, VIEWS.index("newest")] == 0
    column = seen[:, VIEWS.index("newest grams")]
    assert column[0] > 0.1
    assert column[2] == 0


def test_a_reply_off_the_shortlist_stands_behind_all_on_it() -> None:
    memory = fitted(talk(400, 1)).memory_
    scores = memory.weigh([Turn("partner", "P", "kettle boil")], None)
    assert (scores > -1e5).sum() == 256
    assert all("Assam" in memory.past[at].reply for at in np.argsort(-scores)[:20])


def test_features_are_words_stems_and_characters_of_scripts_without_spaces() -> None:
    assert words("Houses, house?") == ["houses", "^hous", "house", "^hous", "?"]
    assert words("明天见 ok 🎉") == ["明", "天", "见", "明天", "天见", "ok", "🎉"]
    assert bags(["", "a a b"]).toarray().sum(axis=1).tolist() == [0, 3]


def test_grams_are_runs_within_words_and_rows_do_not_meet() -> None:
    counts = grams(["ab cd", "", "ab", "cd", "😀", "ab ab"])
    assert counts.shape == (6, GRAMS)
    dense = [counts[at].toarray()[0] for at in range(6)]
    assert (dense[0] == dense[2] + dense[3]).all()
    assert dense[2].sum() == 3  # " ab", "ab ", " ab "
    assert (dense[5] == 2 * dense[2]).all()
    assert dense[1].sum() == 0
    assert dense[4].sum() == 1
    assert grams([]).shape == (0, GRAMS)


def test_the_newest_turn_weighs_most() -> None:
    row = situations([["old shared", "mid", "new shared"]])
    assert [_of(row.toarray()[0], word) for word in ("new", "shared", "mid", "old")] == [1, 1, 0.5, 0.25]


@pytest.mark.shared
def test_real_answers_are_chosen_better_than_by_tfidf(shared: Path) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    with gzip.open(shared / "qa/whitehouse-briefings-carney-gibbs.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["speaker"] == "MR. CARNEY"][:3000]
    pairs = [pair(n, row["question"], row["answer"]) for n, row in enumerate(rows)]
    matcher = fitted(pairs[:2000], pairs[2000:2500], epochs=4).memory_.matcher
    test = [Past.of(each) for each in pairs[2500:]]
    ours = ranks(matcher, crowds(matcher, test, 5))["dev_r1"]
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    said = vectorizer.fit_transform([each.reply for each in test])
    cosines = (vectorizer.transform([each.context[0].text for each in test]) @ said.T).toarray()
    rng = np.random.default_rng(5)
    right = [
        all(cosines[at, at] > cosines[at, other] for other in rng.permutation(len(test))[:99] if other != at)
        for at in range(len(test))
    ]
    assert ours > np.mean(right) + 0.01


def _of(weights: np.ndarray, word: str) -> float:
    held = bags([word])
    return float(
        weights[held.indices[0]] if word == words(word)[0] and len(words(word)) == 1 else weights[_id(word)]
    )


def _id(word: str) -> int:
    from zlib import crc32

    from ipse.learners.features import SIZE

    return crc32(word.encode()) % SIZE


def test_what_is_remembered_of_replies_changes_no_score(
    learner: RetrievalLearner, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = [(Turn("partner", "PERSON_1", text),) for text in ("how is the garden", "what time", "how")]
    patient = Memory.loads(learner.artefact())
    fresh = [Memory.loads(learner.artefact()).weigh(each, "PERSON_1") for each in questions]
    forgetful = msgspec.structs.replace(patient, runs=memory.Runs(most=1))
    for one in (patient, patient, forgetful):
        for question, scores in zip(questions, fresh, strict=True):
            assert np.array_equal(one.weigh(question, "PERSON_1"), scores)
    counted: list[str] = []

    def told(texts: Sequence[str]) -> object:
        counted.extend(texts)
        return grams(texts)

    monkeypatch.setattr(matching, "grams", told)
    patient.weigh(questions[0], "PERSON_1")
    assert counted == ["how is the garden", ""], "of the question alone"


def wordy(count: int, seed: int, first: int = 0) -> list[Example]:
    """Somebody who takes up a word of the question; a long reply happens to share more of them."""
    rng = random.Random(seed)
    spoken = [f"{a}{b}{c}" for a in "bdgkmt" for b in "aeiou" for c in "lnrs"]
    found = []
    for number in range(first, first + count):
        question = rng.sample(spoken, 6)
        reply = [rng.choice(question), *rng.choices(spoken, k=rng.choice((2, 3, 4, 5, 6, 80)))]
        found.append(pair(number, " ".join(question), " ".join(reply)))
    return found


def test_what_is_recalled_is_as_long_as_what_the_owner_says() -> None:
    memory, test = fitted(wordy(600, 1), wordy(150, 2, 600)).memory_, wordy(80, 3, 800)

    def length(stretch: float) -> float:
        asked = msgspec.structs.replace(memory, stretch=stretch)
        picks = [asked.past[int(asked.weigh(each.context, None).argmax())].reply for each in test]
        return float(np.mean([np.log(len(pick.split())) for pick in picks]))

    true = float(np.mean([np.log(len(each.reply.split())) for each in test]))
    off = abs(length(memory.stretch) - true)
    assert off < 0.4
    for other in (-0.75, 0.75):
        assert abs(length(memory.stretch + other) - true) > off


def meaning(texts: Sequence[str]) -> np.ndarray:
    """Stands in for a model whose package is not there: questions and replies of a topic mean the same."""
    rows = np.zeros((len(texts), len(TOPICS) + 1), dtype=np.float32)
    for row, text in zip(rows, texts, strict=True):
        for at, (asked, said) in enumerate(TOPICS.items()):
            if {*text.split()} & {*asked.split(), *said.split()}:
                row[at] = 1
                break
        else:
            row[-1] = 1
    return rows


@pytest.fixture
def embedding(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("ipse.learners.matching.embedded", meaning)
    monkeypatch.setattr("ipse.sentences.find_spec", lambda _name: object())
    return monkeypatch


def test_what_sentences_mean_is_a_view_where_asked_for(embedding: pytest.MonkeyPatch) -> None:
    train, dev = talk(60, seed=1), talk(60, seed=2, first=60)
    plain, seeing = (
        RetrievalLearner(RetrievalSettings(embeddings=how, epochs=1)).fit(train, dev, quiet)
        for how in ("off", "on")
    )
    assert not plain.memory_.matcher.embeds
    assert seeing.memory_.matcher.mix[-1] > 1
    held = [Past.of(each) for each in talk(80, seed=3, first=200)]
    found = [ranks(one.memory_.matcher, crowds(one.memory_.matcher, held, 5)) for one in (plain, seeing)]
    assert found[1]["dev_mrr"] > found[0]["dev_mrr"] + 0.05
    kept = seeing.artefact()
    again = Memory.loads(kept)
    context = held[0].context
    assert again.weigh(context, None) == pytest.approx(seeing.memory_.weigh(context, None), abs=0.1)
    embedding.setattr("ipse.sentences.find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match="Sentence embeddings"):
        Memory.loads(kept)
    assert Memory.loads(plain.artefact()).past


def test_embeddings_are_looked_at_by_themselves_only_where_that_is_quick(
    embedding: pytest.MonkeyPatch,
) -> None:
    def made(how: str) -> bool:
        settings = RetrievalSettings.model_validate({"embeddings": how, "epochs": 1})
        return RetrievalLearner(settings).fit(talk(30, seed=1), (), quiet).memory_.matcher.embeds

    assert made("auto")
    assert not made("off")
    embedding.setattr("ipse.learners.retrieval.EMBEDDED", 10)
    assert not made("auto")
    assert made("on")
    embedding.setattr("ipse.sentences.find_spec", lambda _name: None)
    assert not made("auto")
    with pytest.raises(MissingExtraError, match=r"embeddings"):
        made("on")
