"""Whatever the OpenAPI document allows or forbids is answered as it says: no 5xx, no undocumented status."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.core.result import Ok

from ipse.config import load_settings
from ipse.server.problems import MEDIA_TYPE

from ..soak import rounds
from .conftest import Running, made, running
from .surface import OPEN, application

DOCUMENT = json.loads(json.dumps(application().openapi()))
OPERATIONS = {
    found.ok().definition.raw["operationId"]: found.ok()
    for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
    if isinstance(found, Ok)
}
SPENDING = {"sign_out", "lock_vault"}  # these would end the session or the vault of the others
LATER = {"add_sample_days"}  # whatever reads events would read these, too
ASKED = sorted(set(OPERATIONS) - SPENDING, key=lambda name: (name in LATER, name))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES, STRANGERS = rounds(3, 300), rounds(1, 50)
SECONDS = 60.0
REFUSED = {401, 403}
"""Nobody is signed in; a cookie without our own page's header. Nothing is said of a body, or of its form."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that counts no requests."""
    wide = load_settings({"service": {"rate": "1000000/second"}}, environment={})
    with running([made(tmp_path_factory.mktemp("schema") / "vault")], wide) as started:
        yield started


@pytest.fixture(scope="module")
def asking(service: Running) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {service.token()}"
        yield session


def cases(name: str) -> st.SearchStrategy[Case[Any]]:
    """What the document allows for an operation, and what it forbids where there is anything to get wrong."""
    operation = OPERATIONS[name]
    found = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if operation.query or operation.path_parameters or operation.body:
        found |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    return found


def tried(name: str, examples: int, session: requests.Session, address: str) -> list[int]:
    """Try an operation so often, or twice where it takes nothing; returns the statuses of the answers."""
    statuses: list[int] = []
    operation = OPERATIONS[name]
    takes = operation.query or operation.path_parameters or operation.body

    @seed(20260401)
    @settings(
        max_examples=examples if takes else min(examples, 2),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(name))
    def once(case: Case[Any]) -> None:
        headers = {"Authorization": session.headers.get("Authorization")}
        answer = case.call_and_validate(
            base_url=address, session=session, headers=headers, checks=CHECKS, timeout=SECONDS
        )
        statuses.append(answer.status_code)

    once()
    return statuses


@pytest.mark.parametrize("name", ASKED)
def test_the_owner_is_answered_as_documented(service: Running, asking: requests.Session, name: str) -> None:
    assert tried(name, EXAMPLES, asking, service.address)


@pytest.mark.parametrize("name", sorted(OPERATIONS)[:: rounds(4, 1)])  # all of them are in test_surface.py
def test_a_stranger_is_answered_as_documented(service: Running, name: str) -> None:
    open_ = {path for _, path in OPEN}
    with requests.Session() as session:
        session.trust_env = False
        statuses = tried(name, STRANGERS, session, service.address)
    if OPERATIONS[name].path not in open_:
        assert {status for status in statuses if status != 405} <= REFUSED


def test_an_undocumented_status_is_found(service: Running, asking: requests.Session) -> None:
    """The control: a document that leaves out what is answered does not pass."""
    told = json.loads(json.dumps(DOCUMENT))
    told["paths"]["/api/session"]["get"]["responses"] = {"201": {"description": "never"}}
    operation = schemathesis.openapi.from_dict(told)["/api/session"]["GET"]
    with pytest.raises(schemathesis.core.failures.FailureGroup):
        operation.Case().call_and_validate(base_url=service.address, session=asking, checks=CHECKS)


def test_every_error_is_a_problem() -> None:
    ours = {path: methods for path, methods in DOCUMENT["paths"].items() if path.startswith("/api/")}
    for methods in ours.values():
        for told in methods.values():
            errors = {status: one for status, one in told["responses"].items() if status[0] in "45"}
            assert {"401", "403", "404", "409", "422", "429"} <= set(errors)
            assert all(list(one["content"]) == [MEDIA_TYPE] for one in errors.values())


def test_every_operation_shows_an_answer_that_its_schema_allows() -> None:
    shown = 0
    for methods in DOCUMENT["paths"].values():
        for told in methods.values():
            for status, answer in told["responses"].items():
                held = answer.get("content", {}).get("application/json")
                if status[0] == "2" and held:
                    schema = {**held["schema"], "components": DOCUMENT["components"]}
                    jsonschema_rs.validate(schema, held["example"])
                    shown += 1
    assert shown > 60


def test_every_body_shows_one_that_its_schema_allows() -> None:
    """Beside the schema, or in it."""
    bodies = [
        told["requestBody"]["content"]["application/json"]
        for methods in DOCUMENT["paths"].values()
        for told in methods.values()
        if "application/json" in told.get("requestBody", {}).get("content", {})
    ]
    assert len(bodies) > 20
    for body in bodies:
        named = DOCUMENT["components"]["schemas"][body["schema"]["$ref"].rsplit("/", 1)[1]]
        beside = [one["value"] for one in body.get("examples", {}).values()]
        shown = [*beside, *named.get("examples", [])]
        assert shown, body["schema"]
        for example in shown:
            jsonschema_rs.validate({**body["schema"], "components": DOCUMENT["components"]}, example)
