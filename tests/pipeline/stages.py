"""Vaults that many tests begin with, made once: each test has a copy of its own, as if made for it.

A stage is a function that fills an empty vault. A test module names its own in ``STAGES``, by the fixture
that asks for it; a test that asks for none has an empty vault.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ipse.vault import Vault

from ..conftest import CHEAP, PASSPHRASE, empty

Stage = Callable[[Vault, pytest.FixtureRequest], Any]


class Stages:
    """The vaults of a process, and what was said as each was filled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._said: dict[Stage, Any] = {}

    def told(self, stage: Stage) -> Any:
        """What a stage returned."""
        return self._said[stage]

    @contextmanager
    def opened(
        self, request: pytest.FixtureRequest, folder: Path, catalog: str, known: Mapping[str, Stage]
    ) -> Iterator[Vault]:
        """A vault in ``folder``, as filled as the test wishes; over another catalog it cannot be copied."""
        known = {**known, **getattr(request.module, "STAGES", {})}
        wanted = [stage for name, stage in known.items() if name in request.fixturenames]
        assert len(wanted) <= 1, "a test begins at one stage"
        stage = wanted[0] if wanted else None
        if stage and not catalog:
            shutil.copytree(self._made(stage, request), folder)
            with Vault.open(folder, PASSPHRASE) as vault:
                yield vault
            return
        with empty(folder, catalog, request.getfixturevalue("blank")) as vault:
            if stage:
                self._said[stage] = stage(vault, request)
            yield vault

    def _made(self, stage: Stage, request: pytest.FixtureRequest) -> Path:
        folder = self._folder / f"{stage.__module__}.{stage.__name__}"
        if stage not in self._said:
            vault, _ = Vault.create(folder, PASSPHRASE, kdf=CHEAP, allow_weak=True)
            with vault:
                self._said[stage] = stage(vault, request)
        return folder
