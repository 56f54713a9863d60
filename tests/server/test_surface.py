"""What holds for every route alike: scopes, strangers, Host and Origin, ids of another vault."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from ipse.pipeline.tokens import SCOPES, Scope

from .conftest import Running, made, running
from .surface import OPEN, Route, application, routes, sockets

ROUTES = routes()
GUARDED = [route for route in ROUTES if (route.method, route.path) not in OPEN]
NAMED = [route for route in GUARDED if "{" in route.path]
IDS = [f"{route.method} {route.path}" for route in ROUTES]


def names(found: list[Route]) -> list[str]:
    return [f"{route.method} {route.path}" for route in found]


@pytest.fixture(scope="module")
def tokens(service: Running) -> dict[Scope, str]:
    """A token for each scope alone."""
    return {scope: service.token(scope) for scope in SCOPES}


@pytest.fixture(scope="module")
def stranger(service: Running) -> Iterator[httpx2.Client]:
    with service.client() as client:
        yield client


def test_every_route_takes_one_scope_or_says_why_none() -> None:
    assert len(GUARDED) > 60
    assert {(route.method, route.path) for route in ROUTES if not route.scopes} == set(OPEN)
    assert all(len(route.scopes) == 1 for route in [*GUARDED, *sockets()])


def test_every_operation_has_its_own_name() -> None:
    paths = application().openapi()["paths"]
    found = [told["operationId"] for methods in paths.values() for told in methods.values()]
    assert len(found) == len(set(found))


@pytest.mark.parametrize("route", GUARDED, ids=names(GUARDED))
def test_nobody_is_let_in_without_a_token(stranger: httpx2.Client, route: Route) -> None:
    for headers in ({}, {"Authorization": "Bearer ipse_a_b_c"}, {"Cookie": "ipse_session=x", "X-Ipse": "1"}):
        answer = stranger.request(route.method, route.address, headers=headers)
        assert answer.status_code == 401, answer.text
        assert answer.headers["www-authenticate"] == "Bearer"
        told = "application/json" if route.path.startswith("/v1/") else "application/problem+json"
        assert answer.headers["content-type"] == told, "OpenAI's clients know errors of their own shape"


SENT = [route for route in GUARDED if route.method in ("POST", "PUT", "PATCH")]


def told_before_the_body(service: Running, route: Route, token: str = "", *, seconds: float = 20.0) -> bytes:
    """The answer to a request that promises a large body, of which a piece comes."""
    address = service.address.removeprefix("http://")
    words = [f"{route.method} {route.address} HTTP/1.1", f"Host: {address}", "Content-Length: 900000"]
    words += ["Content-Type: multipart/form-data; boundary=x"]
    words += [f"Authorization: Bearer {token}"] if token else []
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as line:
        line.sendall("\r\n".join([*words, "", "--x"]).encode())
        return line.recv(4096)


@pytest.mark.parametrize("route", SENT, ids=names(SENT))
def test_who_it_is_comes_before_what_is_sent(
    service: Running, tokens: dict[Scope, str], route: Route
) -> None:
    assert told_before_the_body(service, route).startswith(b"HTTP/1.1 401 ")
    lesser = next(token for scope, token in tokens.items() if scope not in (*route.scopes, "read"))
    assert told_before_the_body(service, route, lesser).startswith(b"HTTP/1.1 403 ")


def test_who_may_is_waited_for(service: Running, tokens: dict[Scope, str]) -> None:
    """The control: with the scope it takes, the body is read, so nothing is told until it is there."""
    with pytest.raises(TimeoutError):
        told_before_the_body(
            service, Route("POST", "/api/uploads", ("import",)), tokens["import"], seconds=1.0
        )


# Last what would give the others much to read.
FILLING = sorted(GUARDED, key=lambda route: (route.method, route.path) == ("POST", "/api/days/sample"))


@pytest.mark.parametrize("route", FILLING, ids=names(FILLING))
def test_each_scope_opens_its_own_routes_alone(
    stranger: httpx2.Client, tokens: dict[Scope, str], route: Route
) -> None:
    for scope, token in tokens.items():
        may = scope == route.scopes[0] or (scope == "read" and route.scopes == ("aggregates",))
        if may and (route.method, route.path) in SPENDING:
            continue
        headers = {"Authorization": f"Bearer {token}"}
        answer = stranger.request(route.method, route.address, headers=headers, timeout=60)
        assert (answer.status_code == 403) == (not may), (scope, answer.text)
        assert answer.status_code != 401


# These would end the session or the vault of the other tests.
SPENDING = {("DELETE", "/api/session"), ("POST", "/api/vault/lock")}


@pytest.mark.parametrize("route", ROUTES, ids=IDS)
def test_another_name_and_another_site_get_nothing(
    service: Running, owner: httpx2.Client, route: Route
) -> None:
    port = service.address.rsplit(":", 1)[1]
    for headers, status in (
        ({"Host": "evil.example"}, 421),
        ({"Host": f"evil.example:{port}"}, 421),
        ({"Host": "127.0.0.1"}, 421),
        ({"Host": f"127.0.0.1.evil.example:{port}"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": f"https://127.0.0.1:{port}"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        answer = owner.request(route.method, route.address, headers=headers)
        assert answer.status_code == status, (headers, answer.text)
        assert "access-control-allow-origin" not in answer.headers


def test_its_own_names_are_let_in(service: Running, owner: httpx2.Client) -> None:
    """The control of the one above."""
    port = service.address.rsplit(":", 1)[1]
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        for origin in ({}, {"Origin": f"http://{host}"}):
            assert owner.get("/api/session", headers={"Host": host, **origin}).status_code == 200


@pytest.mark.parametrize("route", sockets(), ids=names(sockets()))
def test_sockets_refuse_other_names_and_sites(service: Running, route: Route) -> None:
    address = service.address.replace("http", "ws") + route.address
    token = {"Authorization": f"Bearer {service.token()}"}
    for headers in (
        {**token, "Origin": "http://evil.example"},
        {**token, "Origin": "null"},
        {**token, "Sec-Fetch-Site": "cross-site"},
        {"Cookie": "ipse_session=x"},
    ):
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(address, additional_headers=headers, proxy=None),
        ):
            pass
        assert refused.value.response.status_code == 403


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two vaults on one server."""
    folder = tmp_path_factory.mktemp("pair")
    with running([made(folder / "one"), made(folder / "other")]) as started:
        yield started


