"""What this process holds or is fetching, and how it gives that up when something has changed."""

from __future__ import annotations

import time
from dataclasses import dataclass

from .envelope import Found, lead
from .local import Entry, Local
from .metrics import CacheMetrics
from .second import CLEARED
from .settings import CacheSettings
from .single_flight import SingleFlight


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the second level told (None when it could not), and how it is counted."""

    found: Found | None
    outcome: str


class Nearby:
    """The first level, and the reads and loads under way.

    A read that something has overtaken is neither kept nor joined any more. A load is overtaken by this process's own
    writes only: a change elsewhere shows in what Redis holds, and a load begins from there and is stored over nothing
    else. (The end of a value's life is a change too, and must not set off one load after the other.)
    """

    def __init__(self, settings: CacheSettings, metrics: CacheMetrics) -> None:
        self._settings, self._metrics = settings, metrics
        self.local = Local(settings.local_entries, settings.local_bytes)
        self.reads: SingleFlight[Lookup] = SingleFlight()
        self.loads: SingleFlight[bytes] = SingleFlight()
        metrics.local_entries.set_function(lambda: len(self.local))
        metrics.local_bytes.set_function(lambda: self.local.bytes)

    def keep(self, key: str, found: Found) -> None:
        """Keep what the running read has found, unless something came in between or its end is not known."""
        left = found.end - time.time()
        if found.value is None or not found.end or left <= 0 or not self.reads.is_current(key):
            return
        now = time.monotonic()
        end = now + min(left, self._settings.local_ttl)
        self.local.put(key, Entry(found.value, end, now + left - self.lead(found), found.token))

    def lead(self, found: Found) -> float:
        """Seconds before its end at which this version is loaded anew, drawn anew each time."""
        return lead(self._settings.refresh, found.life, found.load_seconds)

    def forget(self, key: str) -> None:
        """This process writes the key."""
        self.loads.forget(key)
        self.overtake(key)

    def forget_all(self, prefix: str = "") -> None:
        """This process or another clears all keys that begin so."""
        self.loads.forget_all(prefix)
        self.reads.forget_all(prefix)
        self.local.clear(prefix)

    def heard(self, names: list[bytes] | None) -> None:
        """Redis tells of changed keys by their names there; None when anything may have changed."""
        if names is None:
            self._metrics.invalidations.labels("all").inc()
            self.reads.forget_all()
            self.local.clear()
        for name in names or ():
            key = name.decode(errors="replace").removeprefix(self._settings.prefix)
            if key.startswith(CLEARED):
                self._metrics.invalidations.labels("prefix").inc()
                self.forget_all(key.removeprefix(CLEARED))
            else:
                self._metrics.invalidations.labels("key").inc()
                self.overtake(key)

    def overtake(self, key: str) -> None:
        """Redis has a newer value."""
        self.reads.forget(key)
        self.local.forget(key)

    async def close(self) -> None:
        await self.loads.close(1)
        await self.reads.close(1)
