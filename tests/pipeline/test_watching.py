"""What is kept in memory holds until somebody else's row could change it, and not longer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ipse.pipeline.watching import Watch
from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[Vault, Vault]]:
    """One that is watched, and one that writes: as two processes."""
    made, _ = Vault.create(tmp_path / "vault", PASSPHRASE, kdf=CHEAP, allow_weak=True)
    with made, Vault.open(tmp_path / "vault", PASSPHRASE) as other:
        yield made, other


@pytest.mark.parametrize(
    ("action", "rights", "chats"),
    [
        ("token.revoke", False, False),
        ("consent.withdraw", False, False),
        ("forget.done", False, False),
        ("session.reset", True, False),
        ("answer", True, False),
        ("session.read", True, True),
        ("job.train.start", True, True),
    ],
)
def test_a_row_changes_what_it_could_change(
    both: tuple[Vault, Vault], action: str, *, rights: bool, chats: bool
) -> None:
    watched, other = both
    watch = Watch(watched)
    assert watch.glance() is None, "nobody has looked yet"
    before = watch.look()
    assert watch.glance() == watch.look() == before
    other.note(action, {})
    assert watch.glance() is None
    after = watch.look()
    assert (after.rights is before.rights, after.chats is before.chats) == (rights, chats)
    assert watch.glance() == after
    assert watch.near == watched.near


def test_what_one_writes_oneself_is_no_news_and_what_others_write_beside_is(
    both: tuple[Vault, Vault],
) -> None:
    watched, other = both
    watch = Watch(watched)
    before = watch.look()
    with other.exclusive(), watch.writing(2):
        other.put_all([], [])
        other.note("answer", {})
        other.note("session.keep", {})
    assert watch.glance() == before
    watched.note("session.keep", {})
    assert watch.look().chats is not before.chats
    before = watch.look()
    other.note("token.revoke", {})  # just before one writes oneself
    with other.exclusive(), watch.writing(1):
        other.note("answer", {})
    assert watch.look().rights is not before.rights


def test_a_write_that_fails_hides_nobodys_row(both: tuple[Vault, Vault]) -> None:
    watched, other = both
    watch = Watch(watched)
    before = watch.look()
    with pytest.raises(ZeroDivisionError), other.exclusive(), watch.writing(1):
        raise ZeroDivisionError
    other.note("token.revoke", {})
    assert watch.look().rights is not before.rights
