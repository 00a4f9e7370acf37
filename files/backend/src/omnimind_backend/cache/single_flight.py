"""Work that many wait for and that is done once."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .ending import end

Answer = TypeVar("Answer")


MEMORY = 0.5  # seconds for which an answer stays for those who asked before it was there


@dataclass(slots=True)
class _Flight(Generic[Answer]):
    token: object
    task: asyncio.Task[Answer]
    landed: float = math.inf  # time.monotonic()


class SingleFlight(Generic[Answer]):
    """Tasks by key. A task that was forgotten goes on for those who wait, and nobody joins it any more.

    A `token` says what the work starts from: work that started from something else is not joined.
    """

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[Answer]] = {}
        self._tasks: set[asyncio.Task[Answer]] = set()

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._tasks)

    def start(
        self, key: str, token: object, work: Callable[[], Coroutine[Any, Any, Answer]], asked: float = math.inf
    ) -> asyncio.Task[Answer]:
        """The task that does the work, begun now unless it is under way, or has ended since it was `asked` for."""
        found = self._flights.get(key)
        if found is not None and found.token == token and min(asked, time.monotonic()) < found.landed:
            return found.task
        flight = _Flight(token, asyncio.create_task(work()))
        self._flights[key] = flight
        self._tasks.add(flight.task)
        flight.task.add_done_callback(lambda _task: self._land(key, flight))
        return flight.task

    async def join(
        self, key: str, token: object, work: Callable[[], Coroutine[Any, Any, Answer]], asked: float = math.inf
    ) -> Answer:
        """What the work answers or raises. To cancel one who waits cancels neither the work nor the others."""
        task = self.start(key, token, work, asked)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():  # Not we were cancelled, the work was: a caller must not believe it is to end.
                raise RuntimeError(f"the work for {key!r} was cancelled") from None
            raise

    def is_current(self, key: str) -> bool:
        """Whether the running task is the one that is joined for this key: nothing came in between."""
        found = self._flights.get(key)
        return found is not None and found.task is asyncio.current_task()

    def is_flying(self, key: str) -> bool:
        return key in self._flights and not self._flights[key].task.done()

    def forget(self, key: str) -> None:
        self._flights.pop(key, None)

    def forget_all(self, prefix: str = "") -> None:
        for key in [key for key in self._flights if key.startswith(prefix)]:
            del self._flights[key]

    async def close(self, seconds: float) -> None:
        """Cancel what is under way; wait no longer than so many seconds for it."""
        await end(self._tasks, seconds)

    def _land(self, key: str, flight: _Flight[Answer]) -> None:
        self._tasks.discard(flight.task)
        flight.landed = time.monotonic()
        failed = flight.task.cancelled() or flight.task.exception() is not None
        asyncio.get_running_loop().call_later(0 if failed else MEMORY, self._remove, key, flight)

    def _remove(self, key: str, flight: _Flight[Answer]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
