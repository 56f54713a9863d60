"""A real web server on loopback that plays every site."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

PAGE = """<html><head><title> A  plain
title </title><meta name="description" content="What it is about">
<meta property="og:title" content="A title of its own"><meta property="og:image" content="/cover.png">
<meta property="og:image:alt" content="A lake at dusk"><meta property="og:image:width" content="800">
<meta property="og:site_name" content="Lakes Weekly"></head><body>text</body></html>"""
POST = """<blockquote class="twitter-tweet"><p lang="en" dir="ltr">Up at the lake again, see
<a href="https://t.co/abc">https://example.org/lake</a> <a href="https://t.co/pic">pic.twitter.com/xyz</a></p>
&mdash; Ilka (@ilka) <a href="https://twitter.com/ilka/status/42?ref_src=x">March 3, 2024</a></blockquote>"""


class Handler(BaseHTTPRequestHandler):
    """Answers by path; counts what it was asked, and when."""

    asked: ClassVar[list[tuple[str, float, str]]] = []

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.asked.append((parts.path, time.monotonic(), self.headers.get("Cookie", "")))
        if parts.path == "/moved":
            self.send(302, "", {"Location": "/page"})
        elif parts.path == "/loop":
            self.send(302, "", {"Location": "/loop"})
        elif parts.path == "/file":
            self.send(302, "", {"Location": "file:///etc/passwd"})
        elif parts.path == "/latin":
            self.send(
                200,
                "<title>Caf\xe9</title>".encode("latin-1"),
                {"Content-Type": "text/html; charset=latin-1"},
            )
        elif parts.path == "/huge":
            self.send(200, "<title>Huge</title>" + "x" * (5 << 20), {"Content-Type": "text/html"})
        elif parts.path == "/image":
            self.send(200, b"\x89PNG", {"Content-Type": "image/png"})
        elif parts.path == "/pdf":
            self.send(200, b"%PDF", {"Content-Type": "application/pdf"})
        elif parts.path == "/busy":
            self.send(429, "", {"Retry-After": "7"})
        elif parts.path == "/oembed" and "/status/" in parse_qs(parts.query)["url"][0]:
            if parse_qs(parts.query)["url"][0].endswith("/404"):
                self.send(404, "{}")
            else:
                found = {"html": POST, "author_url": "https://twitter.com/ilka", "author_name": "Ilka"}
                self.send(200, json.dumps(found), {"Content-Type": "application/json"})
        elif parts.path == "/oembed":
            found = {
                "title": "A film",
                "author_name": "Jun",
                "provider_name": "Tube",
                "thumbnail_url": "https://i/1.png",
            }
            self.send(200, json.dumps(found), {"Content-Type": "application/json"})
        elif parts.path == "/nonsense":
            self.send(200, "not json", {"Content-Type": "application/json"})
        elif parts.path.startswith("/page"):
            self.send(200, PAGE, {"Content-Type": "text/html; charset=utf-8", "Set-Cookie": "id=1"})
        else:
            self.send(404, "nothing")

    def send(self, status: int, body: str | bytes, fields: dict[str, str] | None = None) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **(fields or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Be quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    """The address of the server."""
    Handler.asked.clear()
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_address[1]}"
    serving.shutdown()
    serving.server_close()
    thread.join()


@pytest.fixture
def asked(server: str) -> list[tuple[str, float, str]]:
    """What the server was asked: path, when, cookies."""
    return Handler.asked
