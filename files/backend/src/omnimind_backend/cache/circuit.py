"""Parts of Redis that are away are left alone, and asked in the background whether they are back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .ending import end

FIRST_WAIT, LONGEST_WAIT = 0.05, 0.5  # seconds from one question to the next


class Circuits:
    """One circuit a route, a route being whatever goes away together: a node's name.

    The first outage opens it, as everyone who tries in vain waits for a time-out; and if Redis was only slow, the
    first question closes it, in the time of one answer.

    Args:
        ask: with a key, whether the part of Redis that holds it answers; it may take its time, but ends.
    """

    def __init__(self, ask: Callable[[bytes], Awaitable[bool]]) -> None:
        self._ask = ask
        self._open: dict[str, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def routes(self) -> list[str]:
        return sorted(self._open)

    def is_open(self, route: str) -> bool:
        return route in self._open

    def open(self, route: str, key: bytes) -> None:
        """Leave a route alone until Redis answers for this key, whoever serves it then."""
        if route not in self._open:
            self._open[route] = asyncio.create_task(self._wait_for(route, key))

    async def close(self) -> None:
        await end(self._open.values())

    async def _wait_for(self, route: str, key: bytes) -> None:
        # No request ever waits for this: that is why a half-open circuit costs nobody a time-out.
        wait = FIRST_WAIT
        try:
            while not await self._ask(key):
                await asyncio.sleep(wait)
                wait = min(wait * 1.5, LONGEST_WAIT)
        finally:
            self._open.pop(route, None)
