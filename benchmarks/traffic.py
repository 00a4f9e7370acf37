"""What compression saves of the backend's own traffic, counted in bytes of whole answers."""

from __future__ import annotations

import http.client
import tempfile
from pathlib import Path

from app.serving import Backend, served
from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.options import Options, tell
from loopback import wait_until

ANSWERS = {"status": "/api/status", "list of 20 tasks": "/api/tasks", "page": "/"}
CODINGS = ("zstd", "br", "gzip")
LEAST_SAVED = 30.0  # %


def measure(options: Options) -> Table:
    table = Table("Traffic that compression saves", "nothing: answers as they are")
    table.notes = ["Head and body of each answer of a running backend, with its default settings."]
    with tempfile.TemporaryDirectory() as directory, served(Path(directory) / "log") as backend:
        _work(backend)
        for name, path in ANSWERS.items():
            plain = _bytes(backend, path, "identity")
            for coding in CODINGS:
                saved = 100 * (1 - _bytes(backend, path, coding) / plain)
                tell(f"{name}, {coding}: {number(saved)} % of {plain} bytes saved")
                found = Sample((saved,), "%")
                table.figures.append(Figure(f"{name} by {coding}", found, f"{plain} bytes", at_least=LEAST_SAVED))
    return table


def _work(backend: Backend) -> None:
    """Twenty tasks, done."""
    for number_ in range(20):
        body = f"A text of many words, number {number_}. ".encode() * 100
        backend.client.post("/api/tasks?kind=compression", content=body).raise_for_status()
        wait_until(lambda: backend.client.get("/api/status").json()["tasks"]["busy"] == 0)


def _bytes(backend: Backend, path: str, coding: str) -> int:
    """Of the answer: status line, header fields and body, as they are sent."""
    connection = http.client.HTTPConnection("127.0.0.1", backend.port, timeout=10)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": coding})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or (coding != "identity") != (answer.getheader("content-encoding") == coding):
            raise RuntimeError(f"{path}: {answer.status}, encoded as {answer.getheader('content-encoding')}")
        head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders())
        return len("HTTP/1.1 200 OK\r\n") + head + 2 + len(body)
    finally:
        connection.close()
