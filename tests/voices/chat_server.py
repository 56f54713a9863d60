"""A server of OpenAI's chat protocol on loopback, which says what a test wants.

It stands for llama.cpp's, Ollama's and others, which no test can install: real HTTP and real server-sent
events, but no model.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

__all__ = ["ChatStub", "serving"]


class ChatStub:
    """What it is to say, and what it was asked."""

    def __init__(self) -> None:
        self.says: list[str] = ["Klar", ", bin", " dabei"]
        self.models = ["small-model", "other-model"]
        self.refuses: tuple[str, ...] = ()
        self.status = 200
        self.raw: bytes | None = None
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""


class _Handler(BaseHTTPRequestHandler):
    stub: ChatStub

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        self._send({"object": "list", "data": [{"id": name} for name in self.stub.models]})

    def do_POST(self) -> None:
        stub = self.stub
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        stub.asked.append(wanted)
        stub.headers.append(dict(self.headers))
        if refused := [name for name in stub.refuses if name in wanted]:
            self._send({"error": {"message": f"unknown parameter {refused[0]}"}}, 400)
        elif stub.status != 200:
            self._send({"error": {"message": "no,\nnot now"}}, stub.status)
        else:
            self._events()

    def _send(self, content: object, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        if self.stub.raw is not None:
            self.wfile.write(self.stub.raw)
            return
        self.wfile.write(b": a comment\n\n")
        deltas: list[dict[str, str | None]] = [{"role": "assistant", "content": None}]
        for delta in deltas + [{"content": piece} for piece in self.stub.says]:
            self.wfile.write(f"data: {json.dumps({'choices': [{'delta': delta}]})}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")


@contextmanager
def serving() -> Iterator[ChatStub]:
    """One that listens on a free port until the end."""
    stub = ChatStub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stub": stub}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
