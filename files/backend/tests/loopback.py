"""What tests with servers on this machine share: a port that is free, and waiting for what comes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable


def free_port() -> int:
    """One that the kernel gives to nobody else for now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition: Callable[[], object], seconds: float = 10, what: str = "it comes to that") -> None:
    """Return as soon as `condition()` holds; AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.005)
