"""Where the objects are: versions that only grow, and everything that happened, for those who watch."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .kinds import Kind

Object = dict[str, Any]


@dataclass(frozen=True)
class Happening:
    """One change. `former` is None for what is new, `object` the last state of what is gone."""

    version: int
    kind: Kind
    type: str
    object: Object
    former: Object | None


class Store:
    """Take `lock` around what must be one step. What comes out is a copy."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.version = 1000
        self.forgotten = 0
        self.happenings: list[Happening] = []
        self._objects: dict[tuple[str, str, str], Object] = {}

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        with self.lock:
            return copy.deepcopy(self._objects.get((kind.resource, namespace, name)))

    def list(self, kind: Kind, namespace: str = "") -> list[Object]:
        """In the order of namespace and name, as the real store gives them."""
        with self.lock:
            keys = [key for key in self._objects if key[0] == kind.resource and namespace in ("", key[1])]
            return [copy.deepcopy(self._objects[key]) for key in sorted(keys)]

    def put(self, kind: Kind, found: Object) -> Object:
        """Keep a new object or a changed one; return it with its version."""
        with self.lock:
            key = self._key(kind, found)
            former = self._objects.get(key)
            kept = self._stamped(found)
            self._objects[key] = kept
            self._happened(kind, "MODIFIED" if former else "ADDED", kept, former)
            return copy.deepcopy(kept)

    def remove(self, kind: Kind, found: Object) -> Object:
        with self.lock:
            former = self._objects.pop(self._key(kind, found))
            last = self._stamped(former)
            self._happened(kind, "DELETED", last, former)
            return copy.deepcopy(last)

    def forget(self) -> None:
        """As when the real store compacts: who watches from before must list again."""
        with self.lock:
            self.forgotten = self.version
            self.happenings.clear()

    def since(self, version: int) -> Iterator[Happening]:
        """What happened after a version, oldest first."""
        return (one for one in list(self.happenings) if one.version > version)

    @staticmethod
    def _key(kind: Kind, found: Object) -> tuple[str, str, str]:
        metadata = found["metadata"]
        return kind.resource, metadata.get("namespace", "") if kind.namespaced else "", metadata["name"]

    def _stamped(self, found: Object) -> Object:
        self.version += 1
        kept = copy.deepcopy(found)
        kept["metadata"]["resourceVersion"] = str(self.version)
        return kept

    def _happened(self, kind: Kind, change: str, found: Object, former: Object | None) -> None:
        self.happenings.append(Happening(self.version, kind, change, copy.deepcopy(found), former))
        self.changed.notify_all()
