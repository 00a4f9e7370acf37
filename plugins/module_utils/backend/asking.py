# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks instances of a backend, until they are fit or the time is over."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .answers import Answer, Expected, describe, objection
from .errors import BackendFailure

SECONDS = 5.0  # for one answer
PAUSE = 0.05
ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def survey(address: str, ports: Sequence[int], expected: Expected, timeout: float | None = None) -> dict[str, Any]:
    """What each instance answers. With a timeout, ask until all are fit; BackendFailure, which says who is not and why,
    when they are not in time."""
    deadline = time.monotonic() + (timeout or 0)
    host = ALL_ADDRESSES.get(address, address)
    urls = {port: f"http://{f'[{host}]' if ':' in host else host}:{port}" for port in ports}
    with ThreadPoolExecutor(max(1, min(8, len(ports)))) as threads:
        while True:
            answers = list(threads.map(lambda port: ask(host, port), ports))
            found = describe(answers, expected, urls)
            if found["fit"] or timeout is None:
                return found
            if time.monotonic() >= deadline:
                told = "; ".join(f"port {a.port}: {objection(a, expected)}" for a in answers if objection(a, expected))
                raise BackendFailure(f"Not fit within {timeout:g} seconds: {told}", **found)
            time.sleep(PAUSE)


def ask(host: str, port: int) -> Answer:
    """/ready and /api/status of one instance, without a proxy."""
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        ready_status, ready = _get(connection, "/ready")
        status_status, status = _get(connection, "/api/status")
    except (OSError, http.client.HTTPException) as error:
        return Answer(port, problem=f"no answer ({error or type(error).__name__})")
    finally:
        connection.close()
    if status_status != 200:
        return Answer(port, problem=f"/api/status answers {status_status}: another program may have the port")
    return Answer(port, ready_status, ready, status_status, status)


def _get(connection: http.client.HTTPConnection, path: str) -> tuple[int, dict[str, Any]]:
    connection.request("GET", path, headers={"Accept": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    return answer.status, document if isinstance(document, dict) else {}
