"""The HTTP server: reads requests, asks who sends them, writes answers, and keeps the log."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from .api import Api
from .errors import ApiError, not_found


class Logged(NamedTuple):
    """A request that was answered."""

    method: str
    path: str
    body: dict[str, Any]
    code: int


class Server(ThreadingHTTPServer):
    """AWX on loopback, on a port of its own."""

    daemon_threads = True

    def __init__(self, api: Api, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.api, self.token = api, token
        self.lock = threading.Lock()
        self.log: list[Logged] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *unused: object) -> None:
        """The log is the server's own."""

    def _handle(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else {}
        url = urlsplit(self.path)
        try:
            code, answer = self._answer(url.path, dict(parse_qsl(url.query)), body)
        except ApiError as error:
            code, answer = error.code, error.body
        self.server.log.append(Logged(self.command, url.path, body, code))
        self._send(code, answer)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle

    def _answer(self, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        parts = [part for part in path.split("/") if part]
        if parts[:2] != ["api", "v2"] or len(parts) < 3:
            raise not_found()
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            raise ApiError(401, {"detail": "Authentication credentials were not provided."})
        with self.server.lock:
            return self.server.api.answer(self.command, parts[2:], query, body)

    def _send(self, code: int, answer: Any) -> None:
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
