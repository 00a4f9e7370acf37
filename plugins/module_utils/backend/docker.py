# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks the Docker engine of this host for an image."""

from __future__ import annotations

import http.client
import json
import os
import socket
from urllib.parse import quote, urlsplit

SECONDS = 10


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def _connection() -> http.client.HTTPConnection:
    """To the engine that Docker's own client would talk to; OSError for one that this module cannot reach."""
    address = urlsplit(os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock")
    if address.scheme == "unix":
        return _Connection(address.path)
    if address.scheme in ("tcp", "http") and not os.environ.get("DOCKER_TLS_VERIFY"):
        return http.client.HTTPConnection(address.hostname or "localhost", address.port or 2375, timeout=SECONDS)
    raise OSError("DOCKER_HOST leads to an engine behind TLS, which is not asked for images")


def image_id(name: str) -> str:
    """The identity of an image on this host; empty when it is not there. OSError when no engine answers."""
    connection = _connection()
    try:
        connection.request("GET", f"/images/{quote(name, safe=':/@')}/json")
        answer = connection.getresponse()
        found = json.loads(answer.read() or b"{}")
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
    return str(found.get("Id", "")) if answer.status == 200 else ""
