"""What every test needs: closed sockets, quiet threads, the shared data where it is present."""

import gc
import os
import shutil
import socket
from collections.abc import Generator, Iterator, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest

import ipse.privacy
import ipse.vault
from ipse.vault import KdfParameters, Vault
from ipse.vault.documents import Change, Put

from .postgres_server import Server, binaries, served
from .soak import SOAK

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["PIP_NO_INDEX"] = "1"

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
PASSPHRASE = "a passphrase for tests"
CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
KIND = os.environ.get("IPSE_TEST_CATALOG", "sqlite")  # `postgresql` runs every test of a vault over one
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Where coverage is not measured: tracing nearly doubles a test's time, and these go once more, whole or by
# the thousand, over what others cover line by line.
UNTRACED = (
    "cli/test_audited_commands.py",
    "cli/test_commands.py",
    "cli/test_forget_commands.py",
    "cli/test_models_commands.py",
    "cli/test_withdrawing.py",
    "faults/",
    "learners/test_retrieval.py",
    "pipeline/days/test_kinds.py",
    "pipeline/test_audited.py",
    "pipeline/test_compliance_violations.py",
    "pipeline/test_forgetting.py",
    "pipeline/test_objections.py",
    "pipeline/test_sending_once.py",
    "scorecard/test_card.py",
    "scorecard/test_rolling.py",
    "server/test_schema.py",
    "server/test_surface.py",
    "sources/test_every_source.py",
    "test_leaks.py",
    "test_shape.py",
    "vault/test_audit_attacks.py",
    "vault/test_custody.py::test_killed",
    "vault/test_erasing.py::test_killed",
    "vault/test_kill.py",
    "vault/test_moving.py::test_killed",
    "vault/test_rekeying.py::test_killed",
    "vault/test_restore_drills.py::test_a_backup_killed",
    "vault/test_restore_drills.py::test_a_restore_that_is_killed",
    "vault/test_tampering.py::test_sampled",
    "voices/test_seats.py",
    "web/",
)
# And these, one by one: see tools/untraced.py.
SLOW = frozenset(Path(__file__).with_name("untraced.txt").read_text(encoding="utf-8").split())
# What a catalog on PostgreSQL does otherwise is in one module, and these go through it; else the tests of a
# vault go over the same lines on either.
OVER_POSTGRESQL = (
    "vault/test_catalog.py",
    "vault/test_documents.py",
    "vault/test_inspection.py",
    "vault/test_journal.py",
    "vault/test_moving.py",
    "vault/test_postgresql.py",
    "vault/test_reports.py",
)
# Hunts for faults that go over PostgreSQL, too, where time does not matter (`make soak`).
HUNTS = ("vault/test_audit_attacks.py", "vault/test_restore_drills.py", "vault/test_tampering.py")
# What takes longest in one file: of two processes, none is to be left alone with it at the end.
FIRST = (
    "pipeline/test_forgetting.py",
    "scorecard/test_real_people.py",
    "server/test_schema.py",
    "test_leaks.py",
    "vault/test_restore_drills.py",
    "web/",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what needs the shared data where it is absent, and say so; put first what takes longest."""
    again = [] if SOAK else [item for item in items if repeated(item) and place(item).startswith(HUNTS)]
    config.hook.pytest_deselected(items=again)
    items[:] = [item for item in items if item not in set(again)]
    items.sort(key=lambda item: not place(item).startswith(FIRST))
    skip = pytest.mark.skip(reason=f"the shared data is not beside this checkout ({SHARED.name}/ is absent)")
    for item in items:
        if "shared" in item.keywords and not SHARED.is_dir():
            item.add_marker(skip)


def place(item: pytest.Item) -> str:
    """Where a test is among the tests, with its name."""
    return item.nodeid.removeprefix("tests/")


def repeated(item: pytest.Item) -> bool:
    """Whether a test is once more over PostgreSQL what it is over SQLite."""
    over = getattr(item, "callspec", None)
    again = over is not None and over.params.get("engine") == "postgresql"
    return again and not place(item).startswith(OVER_POSTGRESQL)


def untraced(item: pytest.Item) -> bool:
    """Whether all that a test goes through is traced in others."""
    return (
        "shared" in item.keywords
        or item.nodeid.split("[")[0] in SLOW
        or place(item).startswith(UNTRACED)
        or repeated(item)
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Trace only what has to be traced.

    A test goes untraced with all that it sets up (pytest-cov's own mark is of the call alone): the thread of
    a server that starts under a tracer stays slow for every test that asks it.
    """
    measuring = item.config.pluginmanager.getplugin("_cov")
    tracing = measuring and measuring.cov_controller
    if not tracing or not untraced(item):
        return (yield)
    tracing.pause()
    try:
        return (yield)
    finally:
        for each in caches():
            each.cache_clear()
        tracing.resume()


def pytest_collection_finish() -> None:
    """Import what is held to 100 % under the tracer: the first to need it may be a test without one.

    Whatever is there by now stays to the end: a collector of garbage that leaves it alone has little to do.
    """
    caches()
    gc.collect()
    gc.freeze()


@cache
def caches() -> list[Any]:
    """The caches of what is held to 100 %: what an untraced test puts there is traced nowhere."""
    kept, found = type(cache(len)), []
    for package in (ipse.privacy, ipse.vault):
        for each in walk_packages(package.__path__, f"{package.__name__}."):
            if ".versions." not in each.name and not each.name.endswith((".env", ".__main__")):
                found += [held for held in vars(import_module(each.name)).values() if isinstance(held, kept)]
    return found


@pytest.fixture(autouse=True)
def closed_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        local = self.family == socket.AF_UNIX or str(address[0]) in LOOPBACK
        assert local, f"a test tried to reach {address!r}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings, vaults and environment of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith("IPSE_")]:
        monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def known_kinds(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where verbs are tested, refuse documents of a kind that erasing would not know about."""
    if not {"pipeline", "cli"} & set(request.path.parts):
        return
    from ipse.pipeline.derived import KINDS  # not before: most tests need no pipeline

    put = Vault.put

    def checked(self: Vault, kind: str, name: str, payload: bytes, **more: Any) -> None:
        assert kind in KINDS, f"`{kind}` is in no table: add it to KINDS of ipse.pipeline.derived"
        put(self, kind, name, payload, **more)

    put_all = Vault.put_all

    def all_checked(self: Vault, puts: Sequence[Put], changes: Sequence[Change]) -> int:
        assert {one.kind for one in puts} <= set(KINDS)
        return put_all(self, puts, changes)

    monkeypatch.setattr(Vault, "put", checked)
    monkeypatch.setattr(Vault, "put_all", all_checked)


@pytest.fixture
def shared() -> Path:
    """The folder of real data; tests that use it carry the mark `shared`."""
    return SHARED


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL server, one for all tests of a process; skips those that need it where there is none."""
    if binaries() is None:
        pytest.skip("there is no PostgreSQL here (apt: postgresql)")
    with served() as started:
        yield started


@pytest.fixture
def catalog_url(request: pytest.FixtureRequest) -> str:
    """Where a vault's catalog is to be; empty for its folder."""
    return str(request.getfixturevalue("server").url) if KIND == "postgresql" else ""


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty vault to copy: to make one takes four times as long as to open it."""
    folder = tmp_path_factory.mktemp("blank") / "vault"
    Vault.create(folder, PASSPHRASE, kdf=CHEAP, allow_weak=True)[0].close()
    return folder


@pytest.fixture
def vault(tmp_path: Path, catalog_url: str, blank: Path) -> Iterator[Vault]:
    """An empty vault whose passphrase costs little."""
    with empty(tmp_path / "vault", catalog_url, blank) as made:
        yield made


def empty(folder: Path, catalog_url: str, blank: Path) -> Vault:
    """A copy of the blank one, or where its catalog is elsewhere one that is made."""
    if catalog_url:
        return Vault.create(folder, PASSPHRASE, catalog=catalog_url, kdf=CHEAP, allow_weak=True)[0]
    shutil.copytree(blank, folder)
    return Vault.open(folder, PASSPHRASE)


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal language model of some 30,000 random weights that reads bytes; for tests marked `llm`."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    symbols = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    reader = Tokenizer(models.BPE({symbol: place for place, symbol in enumerate(symbols)}, []))
    reader.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    reader.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=reader,
        bos_token="<s>",
        eos_token="</s>",
        extra_special_tokens=["<|im_start|>", "<|im_end|>"],
    )
    shape = LlamaConfig(
        vocab_size=len(symbols),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=128,
        initializer_range=0.2,  # enough for an adapter to have something to turn
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=1,
    )
    folder = tmp_path_factory.mktemp("base")
    torch.manual_seed(7)
    LlamaForCausalLM(shape).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
