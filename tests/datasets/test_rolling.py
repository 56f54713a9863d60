import msgspec
import pytest

from ipse.config import DatasetSettings
from ipse.datasets import Dataset, Rolling, prepare, rolling

from .talks import day_by_day


def dataset(talks: int, **changed: object) -> Dataset:
    """Conversations a day apart, each of two questions and answers."""
    settings = DatasetSettings.model_validate(changed)
    return prepare([day_by_day(talks)], settings, consents={"whatsapp": "consent"})


def folded(talks: int, **changed: object) -> Rolling:
    found = rolling(dataset(talks, **changed), folds=4)
    assert found is not None
    return found


def test_each_fold_is_tested_on_what_comes_after_what_trains_it() -> None:
    found = folded(60)
    assert len(found.folds) == 4
    for fold in found.folds:
        assert max(each.at for each in (*fold.train, *fold.dev)) < min(each.at for each in fold.test)
    sizes = [len(fold.train) for fold in found.folds]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 2 * sizes[0]


def test_two_thirds_are_judged_once_and_the_judges_conversations_stand_in_no_fold() -> None:
    found = folded(60)
    tested = [each.id for fold in found.folds for each in fold.test]
    assert len(tested) == len(set(tested))
    assert (
        len(tested) == 52
    )  # of 120 pairs, less 24 of the judge's, a third that trains, and what lies in gaps
    judged = {each.conversation for each in found.judge}
    assert len(judged) == 12
    assert not judged & {each.conversation for fold in found.folds for each in (*fold.train, *fold.test)}
    assert {each.conversation for each in found.folds[-1].dev} < judged


def test_copies_are_made_anew_for_what_trains_and_for_nothing_else() -> None:
    found = folded(60, augment=2, holdout=0.1)
    for fold in found.folds:
        own = {each.id for each in fold.train if each.origin is None}
        copies = [each for each in fold.train if each.origin is not None]
        assert copies
        assert {each.origin for each in copies} <= own
        assert all(each.origin is None for each in (*fold.dev, *fold.test, *found.judge))


@pytest.mark.parametrize(
    ("talks", "changed"),
    [
        (260, {}),  # 520 pairs: one split tells as much
        (10, {}),
        (60, {"split": "ratio"}),
        (60, {"strategy": "burst"}),
    ],
)
def test_what_is_not_small_or_cannot_be_folded_is_split_once(talks: int, changed: dict[str, object]) -> None:
    assert rolling(dataset(talks, **changed), folds=4) is None
    assert rolling(dataset(60), folds=0) is None


def test_what_nearly_repeats_a_test_is_in_neither_training_set_nor_judge() -> None:
    made = dataset(60)
    twice = "the very same long answer, word for word, to whatever was asked of me that day"
    every = [each for held in made.split.sets().values() for each in held]
    talks = list(dict.fromkeys(each.conversation for each in sorted(every, key=lambda each: each.at)))
    at = {talks[1], talks[50], talks[52]}  # it trains, is tested, and is the judge's
    sets = {
        name: tuple(
            msgspec.structs.replace(each, reply=twice) if each.conversation in at else each
            for each in held
        )
        for name, held in made.split.sets().items()
    }  # fmt: skip
    changed = msgspec.structs.replace(made, split=msgspec.structs.replace(made.split, **sets))
    found = rolling(changed, folds=4)
    assert found is not None
    tested = [fold for fold in found.folds if any(each.reply == twice for each in fold.test)]
    assert len(tested) == 1
    assert all(each.reply != twice for each in (*tested[0].train, *found.judge))
