import msgspec
import numpy as np

from ipse.scorecard.contenders import Made, Taken
from ipse.scorecard.measures import Measured, Missing, row
from ipse.scorecard.metrics.cost import bandwidth, costs

from .people import Letters, World


def test_seconds_to_an_answer_are_quantiles_over_the_contexts(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    seconds = tuple(Taken(0.001, n / 100, 4) for n in range(1, 121))
    clone = msgspec.structs.replace(lineup.clone, seconds=seconds)
    found = {
        each.spec.id: row(each)
        for each in costs(msgspec.structs.replace(lineup, clone=clone), Made(seconds=12.5), plan)
    }
    assert found["12"].value == 1.14
    assert found["12 p50"].value == 0.6
    assert found["12"].low is not None
    assert found["12"].low < 1.14
    assert found["12 clone"].value == 12.5
    assert found["12"].verdict == "measured"
    memory = found["12 memory"].value
    assert memory is not None
    assert 50 < memory < 20_000
    assert "wrong author" not in found["12"].baselines


def test_a_language_voice_is_held_against_the_memory_of_this_machine(world: World) -> None:
    base = Letters(world.data.judge)
    lineup, plan = world.lineup(Letters(world.data.train, base))
    taken = (Taken(0.1, 1.1, 101),) * len(lineup.examples)
    clone = msgspec.structs.replace(lineup.clone, seconds=taken)
    lineup = msgspec.structs.replace(lineup, clone=clone)
    limit = costs(lineup, Made(weights=1_000_000), plan)[-1]
    assert isinstance(limit, Measured)
    assert limit.note.startswith("100 tokens a second")
    assert np.isclose(limit.draws["clone"][0], 1e8 / bandwidth(), rtol=0.9)
    unknown = costs(lineup, Made(), plan)[-1]
    assert isinstance(unknown, Missing)


def test_without_answers_there_is_no_cost(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    silent = msgspec.structs.replace(lineup, clone=msgspec.structs.replace(lineup.clone, seconds=()))
    (missing,) = costs(silent, Made(), plan)
    assert isinstance(missing, Missing)
