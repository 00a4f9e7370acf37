"""Servers of the application, as processes of their own on free loopback ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from compression_matrix.app import FILES
from compression_matrix.bodies import JSON, LONG, SMALL
from loopback import free_port

TESTS = Path(__file__).resolve().parent.parent
SERVERS = ("uvicorn", "granian")
_FILES = {"short.txt": JSON, "long.json": LONG, "picture.png": JSON, "small.txt": SMALL}
_SECONDS_TO_START = 20
_SECONDS_TO_STOP = 5


@contextmanager
def running(server: str, application: str) -> Iterator[tuple[int, int]]:
    """The port and the process id of a server of `application`, "module:name"; stopped at the end, come what may."""
    port = free_port()
    command = {
        "uvicorn": ["--port", str(port), "--log-level", "critical", "--no-access-log"],
        "granian": ["--port", str(port), "--interface", "asgi", "--no-log", "--workers", "1"],
    }[server]
    with TemporaryDirectory(prefix="compression-matrix-") as files:
        for name, content in _FILES.items():
            Path(files, name).write_bytes(content)
        paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
        # A session of its own, as granian starts a worker that must go with it.
        process = subprocess.Popen(
            [sys.executable, "-m", server, "--host", "127.0.0.1", *command, application],
            env={**os.environ, "PYTHONPATH": paths, FILES: files},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_until_listening(process, port)
            yield port, process.pid
        finally:
            _stop(process)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{process.args} does not listen after {_SECONDS_TO_START} s")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
