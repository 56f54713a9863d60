"""What the owner says of a prediction: right, wrong (and what it was), or no anomaly."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

from ipse.errors import SettingsError
from ipse.pipeline.days import predictors, suppressions
from ipse.pipeline.days.corrections import correct
from ipse.pipeline.days.origins import origin_of
from ipse.pipeline.days.predictions import Prediction, kept
from ipse.pipeline.days.predictors import Predictor
from ipse.pipeline.derived import get_made, keep_made
from ipse.pipeline.workspace import Workspace

__all__ = ["Judgement", "Says", "judge", "judgement", "judgements"]

KIND = "judgement"
BEYOND = 0.1  # of the usual range: what lies no further out than an alarm that was none is none either

Says = Literal["right", "wrong", "not_an_anomaly"]


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's word on a prediction; ``label`` is what it was, ``suppression`` the rule made of it."""

    prediction: str
    project: str
    verdict: Says
    at: datetime
    label: str = ""
    suppression: str = ""


def judge(
    workspace: Workspace, name: str, verdict: Says, *, label: str = "", until: datetime | None = None
) -> Judgement:
    """Keep what the owner says of a prediction, in place of what was said of it before.

    A label becomes an event known from now on; "not an anomaly" a rule until ``until``. Raises
    ``NotFoundError``, and ``SettingsError`` where it makes no sense for this model.
    """
    said = kept(workspace, name)
    made = predictors.card(workspace, said.model)
    _sensible(made, verdict, label, until)
    if label and label == said.label:
        raise SettingsError(f"That is what it said: {label}.", hint="Say what it was instead, or right.")
    was = said.label if verdict == "right" and made.task == "classification" else label
    rule = ""
    if verdict == "not_an_anomaly":
        rule = _suppress(workspace, made, said, until)
    if was:
        correct(workspace, made.target, said.due, was, about=said.id)
    found = Judgement(
        prediction=name,
        project=said.project,
        verdict=verdict,
        at=datetime.now(UTC),
        label=was,
        suppression=rule,
    )
    origin = origin_of(predictors.streams_of(made), {("prediction", name)})
    keep_made(workspace, (KIND, name), msgspec.json.encode(found), origin)
    return found


def judgement(workspace: Workspace, name: str) -> Judgement | None:
    """What was said of a prediction, if anything."""
    if name not in workspace.vault.ids(KIND):
        return None
    return msgspec.json.decode(get_made(workspace, (KIND, name)), type=Judgement)


def judgements(workspace: Workspace, project: str) -> list[Judgement]:
    """Everything that was said of a project's predictions."""
    found = [one for one in workspace.vault.ids(KIND) if one.rpartition("-v")[0] == project]
    return [msgspec.json.decode(get_made(workspace, (KIND, one)), type=Judgement) for one in found]


def _sensible(made: Predictor, verdict: Says, label: str, until: datetime | None) -> None:
    if verdict == "not_an_anomaly" and made.task != "anomaly":
        raise SettingsError(f"{made.id} tells no anomalies.", hint="Say right, or wrong.")
    if until is not None and verdict != "not_an_anomaly":
        raise SettingsError("Only a suppression has an end.", hint="Leave `until` out.")
    if not label:
        return
    if verdict != "wrong" or made.task not in ("classification", "regression"):
        raise SettingsError(
            "A label says what it was instead.", hint="Give it with `wrong`, of a class or a number."
        )
    if made.target.labels and label not in made.target.labels:
        raise SettingsError(
            f"{made.id} knows no `{label}`.", hint=f"There are: {', '.join(made.target.labels)}."
        )
    if not made.target.labels:
        _number(label)


def _number(label: str) -> float:
    try:
        return float(label)
    except ValueError:
        raise SettingsError(f"`{label}` is no number.", hint="Say what the value was.") from None


def _suppress(workspace: Workspace, made: Predictor, said: Prediction, until: datetime | None) -> str:
    """A rule of its first reason: up to a little beyond that value, on that side of what is usual."""
    if not said.reasons or said.reasons[0].value is None:
        raise SettingsError("This was no alarm.", hint="Only an alarm can be suppressed.")
    first, value = said.reasons[0].feature, said.reasons[0].value
    place = made.columns.index(first)
    usual = made.usual[place]
    spread = made.spread[place] if made.spread else abs(value - usual)
    beyond = value + (1 if value >= usual else -1) * BEYOND * spread
    rule = suppressions.add(
        workspace,
        project=made.project,
        column=first,
        within=(usual, beyond),
        origin=origin_of(predictors.streams_of(made)),
        until=until,
        prediction=said.id,
    )
    return rule.id
