# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks the Docker engine of this host for an image, by its socket."""

from __future__ import annotations

import http.client
import json
import socket
from urllib.parse import quote

SOCKET = "/var/run/docker.sock"


class _Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def image_id(name: str) -> str:
    """The identity of an image on this host; empty when it is not there. OSError when no engine answers."""
    connection = _Connection("localhost", timeout=10)
    try:
        connection.request("GET", f"/images/{quote(name, safe=':/@')}/json")
        answer = connection.getresponse()
        found = json.loads(answer.read() or b"{}")
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
    return str(found.get("Id", "")) if answer.status == 200 else ""
