"""The first level: values in this process, the least recently used given up first."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

OVERHEAD = 300  # bytes that an entry takes beside its key and value: objects, dictionary slots


@dataclass(slots=True)
class Entry:
    """A value, `end` and `refresh_at` as time.monotonic() tells time; `token` names this very version in Redis."""

    value: bytes
    end: float
    refresh_at: float
    token: bytes = b""


class Local:
    """At most so many entries and bytes. One event loop uses it; it takes no lock."""

    def __init__(self, entries: int, most_bytes: int) -> None:
        self._most_entries, self._most_bytes = entries, most_bytes
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str, now: float) -> Entry | None:
        """The entry, now the most recently used; None when there is none or it is at its end."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if now >= entry.end:
            self.forget(key)
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry unless it alone is too large."""
        self.forget(key)
        size = _size(key, entry)
        if not self._most_entries or size > self._most_bytes:
            return
        self._entries[key] = entry
        self.bytes += size
        while len(self._entries) > self._most_entries or self.bytes > self._most_bytes:
            self.forget(next(iter(self._entries)))

    def forget(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= _size(key, entry)

    def clear(self, prefix: str = "") -> None:
        for key in [key for key in self._entries if key.startswith(prefix)] if prefix else ():
            self.forget(key)
        if not prefix:
            self._entries.clear()
            self.bytes = 0


def _size(key: str, entry: Entry) -> int:
    return len(key) + len(entry.value) + OVERHEAD
