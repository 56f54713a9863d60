"""A server that answers as the Hub does, for one model; says on stdout which files it was asked for."""

import hashlib
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["serve"]

REVISION = "a" * 40


class _Handler(BaseHTTPRequestHandler):
    folder: Path
    model: str

    def do_HEAD(self) -> None:
        """Answer without the body."""
        self._answer(body=False)

    def do_GET(self) -> None:
        """Answer with the body."""
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        path = urlsplit(self.path).path
        files = sorted(file for file in self.folder.iterdir() if file.is_file())
        if path.startswith(f"/api/models/{self.model}/tree/"):
            rows = [
                {"type": "file", "path": f.name, "size": f.stat().st_size, "oid": _etag(f)} for f in files
            ]
            self._send(json.dumps(rows).encode(), body=body)
        elif path.startswith(f"/api/models/{self.model}"):
            siblings = [{"rfilename": file.name} for file in files]
            held = {"id": self.model, "sha": REVISION, "siblings": siblings, "private": False, "tags": []}
            self._send(json.dumps(held).encode(), body=body)
        elif path.startswith(f"/{self.model}/resolve/") and (file := self.folder / Path(path).name).is_file():
            if body:
                sys.stdout.write(f"{file.name}\n")
                sys.stdout.flush()
            self._send(file.read_bytes(), body=body, etag=_etag(file))
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _send(self, content: bytes, *, body: bool, etag: str = "") -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Repo-Commit", REVISION)
        if etag:
            self.send_header("ETag", f'"{etag}"')
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name it has there
        """Say nothing."""


def _etag(file: Path) -> str:
    return hashlib.sha1(file.read_bytes(), usedforsecurity=False).hexdigest()


def serve(folder: Path, model: str) -> ThreadingHTTPServer:
    """A server on a free port of this machine, for ``model`` in ``folder``."""
    handler = type("Handler", (_Handler,), {"folder": folder, "model": model})
    return ThreadingHTTPServer(("127.0.0.1", 0), handler)
