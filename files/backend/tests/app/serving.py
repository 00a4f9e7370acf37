"""The backend as users run it: a process of its own on a free port, gone when the test is over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from loopback import free_port, wait_until

SOURCES = Path(__file__).resolve().parents[2] / "src"


class Backend:
    """One process.

    Args:
        log: file for its output.
        server: uvicorn or granian.
        variables: OMNIMIND_* without the prefix.
    """

    def __init__(self, log: Path, server: str = "uvicorn", variables: Mapping[str, object] | None = None) -> None:
        self.log, self.server = log, server
        self.environment = environment(variables or {})
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=10)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Backend:
        command = [sys.executable, "-m", "omnimind_backend", "--port", str(self.port), "--server", self.server]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log, start_new_session=True)
        wait_until(self.answers, 30)
        return self

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log.read_text()
        try:
            return self.client.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self, seconds: float = 30) -> int:
        """Ask it to end; return its exit status."""
        self.signal(signal.SIGTERM)
        assert self.process is not None
        return self.process.wait(seconds)

    def entries(self) -> list[dict[str, Any]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def kill(self) -> None:
        """With everything it started."""
        self.client.close()
        if self.process is not None and self.process.returncode is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def served(log: Path, server: str = "uvicorn", **variables: object) -> Iterator[Backend]:
    """Serve until the block is left, by success or failure."""
    backend = Backend(log, server, variables)
    try:
        yield backend.start()
    finally:
        backend.kill()


def environment(variables: Mapping[str, object]) -> dict[str, str]:
    """Of this process, with these variables OMNIMIND_* and no other."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OMNIMIND_")}
    return own | {f"OMNIMIND_{name.upper()}": str(value) for name, value in variables.items()} | {"PYTHONPATH": str(SOURCES)}
