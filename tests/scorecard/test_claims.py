from collections.abc import Callable

import msgspec
import numpy as np

from ipse.scorecard.contenders import Contender
from ipse.scorecard.measures import Measured, Missing
from ipse.scorecard.metrics.claims import Claims, inventions

from .people import SETTINGS, Says, World

CHANNEL = ["we went to the museum and the station was closed", "monday it is"]


def test_links_dates_numbers_and_names_are_claims() -> None:
    claims = Claims(CHANNEL)
    found = claims.of("ask Marlene, she paid 1,200 on 3.5.2024, see https://example.org/a. and <PERSON_4>")
    assert found == {"marlene", "1200", "3.5.2024", "https://example.org/a", "PERSON_4"}


def test_a_capital_at_the_beginning_or_of_a_common_word_is_no_name() -> None:
    claims = Claims(CHANNEL)
    assert claims.of("Perhaps. Later! The Museum then") == set()
    assert claims.of("on Monday") == {"monday"}
    assert claims.of("wir essen Suppe mit Brot", lang="de") == set()


def test_a_number_from_nowhere_counts_and_one_from_the_prompt_does_not(world: World) -> None:
    lineup, plan = world.lineup(Says(lambda context, seed: "it was 4711 of them"))
    rate, facts = inventions(lineup, world.data, plan)
    assert isinstance(rate, Measured)
    assert rate.draws["clone"][0] == 1.0
    assert rate.draws["yourself"][0] == 0.0
    echo = Contender(name="clone", answers=tuple("".join(t.text for t in e.context) for e in lineup.examples))
    same, _ = inventions(msgspec.structs.replace(lineup, clone=echo), world.data, plan)
    assert isinstance(same, Measured)
    assert same.draws["clone"][0] == 0.0
    told, _ = inventions(lineup, msgspec.structs.replace(world.data, profile="4711"), plan)
    assert isinstance(told, Measured)
    assert told.draws["clone"][0] == 0.0
    assert isinstance(facts, Missing)  # these people name nothing


def always(answer: str) -> Callable[[object, int], str]:
    return lambda _context, _seed: answer


def test_known_facts_are_asked_for(world: World) -> None:
    def named(examples: object) -> list[object]:
        return [msgspec.structs.replace(each, reply=f"{each.reply} in 1871") for each in examples]  # type: ignore[attr-defined]

    changed = {"train": named(world.data.train), "test": named(world.data.test)}
    data = msgspec.structs.replace(world.data, **changed)
    for answer, right in (("it was 1871", 1.0), ("it was 1872", 0.0)):
        lineup, plan = world.lineup(Says(always(answer)), **changed)
        _, facts = inventions(lineup, data, plan)
        assert isinstance(facts, Measured)
        assert facts.draws["clone"][0] == right
        assert np.all(facts.draws["yourself"] == 1.0)


def test_few_replies_are_not_measured(world: World) -> None:
    lineup, plan = world.lineup(world.clone(), test=world.data.test[:15])
    (missing,) = inventions(lineup, world.data, plan)
    assert isinstance(missing, Missing)
    assert "15 held-out" in missing.reason
    assert SETTINGS.resamples
