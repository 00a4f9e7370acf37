"""Servers that answer with something else than they should: it is told in words, whoever asks."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager_api import Alertmanager
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.asking import (
    Login,
    ask_alertmanager,
    ask_grafana,
    ask_prometheus,
)
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.errors import MonitoringFailure

ANSWERS = {
    b"SSH-2.0-OpenSSH_9.2\r\n": "SSH-2.0",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{": "IncompleteRead",
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n": "503",
}


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """The address of a server that says this to one client, then goes."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            client, _address = server.accept()
            with client:
                client.recv(65536)
                client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("ask", [ask_prometheus, ask_alertmanager, ask_grafana])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_server_is_not_ready(ask, answer: bytes) -> None:
    with answering(answer) as url:
        assert ANSWERS[answer] in ask(url, Login()).problem


@pytest.mark.parametrize("answer", ANSWERS)
def test_silences_are_not_known(answer: bytes) -> None:
    with answering(answer) as url, pytest.raises(MonitoringFailure, match=ANSWERS[answer]):
        Alertmanager(url).silences()
