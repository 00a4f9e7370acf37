"""Run the cases against one server and one middleware."""

from __future__ import annotations

from typing import Any

from compression_matrix import client
from compression_matrix.cases import CASES
from compression_matrix.client import Reply
from compression_matrix.servers import running


class Asker:
    """Asks one server; `last` holds path, headers and method of the latest request."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.last: tuple[Any, ...] = ()

    def __call__(
        self, path: str, headers: tuple[tuple[str, str], ...] = (), method: str = "GET", body: bytes = b""
    ) -> Reply:
        self.last = (path, headers, method)
        return client.ask(self._port, path, headers, method, body)


def problems(server: str, middleware: str) -> dict[str, str]:
    """By name of the case what is wrong, "" for nothing."""
    with running(server, f"compression_matrix.middlewares:{middleware}") as (port, _pid):
        return {case.name: case.problem(Asker(port)) for case in CASES}
