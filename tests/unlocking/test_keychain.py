"""The system's keyring is used where it is one that ipse trusts, and no other."""

import sys
from collections.abc import Iterator

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null

from ipse.errors import MissingExtraError, VaultError
from ipse.unlocking import keychain


class Memory(KeyringBackend):
    """A keyring in memory, which the tests put on the list."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


NULL = null.Keyring()  # type: ignore[no-untyped-call]


class Locked(Memory):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("no")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    before, made = keyring.get_keyring(), Memory()
    monkeypatch.setitem(keychain.ALLOWED, f"{__name__}.Memory", "a test's")
    monkeypatch.setitem(keychain.ALLOWED, f"{__name__}.Locked", "a locked one")
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_a_key_is_kept_found_replaced_and_forgotten(memory: Memory) -> None:
    assert (keychain.backend_name(), keychain.fetch("v")) == ("a test's", None)
    keychain.keep("v", bytes(32))
    keychain.keep("v", bytes(range(32)))
    assert keychain.fetch("v") == bytes(range(32))
    assert keychain.fetch("w") is None
    keychain.forget("v")
    keychain.forget("v")
    assert memory.held == {}


def test_what_is_no_key_is_none(memory: Memory) -> None:
    memory.held["ipse vault", "v"] = "no base64!"
    assert keychain.fetch("v") is None


@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring])
def test_a_keyring_off_the_list_is_refused(memory: Memory, backend: type[KeyringBackend]) -> None:
    keyring.set_keyring(backend())
    with pytest.raises(VaultError, match=rf"no keyring that ipse trusts \(found: {backend.__module__}"):
        keychain.keep("v", bytes(32))


def test_of_several_the_one_on_the_list_is_taken(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    joined = chainer.ChainerBackend()  # type: ignore[no-untyped-call]
    for offered, name in (([NULL, memory], "a test's"), ([], "")):
        monkeypatch.setattr(chainer.ChainerBackend, "backends", offered)
        keyring.set_keyring(joined)
        if name:
            assert keychain.backend_name() == name
        else:
            with pytest.raises(VaultError, match="found: none"):
                keychain.backend_name()


def test_a_locked_keyring_says_so(memory: Memory) -> None:
    keyring.set_keyring(Locked())
    with pytest.raises(VaultError, match="does not answer"):
        keychain.fetch("v")


def test_without_the_package_the_hint_is_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingExtraError, match=r"ipse\[keyring\]"):
        keychain.fetch("v")
