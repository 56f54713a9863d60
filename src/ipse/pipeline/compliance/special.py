"""Special categories of personal data: C2.

What is of such a category is guessed by word lists, which miss some; so a pass says that nothing was found.
"""

from collections.abc import Iterator

from ipse.datasets import Dataset
from ipse.pipeline.compliance.evidence import Facts
from ipse.pipeline.compliance.results import NotMeasuredError, Outcome, failed, passed
from ipse.privacy.special import special_in

__all__ = ["allowed_apart", "found_in_records", "nothing_unasked"]


def allowed_apart(facts: Facts) -> Outcome:
    """Special categories in datasets rest on consents for these categories."""
    held = _datasets(facts)
    wrong = []
    count = 0
    for name, dataset in held.items():
        for source, grants in dataset.card.special.items():
            for category, consent in grants.items():
                count += 1
                given = facts.consents.get(consent)
                if given is None or given.source != source or category not in given.special:
                    wrong.append(f"dataset {name}, {source}: {category}, consent {consent}")
    if wrong:
        return failed(
            f"{len(wrong)} special categories were learned from without a consent for them.",
            "Run ipse prepare and ipse train again.",
            wrong,
            categories=len(wrong),
        )
    return passed(f"{count} special categories were let in, each by a consent of its own.", categories=count)


def nothing_unasked(facts: Facts) -> Outcome:
    """No dataset holds a text of a special category that was not let in."""
    wrong: dict[str, int] = {}
    held = _datasets(facts)
    for name, dataset in held.items():
        texts = sum(bool(special_in(line) - allowed) for line, allowed in _lines(dataset))
        if texts:
            wrong[name] = texts
    if wrong:
        return failed(
            f"{sum(wrong.values()):,} texts in {len(wrong)} datasets seem to be of a special category.",
            "Run ipse prepare and ipse train again; erase what was made before: ipse forget --model NAME.",
            [f"dataset {name}" for name in wrong],
            texts=sum(wrong.values()),
        )
    return passed(f"None was found in {len(held)} datasets.", datasets=len(held))


def found_in_records(facts: Facts) -> Outcome:
    """How much of what is kept seems to be of special categories is counted."""
    found = facts.whole_census().special
    told = ", ".join(f"{category} {count:,}" for category, count in sorted(found.items())) or "none"
    return passed(f"Messages by category: {told}.", **found)


def _datasets(facts: Facts) -> dict[str, Dataset]:
    if not facts.readable():
        raise NotMeasuredError("There is no dataset yet.", hint="Make one: ipse prepare.")
    return facts.readable()


def _lines(dataset: Dataset) -> Iterator[tuple[str, frozenset[str]]]:
    """Each line of each text once, with what is let in: a turn holds several messages, one a line."""
    seen: set[tuple[str, str]] = set()
    for example in (one for some in dataset.split.sets().values() for one in some):
        allowed = frozenset(dataset.card.special.get(example.platform, {}))
        for text in (example.reply, *(turn.text for turn in example.context)):
            if (example.platform, text) not in seen:
                seen.add((example.platform, text))
                yield from ((line, allowed) for line in text.splitlines())
