"""The cache itself: this process, then Redis, then the load."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from functools import partial

from prometheus_client import CollectorRegistry

from .alone import Alone
from .failures import RedisFailure
from .manager import RedisManager
from .metrics import CacheMetrics
from .nearby import Lookup, Nearby
from .second import Second
from .settings import CacheSettings
from .tracking import Tracker
from .unwritten import Unwritten

Load = Callable[[], Awaitable[bytes]]
AWAY = object()  # what a load begins from when it is not known what Redis holds: nothing is stored
REFRESHES = 16  # loads under way, above which none is begun before it is needed


class MultiLevelCache:
    """One a process and event loop; `async with`, or start() and close().

    It never raises for what Redis does: while Redis, or a part of it, is away, values are loaded, and that is counted
    as an outage. What a caller's load raises is raised to everyone who waits for it, and nothing is stored.

    Args:
        registry: of Prometheus, for one cache only.
    """

    def __init__(self, settings: CacheSettings, registry: CollectorRegistry) -> None:
        self.settings, self.metrics = settings, CacheMetrics(registry)
        self._near = Nearby(settings, self.metrics)
        self._local = self._near.local
        self._hits = self.metrics.outcomes["l1_hit"]
        self.manager: RedisManager | None = None
        self.tracker: Tracker | Alone
        self._second: Second | Alone
        if settings.topology == "none":
            self._second = self.tracker = Alone(settings)
        else:
            self.manager = RedisManager(settings, self.metrics)
            self._second, self.tracker = Second(self.manager), Tracker(self.manager, self.metrics, self._near.heard)
        self.unwritten = Unwritten(self._second.remove, partial(self._second.clear, ""))
        self.metrics.unwritten.set_function(lambda: len(self.unwritten))

    async def start(self) -> None:
        """Begin to listen; it does not wait for Redis."""
        self.tracker.start()

    async def close(self) -> None:
        """In a few seconds at most. Loads that are under way are cancelled."""
        await self.unwritten.close()
        await self._near.close()
        await self.tracker.close()
        if self.manager is not None:
            await self.manager.close()

    async def __aenter__(self) -> MultiLevelCache:
        await self.start()
        return self

    async def __aexit__(self, *unused: object) -> None:
        await self.close()

    @property
    def in_use(self) -> bool:
        """Whether values in this process may be used now."""
        return time.monotonic() < self.tracker.valid_until

    async def get(self, key: str, load: Load, ttl: float | None = None) -> bytes:
        """The value, or what `load` makes, which is then stored for `ttl` seconds (0: not at all; None: as set).

        However many ask at a time, the load of the first runs once. ValueError for a key or ttl that cannot be.
        """
        now = time.monotonic()
        if now < self.tracker.valid_until:
            entry = self._local.get(key, now)
            if entry is not None:
                self._hits.inc()
                if now >= entry.refresh_at:
                    entry.refresh_at = math.inf  # Should it fail, the value is still good, and nobody else tries.
                    self._refresh(key, load, self._life(key, ttl), entry.token)
                return entry.value
        life = self._life(key, ttl)
        looked = await self._near.reads.join(key, None, partial(self._read, key))
        self.metrics.outcomes[looked.outcome].inc()
        found = looked.found
        if found is None:
            return await self._near.loads.join(key, AWAY, partial(self._load, key, load, life, AWAY))
        if found.value is None:
            work = partial(self._load, key, load, life, found.token)
            return await self._near.loads.join(key, found.token, work, asked=now)
        if found.end and (lead := self._near.lead(found)) and time.time() >= found.end - lead:
            self._refresh(key, load, life, found.token)
        return found.value

    async def set(self, key: str, value: bytes, ttl: float | None = None) -> bool:
        """Store it for `ttl` seconds; whether Redis has it. Where not, what Redis has is not read any more."""
        life = self._life(key, ttl)
        if not isinstance(value, bytes):
            raise TypeError(f"a value is bytes, not {type(value).__name__}")
        return await self._write(key, self._second.write(key, value, life) if life else self._second.remove(key))

    async def delete(self, key: str) -> bool:
        """Remove it, and let nothing be stored that was loaded before; whether Redis knows."""
        self._life(key, None)
        return await self._write(key, self._second.remove(key))

    async def clear(self, prefix: str = "") -> bool:
        """Remove every key that begins so, in every process; whether Redis has done all of it."""
        cleared = False
        self._near.forget_all(prefix)
        try:
            await self._second.clear(prefix)
            cleared = True
        except RedisFailure:
            pass
        finally:
            if not cleared:
                self.unwritten.add_all()
            self._near.forget_all(prefix)
        return cleared

    async def _read(self, key: str) -> Lookup:
        if key in self.unwritten:
            return Lookup(None, "outage")
        try:
            found = await self._second.read(key)
        except RedisFailure as failure:
            return Lookup(None, "outage" if failure.outage else "bypass")
        if found.value is None:
            return Lookup(found, "miss")
        if self.tracker.hears(found.node):
            self._near.keep(key, found)
        return Lookup(found, "l2_hit")

    async def _load(self, key: str, load: Load, life: float, token: object) -> bytes:
        started = time.perf_counter()
        result = "failed"
        try:
            value = await load()
            if not isinstance(value, bytes):
                raise TypeError(f"the load of {key!r} made {type(value).__name__}, not bytes")
            took = time.perf_counter() - started
            self.metrics.load_seconds.observe(took)
            result = "not_stored"
            if life and isinstance(token, bytes) and self._near.loads.is_current(key):
                try:
                    if await self._second.fill(key, token, value, life, took):
                        result = "stored"
                        self._near.overtake(key)
                except RedisFailure:
                    pass  # Counted where it happened; the value is good all the same.
            return value
        finally:
            self.metrics.loads.labels(result).inc()

    def _refresh(self, key: str, load: Load, life: float, token: bytes) -> None:
        if len(self._near.loads) < REFRESHES and not self._near.loads.is_flying(key):
            self.metrics.refreshes.inc()
            self._near.loads.start(key, token, partial(self._load, key, load, life, token))

    async def _write(self, key: str, writing: Awaitable[None]) -> bool:
        written = False
        self._near.forget(key)
        try:
            await writing
            written = True
        except RedisFailure:
            pass
        finally:  # Also when cancelled: nobody knows then what Redis has.
            if written:
                self.unwritten.discard(key)
            else:
                self.unwritten.add(key)
            self._near.forget(key)
        return written

    def _life(self, key: str, ttl: float | None) -> float:
        """Seconds that a value will live."""
        if not isinstance(key, str) or key.startswith("\0"):
            raise ValueError(f"key: {key!r} is not possible; right would be text that does not begin with a zero byte")
        if ttl is None:
            return self.settings.ttl
        if isinstance(ttl, bool) or not isinstance(ttl, (int, float)) or not 0 <= ttl < math.inf:
            raise ValueError(f"ttl: {ttl!r} is not possible; right would be seconds, 0 or more")
        return ttl
