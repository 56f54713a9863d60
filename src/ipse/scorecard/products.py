"""The four figures that products of this field promise, as shares of the owner's own ceiling.

Each is the mean of metrics of the card, with an interval by the same resamples, and says what it cannot
show.
Knows how metrics are put together, not how they are measured.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ipse.scorecard.bootstrap import Draws
from ipse.scorecard.measures import Measure, Measured
from ipse.scorecard.results import CEILING, CLONE, RANDOM, Figure, Product

__all__ = ["products"]

_SAME = ("1", "2", "3", "4", "5a", "5b", "7", "8", "8 emotion", "9")  # measured on one plan


def products(measures: Mapping[str, Measure]) -> tuple[Product, ...]:
    """Personality consistency, response relevance, emotional authenticity and factual accuracy."""
    found = {id_: each for id_, each in measures.items() if id_ in _SAME and isinstance(each, Measured)}
    return (
        _product(
            found, "Personality consistency", 0.9, ("1", "2", "3", "4"), needs="1",
            cannot="It is consistency of style: it does not ask for opinions, memories or values.",
        ),
        _product(
            found, "Response relevance", 0.85, ("5a", "5b", "7"), needs="7",
            cannot="The ceiling is your own reply word for word, which you would not reach either on a "
            "second day; a fitting reply that you did not give counts as none.",
        ),
        _product(
            found, "Emotional authenticity", 0.8, ("8 emotion",), needs="8 emotion",
            cannot="Labels are glad, unhappy and neither, by words and signs in English and German: irony, "
            "mixed and quiet feelings are missed, and nothing is felt.",
        ),
        _product(
            found, "Factual accuracy", 0.95, ("9",), needs="9",
            cannot="It counts what comes from nowhere, not what is false: a true number that nobody "
            "mentioned counts against it, a wrong use of a known one does not.",
        ),
    )  # fmt: skip


def _product(
    found: Mapping[str, Measured], name: str, target: float, rows: Sequence[str], *, needs: str, cannot: str
) -> Product:
    used = tuple(id_ for id_ in rows if id_ in found)
    if needs not in used:
        note = f"Not measured: it rests on metric {needs}."
        return Product(name=name, figure=None, target=target, rows=used, cannot=cannot, note=note)
    plan = found[needs].plan
    shares = [_share(id_, found[id_], CLONE) for id_ in used]
    random = [_share(id_, found[id_], RANDOM) for id_ in used if RANDOM in found[id_].draws]
    left = [id_ for id_ in rows if id_ not in used]
    return Product(
        name=name, figure=plan.figure(np.mean(shares, axis=0)), target=target, rows=used, cannot=cannot,
        floor=Figure(float(np.mean([each[0] for each in random]))) if len(random) == len(used) else None,
        note=f"Without metric {', '.join(left)}, which was not measured." if left else "",
    )  # fmt: skip


def _share(id_: str, measured: Measured, name: str) -> Draws:
    """How much of the ceiling a contender has, from 0 to 1, draw by draw."""
    own, top = measured.draws[name], measured.draws[CEILING]
    with np.errstate(invalid="ignore", divide="ignore"):
        if id_ == "2":  # an excess of distance, of which the owner has none
            share = 1 - own
        elif id_ in ("3", "9"):  # the less the better, from 1 down
            share = (1 - own) / (1 - top)
        elif id_ == "4":
            share = top / own
        else:
            share = own / top
    return np.clip(share, 0.0, 1.0)
