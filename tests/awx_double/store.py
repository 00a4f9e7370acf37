"""The objects, by kind and id."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from .kinds import KINDS, members

Object = dict[str, Any]


class Store:
    """Everything that AWX keeps. Ids are of one row for all kinds."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, Object]] = {kind: {} for kind in KINDS}
        self._ids = count(1)

    def add(self, kind: str, content: Object) -> Object:
        made = {"id": next(self._ids), "kind_of": kind, **content, "associated": {}}
        made["associated"] = {name: [] for name in KINDS[kind].associations}
        self.objects[kind][made["id"]] = made
        return made

    def all(self, kind: str) -> Iterator[Object]:
        for member in members(kind):
            yield from self.objects[member].values()

    def find(self, kind: str, number: Any) -> Object | None:
        return next((one for one in self.all(kind) if one["id"] == number), None)

    def remove(self, item: Object) -> None:
        """Take an object away, with what cannot be without it."""
        if self.objects[item["kind_of"]].pop(item["id"], None) is None:
            return
        for kind, description in KINDS.items():
            for other in list(self.objects[kind].values()):
                self._forget(other, description, item)
        if item["kind_of"] == "workflow_job_template_nodes":
            approval = self.objects["workflow_approval_templates"].get(item["unified_job_template"])
            if approval:
                self.remove(approval)

    def _forget(self, other: Object, description: Any, item: Object) -> None:
        for name, field in description.fields.items():
            if field.kind and item["kind_of"] in members(field.kind) and other.get(name) == item["id"]:
                if field.cascade:
                    self.remove(other)
                else:
                    other[name] = None
        for name, kind in description.associations.items():
            if item["kind_of"] == kind and item["id"] in other["associated"][name]:
                other["associated"][name].remove(item["id"])