def test_a_token_of_one_vault_opens_no_other(pair: Running) -> None:
    one, other = (served.id for served in pair.vaults)
    with pair.client(pair.token(vault=one)) as client:
        assert client.get("/api/session").json()["vault"] == one
    forged = pair.token(vault=one).replace(one, other)
    with pair.client(forged) as client:
        assert client.get("/api/session").status_code == 401


@pytest.mark.parametrize("route", NAMED, ids=names(NAMED))
def test_ids_of_another_vault_are_not_found(service: Running, owner: httpx2.Client, route: Route) -> None:
    """Ids lead into the vault of the token alone: one that is not in it is as one that is nowhere."""
    body = None if route.method in ("GET", "DELETE") else example(route)
    answer = owner.request(route.method, route.address, json=body)
    assert answer.status_code == 404, answer.text
    assert answer.json()["type"].startswith("urn:ipse:problem:")


def example(route: Route) -> object:
    """The body that the documentation shows."""
    document = application().openapi()
    told = document["paths"][route.path][route.method.lower()].get("requestBody")
    if told is None:
        return None
    reference = told["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    return document["components"]["schemas"][reference]["examples"][0]


def test_the_other_vault_keeps_its_documents_to_itself(pair: Running) -> None:
    one, other = (served.id for served in pair.vaults)
    body = {"source": "whatsapp", "purposes": ["archive", "style"]}
    with pair.client(pair.token(vault=one)) as mine, pair.client(pair.token(vault=other)) as theirs:
        given = mine.post("/api/consents", json=body).json()["id"]
        assert mine.get(f"/api/consents/{given}").status_code == 200
        assert theirs.get(f"/api/consents/{given}").status_code == 404
        assert theirs.post(f"/api/consents/{given}/withdraw", json={}).status_code == 404
        assert theirs.get("/api/consents").json()["total"] == 0


def test_large_bodies_are_cut_off(owner: httpx2.Client, tmp_path: Path) -> None:
    answer = owner.post("/api/tokens", content=b" " * 2_000_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
