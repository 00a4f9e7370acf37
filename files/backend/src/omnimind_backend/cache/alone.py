"""In place of Redis where there is none: values that this process alone has, by the same rules."""

from __future__ import annotations

import math
import time

from .envelope import Found, gone, pack, token_of, unpack
from .local import Entry, Local
from .second import TOMBSTONE
from .settings import CacheSettings


class Alone:
    """Stands in for `Second` and `Tracker`: nobody else can change anything, so what is known is always valid."""

    valid_until = math.inf

    def __init__(self, settings: CacheSettings) -> None:
        self._values = Local(settings.local_entries, settings.local_bytes)

    def hears(self, node: str) -> bool:
        return True

    async def read(self, key: str) -> Found:
        return unpack(self._packed(key) or None)

    async def write(self, key: str, value: bytes, ttl: float) -> None:
        self._put(key, pack(value, ttl, 0.0), ttl)

    async def fill(self, key: str, token: bytes, value: bytes, ttl: float, load_seconds: float) -> bool:
        if token_of(self._packed(key)) != token:
            return False
        self._put(key, pack(value, ttl, load_seconds), ttl)
        return True

    async def remove(self, key: str) -> None:
        self._put(key, gone(), TOMBSTONE)

    async def clear(self, prefix: str) -> None:
        self._values.clear(prefix)

    def start(self) -> None:
        """There is nothing to listen to."""

    async def close(self) -> None:
        """There is nothing to close."""

    def _packed(self, key: str) -> bytes:
        entry = self._values.get(key, time.monotonic())
        return entry.value if entry else b""

    def _put(self, key: str, packed: bytes, ttl: float) -> None:
        self._values.put(key, Entry(packed, time.monotonic() + ttl, math.inf))
