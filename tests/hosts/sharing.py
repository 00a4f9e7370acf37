"""What runs of tests share while they run at the same time, and the last one takes away."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeVar

from .machine import CACHE

Begun = TypeVar("Begun")


@contextmanager
def shared(name: str, begin: Callable[[], Begun], end: Callable[[], None]) -> Iterator[Begun]:
    """Yield what `begin` returns, which finds or starts; the last one to leave calls `end`, also after a failure."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.users", "w", encoding="ascii") as users:
        try:
            with _alone(name):
                begun = begin()
                fcntl.flock(users, fcntl.LOCK_SH)
            yield begun
        finally:
            with _alone(name):
                if _is_last(users):
                    end()


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Let one run at a time set it up or take it down."""
    with open(CACHE / f"{name}.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_last(users: TextIO) -> bool:
    """Whether no other run holds its share of the file of users."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
