"""What speaks where a voice cannot, and that it is said."""

import json
from collections.abc import Iterator

import pytest

from ipse.config import load_settings
from ipse.errors import LearnerError, ServerError
from ipse.pipeline.answering import Clone
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.workspace import Workspace
from ipse.registry import Registry
from ipse.vault import Vault

from ..voices.chat_server import ChatStub, serving
from .conftest import imported_into

NOBODY = "http://127.0.0.1:1/v1"


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


@pytest.fixture
def server() -> Iterator[ChatStub]:
    with serving() as stub:
        yield stub


def by(vault: Vault, url: str, *, fallback: bool = True) -> Workspace:
    tree = {"server": {"url": url}, "voice": {"fallback": fallback}, "retrieval": {"epochs": 1}}
    return Workspace(vault, load_settings(tree, environment={}))


def taught(vault: Vault, request: pytest.FixtureRequest) -> None:
    imported_into(vault, request)
    workspace = by(vault, NOBODY)
    prepare(workspace)
    for method in ("retrieval", "prompted"):
        train(workspace, method=method, progress=quiet)


STAGES = {"trained": taught}


@pytest.fixture
def trained(vault: Vault) -> Workspace:
    """With `v1`, the embedded voice, and `v2`, a prompted one."""
    return by(vault, NOBODY)


def answers(workspace: Workspace) -> list[dict[str, object]]:
    return [dict(row.details) for row in workspace.vault.audit_rows() if row.action == "answer"]


def test_a_prompted_clone_answers_by_the_server_and_the_log_says_which(
    trained: Workspace, server: ChatStub
) -> None:
    answer = Clone(by(trained.vault, server.url), contact="Ilka", model="v2").answer("who brings the soup?")
    assert (answer.text, answer.method, answer.fallback) == ("Klar, bin dabei", "prompted", None)
    assert answers(trained)[-1]["server"] == server.url.split("/")[2]
    shown = json.dumps(server.asked[0]["messages"])
    assert "Ilka" not in shown  # names stay in the vault
    assert Registry(trained.vault).champion() == "v1"  # it has yet to earn that


def test_where_a_voice_cannot_speak_the_embedded_one_does_and_says_so(trained: Workspace) -> None:
    clone = Clone(trained, contact="Ilka", model="v2")
    answer = clone.answer("who brings the soup on friday?")
    assert (answer.model, answer.method) == ("v1", "retrieval")
    assert answer.text
    assert answer.fallback is not None
    assert answer.fallback.startswith("v2 (prompted) cannot speak: No chat server answers")
    assert answer.fallback.endswith("v1 (retrieval) answers.")
    rows = answers(trained)
    assert [row["model"] for row in rows] == ["v2", "v1"]
    assert rows[1]["fallback"] == answer.fallback
    assert clone.answer("and the bread?").model == "v1"  # from then on
    assert len(answers(trained)) == 3


def test_one_that_cannot_be_loaded_is_stood_in_for_too(trained: Workspace) -> None:
    card, files = Registry(trained.vault).card("v2"), Registry(trained.vault).files("v2")
    broken = Registry(trained.vault).add(card, files | {"manner.json": b"{"})
    assert "not whole" in str(Clone(trained, model=broken.id).fallback)


def test_it_is_not_stood_in_for_where_the_owner_does_not_want_it(trained: Workspace) -> None:
    strict = by(trained.vault, NOBODY, fallback=False)
    with pytest.raises(ServerError, match="No chat server"):
        Clone(strict, model="v2").answer("soup?")
    Registry(trained.vault).remove("v1", reason="a test")
    with pytest.raises(ServerError, match="No chat server"):
        Clone(trained, model="v2").answer("soup?")  # nobody is left who could


def test_what_breaks_off_in_the_midst_is_told_and_not_said_over(trained: Workspace, server: ChatStub) -> None:
    server.raw = b'data: {"choices": [{"delta": {"content": "Ja"}}]}\n\ndata: {"error": "gone"}\n\n'
    pieces = Clone(by(trained.vault, server.url), model="v2").stream("soup?")
    assert next(pieces) == "Ja"
    with pytest.raises(LearnerError, match="broke off"):
        next(pieces)
