"""What is kept warm for many conversations is made once, and again only where it has to be."""

from pathlib import Path

import pytest

from ipse.pipeline import voicing
from ipse.pipeline.voicing import Warm
from ipse.pipeline.watching import Seen
from ipse.registry import Registry

from .drafted import made, opened


def test_a_gate_is_made_once_for_the_people_that_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the people were looked at again after it was made: then it is made once more."""
    gate, rosters, folder = voicing._gate, list[object](), made(tmp_path / "made")

    def counted(workspace: object, card: object, roster: object) -> object:
        rosters.append(roster)
        return gate(workspace, card, roster)  # type: ignore[arg-type]

    monkeypatch.setattr(voicing, "_gate", counted)
    monkeypatch.setattr(voicing, "LOOK_SECONDS", 3600.0)
    seen = Seen(object(), object())
    with opened(folder) as workspace:
        warm, card = Warm(lambda: seen), Registry(workspace.vault).card("champion")
        first, then = workspace.roster(), workspace.roster()
        for roster in (first, first, then, then, then):
            assert "Ilka" not in warm.cleared(workspace, card, roster, "is Ilka Brandt there?")
    assert rosters == [first, then]
