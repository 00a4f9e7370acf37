"""A client of one backend that keeps its connection."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SECONDS = 15.0  # longer than a backend takes for a picture


class Unanswered(Exception):
    """Nobody is there, or the connection was lost."""


@dataclass(frozen=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """For one thread.

    Args:
        address: http://host:port.
        answered: called with the status of each answer.
    """

    def __init__(self, address: str, answered: Callable[[int], None]) -> None:
        self.address, self._answered = address, answered
        self._connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=SECONDS)

    def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        """Raises Unanswered, and then connects anew the next time."""
        try:
            self._connection.request(method, path, body or None, {"Accept-Encoding": "identity", **(headers or {})})
            response = self._connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, named, response.read())
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise Unanswered(f"{self.address}: {error!r}") from error
        self._answered(answer.status)
        return answer

    def close(self) -> None:
        self._connection.close()
