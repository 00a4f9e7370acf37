"""AWX as a test asks it: the double, or a real one that the environment leads to."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from awx_double import AwxDouble

REAL = os.environ.get("OMNIMIND_AWX_HOST", "")


@dataclass(frozen=True)
class Awx:
    """An AWX.

    Attributes:
        double: itself, where it is none but a double.
    """

    url: str
    token: str
    double: AwxDouble | None = None

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        """Status code and answer."""
        address = f"{self.url}/api/v2/{path}/" + (f"?{urlencode(query)}" if query else "")
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(address, content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def all(self, kind: str, **query: str) -> list[dict[str, Any]]:
        status, answer = self.ask("GET", kind, page_size="200", **query)
        assert status == 200, answer
        return answer["results"]

    def one(self, kind: str, name: str) -> dict[str, Any]:
        (found,) = self.all(kind, name=name)
        return found

    def environment(self) -> dict[str, str]:
        """What leads Ansible here."""
        return {"CONTROLLER_HOST": self.url, "CONTROLLER_OAUTH_TOKEN": self.token}


def real_awx() -> Awx:
    return Awx(REAL.rstrip("/"), os.environ["OMNIMIND_AWX_TOKEN"])
