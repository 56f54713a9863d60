"""The web app's files, and the pages of the documentation: everything from this machine.

The app is built by ``web/`` into ``static/``; every path that is no file of it is a page of the app, which
finds its own way. A placeholder in its page is replaced by the nonce of the answer.
"""

import secrets
from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from ipse.server.headers import DOCS_POLICY, app_policy

__all__ = ["NONCE", "STATIC", "install"]

STATIC: Final = Path(__file__).with_name("static")
NONCE: Final = "__CSP_NONCE__"
LONG: Final = "public, max-age=31536000, immutable"  # Vite puts a hash into the names below assets/

NOT_BUILT: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>ipse</title>
<h1>The web app is not built</h1>
<p>This checkout has the service but not the pages. Build them once, with Node.js 20 or newer:</p>
<pre>make web</pre>
<p>Packages have them inside. The service itself works: <a href="/api/docs">its documentation</a>.</p></html>
"""
SWAGGER: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>ipse: the service</title>
<link rel="stylesheet" href="/api/docs/files/swagger-ui.css"><div id="swagger"></div>
<script src="/api/docs/files/swagger-ui-bundle.js"></script><script src="/api/docs/start.js"></script></html>
"""
START: Final = """SwaggerUIBundle({url: "/api/openapi.json", dom_id: "#swagger", deepLinking: true,
  validatorUrl: null, requestInterceptor: (r) => { r.headers["X-Ipse"] = "1"; return r; }});
"""
REDOC: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>ipse: the service</title>
<redoc spec-url="/api/openapi.json"></redoc><script src="/api/docs/files/redoc.standalone.js"></script></html>
"""
DOCS_FILES: Final = ("swagger-ui.css", "swagger-ui-bundle.js", "redoc.standalone.js")


def install(app: FastAPI, static: Path = STATIC) -> None:
    """Serve both from ``app``; call it last, for the app's pages take every path that is left."""

    @app.get("/api/docs", include_in_schema=False)
    async def swagger() -> Response:
        return HTMLResponse(SWAGGER, headers={"Content-Security-Policy": DOCS_POLICY})

    @app.get("/api/docs/start.js", include_in_schema=False)
    async def start() -> Response:
        return PlainTextResponse(START, media_type="text/javascript")

    @app.get("/api/redoc", include_in_schema=False)
    async def redoc() -> Response:
        return HTMLResponse(REDOC, headers={"Content-Security-Policy": DOCS_POLICY})

    @app.get("/api/docs/files/{name}", include_in_schema=False)
    async def docs_file(name: str) -> Response:
        if name not in DOCS_FILES:
            raise HTTPException(404)
        return FileResponse(Path(str(files("fastapi_offline"))) / "static" / name)

    @app.get("/{path:path}", include_in_schema=False)
    async def page(path: str) -> Response:
        return _page(static, path)


def _page(static: Path, path: str) -> Response:
    """A file of the built app, else its page; what looks like the interface or a file and is none: 404."""
    index = static / "index.html"
    if path.split("/", maxsplit=1)[0] in ("api", "v1"):
        raise HTTPException(404)
    if not index.is_file():
        if path:
            raise HTTPException(404)
        return HTMLResponse(NOT_BUILT, status_code=200)
    known = {file.relative_to(static).as_posix(): file for file in static.rglob("*") if file.is_file()}
    if path in known and path != "index.html":
        return FileResponse(
            known[path], headers={"Cache-Control": LONG} if path.startswith("assets/") else {}
        )
    if "." in path.rsplit("/", 1)[-1]:
        raise HTTPException(404)
    nonce = secrets.token_urlsafe(16)
    text = index.read_text(encoding="utf-8").replace(NONCE, nonce)
    return HTMLResponse(text, headers={"Content-Security-Policy": app_policy(nonce)})
