"""Keys whose last write did not reach Redis: what Redis still holds under them is old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .ending import end
from .failures import RedisFailure

MOST = 10_000
EVERY = 0.1  # seconds


class Unwritten:
    """Remembers them, so that this process does not read them, and removes them from Redis as soon as that answers.

    With more than MOST keys, or a prefix that could not be cleared, all are taken for old until all are removed.

    Args:
        remove: a key from Redis; RedisFailure.
        remove_all: of them; RedisFailure.
    """

    def __init__(self, remove: Callable[[str], Awaitable[None]], remove_all: Callable[[], Awaitable[None]]) -> None:
        self._remove, self._remove_all = remove, remove_all
        self._keys: dict[str, object] = {}
        self._all = False
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._keys) + self._all

    def __contains__(self, key: str) -> bool:
        return self._all or key in self._keys

    def add(self, key: str) -> None:
        self._keys[key] = object()  # Which write it was, should there be another before it is removed.
        if len(self._keys) > MOST:
            self.add_all()
        self._begin()

    def add_all(self) -> None:
        self._all = True
        self._keys.clear()
        self._begin()

    def discard(self, key: str) -> None:
        self._keys.pop(key, None)

    async def close(self) -> None:
        if self._task is not None:
            await end([self._task])

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self:
            await asyncio.sleep(EVERY)
            try:
                await self._remove_them()
            except RedisFailure:
                pass  # Counted where it happened.

    async def _remove_them(self) -> None:
        if self._all:
            await self._remove_all()
            self._all = False
        for key, write in list(self._keys.items()):
            await self._remove(key)
            if self._keys.get(key) is write:
                del self._keys[key]
