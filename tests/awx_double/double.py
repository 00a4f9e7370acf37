"""The double as tests use it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from .api import Api
from .server import Server

TOKEN = "operator-of-the-double"


class AwxDouble:
    """An AWX that runs no jobs. Use it as a context manager.

    Args:
        repositories: directories that projects are read from, by the addresses that projects name.
    """

    def __init__(self, repositories: Mapping[str, Path]) -> None:
        self.api = Api(repositories)
        self._server = Server(self.api, TOKEN)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="awx", daemon=True)

    def __enter__(self) -> AwxDouble:
        self._thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def changes(self) -> list[str]:
        """Requests that were sent to change something, such as `POST /api/v2/labels/`."""
        return [f"{one.method} {one.path}" for one in self._server.log if one.method != "GET"]

    def asked(self, path: str) -> int:
        """How often something was read."""
        return sum(one.method == "GET" and one.path == path for one in self._server.log)

    def forget_log(self) -> None:
        self._server.log.clear()
