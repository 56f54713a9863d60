"""What the tests of the vault have; here it is the same for all tests of a file."""

from collections.abc import Callable
from typing import Any

import pytest

from ..vault.conftest import make_events, make_messages


@pytest.fixture(scope="session")
def messages() -> Callable[..., list[Any]]:
    return make_messages


@pytest.fixture(scope="session")
def events() -> Callable[..., list[Any]]:
    return make_events
