"""The OpenAPI document: what FastAPI derives, the errors as they are sent, and the scope of each route."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts

from ipse.server import pushed
from ipse.server.examples import sample
from ipse.server.problems import MEDIA_TYPE, Problem

__all__ = ["ERRORS", "Known", "install", "known_routes", "scopes_of"]

ERRORS: Final = {
    "400": "The body cannot be read.",
    "401": "Nobody is signed in, or the token is not valid.",
    "403": "The token lacks the scope, or another site asked.",
    "404": "There is nothing of that id.",
    "409": "It cannot be done as things are; the hint says what to do first.",
    "413": "The body is too large.",
    "421": "The service is asked for by a name that is not its own.",
    "422": "The request is not as it should be.",
    "429": "Too often, or too many at once; `Retry-After` says when to ask again.",
}
"""What any route may answer."""

OURS: Final = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
OPENAI: Final = {"application/json": {"schema": {"type": "object", "required": ["error"]}}}
"""What the clients of OpenAI's interface expect of an error."""
ABOUT: Final = (
    "A person's own AI on their own machine. Sign in with a browser, or send a token "
    "(`Authorization: Bearer ipse_…`; `ipse token add`). Each route names the scope that it takes. "
    "Requests by cookie that change something carry the header `X-Ipse: 1`."
)


class Known(NamedTuple):
    """A route as it is mounted; ``scopes`` is empty for what is open to anybody, ``methods`` for a socket."""

    path: str
    methods: tuple[str, ...]
    scopes: tuple[str, ...]
    shown: bool


def known_routes(app: FastAPI) -> Iterator[Known]:
    """Every route of the application, pages and sockets among them."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute | APIWebSocketRoute):
            yield Known(
                path=str(context.path),
                methods=tuple(sorted(context.methods or ())),
                scopes=scopes_of(route),
                shown=isinstance(route, APIRoute) and route.include_in_schema,
            )


def scopes_of(route: object) -> tuple[str, ...]:
    """What a route takes; nothing for one that is open to anybody, or none."""
    if not isinstance(route, APIRoute | APIWebSocketRoute):
        return ()
    return tuple(sorted(set(_scopes(route.dependant))))


def _scopes(dependant: Dependant) -> list[str]:
    own = list(dependant.own_oauth_scopes or [])
    return own + [scope for below in dependant.dependencies for scope in _scopes(below)]


def install(app: FastAPI) -> None:
    """Let ``app`` describe itself so."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title="ipse", version=app.version, description=ABOUT, routes=app.routes)
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["Problem"] = problem
    schemas.update(pushed.schemas())
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "ipse_…"},
        "browser": {"type": "apiKey", "in": "cookie", "name": "ipse_session"},
    }
    for route in known_routes(app):
        for method in route.methods if route.shown else ():
            operation = made["paths"][route.path][method.lower()]
            _complete(operation, list(route.scopes), OURS if route.path.startswith("/api/") else OPENAI)
            _exemplify(operation, schemas)
    return made


def _complete(operation: dict[str, Any], scopes: list[str], error: dict[str, Any]) -> None:
    responses: dict[str, Any] = operation["responses"]
    told = {status: response["description"] for status, response in responses.items() if status[0] in "45"}
    told.pop("422", None)  # the framework's own words
    responses |= {
        status: {"description": about, "content": error} for status, about in {**ERRORS, **told}.items()
    }
    if scopes:
        operation["security"] = [{"token": scopes}, {"browser": scopes}]
        operation["x-scopes"] = scopes
        operation["description"] = (
            f"{operation.get('description', '')}\n\nScope: `{'`, `'.join(scopes)}`.".strip()
        )


def _exemplify(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Show an answer, where one is JSON and shows none yet."""
    for status, told in operation["responses"].items():
        held = told.get("content", {}).get("application/json")
        if status[0] == "2" and held and not {"example", "examples"} & set(held):
            held["example"] = sample(held.get("schema", {}), schemas)
