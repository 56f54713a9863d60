"""One made-up person, the people around them, and the card of their right clone."""

import pytest

from ipse.scorecard import Judging, Scorecard, divide

from .people import Replay, World, write


@pytest.fixture(scope="session", autouse=True)
def fonts() -> None:
    """Let matplotlib find its fonts once, before every test has a home of its own."""
    from matplotlib import font_manager

    assert font_manager.get_font_names()


@pytest.fixture(scope="session")
def world() -> World:
    """Me, three other people, and their wrong-author voices."""
    older, newer = divide({name: write(name, 1) for name in ("ada", "bob", "cem")})
    data = Judging(
        train=write("me", 1, conversations=120),
        judge=write("me", 2, conversations=40, start=130),
        test=write("me", 3, conversations=40, start=180),
        impostors=newer,
        model="retrieval-2",
        dataset="a41f",
    )
    return World(data, older, [Replay(each) for each in older.values()])


@pytest.fixture(scope="session")
def own_card(world: World) -> Scorecard:
    """The card of the right clone."""
    return world.judge(world.clone())
