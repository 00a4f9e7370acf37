"""Who set which field: `metadata.managedFields`, as sets of paths, and what a server-side apply makes of them.

A path is a tuple of steps as in FieldsV1: `f:spec`, `k:{"name":"web"}` for an entry of a list with keys, `v:"x"` for a
value of a set. A list or a mapping that is atomic is one path, whatever is in it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any

from .schemas import Schema, Schemas

Path = tuple[str, ...]
# What the server itself writes belongs to nobody.
_WRITTEN_BY_SERVER = """
    name namespace generateName uid resourceVersion generation selfLink managedFields
    creationTimestamp deletionTimestamp deletionGracePeriodSeconds
""".split()
_NOBODYS = {("f:apiVersion",), ("f:kind",), *(("f:metadata", f"f:{name}") for name in _WRITTEN_BY_SERVER)}
_DEFAULT_KEYS = {"protocol": "TCP"}


class Fields:
    """Reads and writes objects of one schema path by path."""

    def __init__(self, schemas: Schemas, schema: Schema) -> None:
        self.schemas, self.schema = schemas, schema

    def values(self, found: Any) -> dict[Path, Any]:
        """Every leaf of an object that somebody can own, with its value."""
        leaves: dict[Path, Any] = {}
        self._walk(self.schemas.resolve(self.schema), found, (), leaves)
        return {path: value for path, value in leaves.items() if path not in _NOBODYS}

    def _walk(self, schema: Schema, value: Any, path: Path, leaves: dict[Path, Any]) -> None:
        if path in _NOBODYS:
            return
        inner = list(self._steps(schema, value))
        if not inner:
            leaves[path] = value
        for step, below, content in inner:
            if step.startswith("k:"):
                leaves[(*path, step, ".")] = None  # the entry itself
            self._walk(below, content, (*path, step), leaves)

    def _steps(self, schema: Schema, value: Any) -> Iterable[tuple[str, Schema, Any]]:
        """What is below a value, as (step, schema, value); nothing below what is a leaf."""
        if isinstance(value, dict) and schema.get("x-kubernetes-map-type") != "atomic":
            for name, content in value.items():
                yield f"f:{name}", self.schemas.child(schema, name), content
        elif isinstance(value, list):
            kind, items = schema.get("x-kubernetes-list-type"), self.schemas.items(schema)
            if kind == "map":
                for entry in value:
                    yield _key_step(schema, entry), items, entry
            elif kind == "set":
                for one in value:
                    yield f"v:{json.dumps(one)}", {}, one

    def merge(self, live: Any, applied: Any) -> Any:
        """The live object with what is applied laid over it."""
        return self._merge(self.schemas.resolve(self.schema), live, applied)

    def _merge(self, schema: Schema, live: Any, applied: Any) -> Any:
        if isinstance(applied, dict) and isinstance(live, dict) and schema.get("x-kubernetes-map-type") != "atomic":
            merged = dict(live)
            for name, value in applied.items():
                merged[name] = self._merge(self.schemas.child(schema, name), live.get(name), value)
            return merged
        kind = schema.get("x-kubernetes-list-type")
        if isinstance(applied, list) and isinstance(live, list) and kind in ("map", "set"):
            if kind == "set":
                return live + [one for one in applied if one not in live]
            items = self.schemas.items(schema)
            by_key = {_key_step(schema, entry): entry for entry in live}
            for entry in applied:
                step = _key_step(schema, entry)
                by_key[step] = self._merge(items, by_key.get(step), entry)
            return list(by_key.values())
        return copy.deepcopy(applied)

    def without(self, found: Any, paths: Iterable[Path]) -> Any:
        """An object without these leaves, and without what they leave empty."""
        gone = set(paths)
        return self._prune(self.schemas.resolve(self.schema), found, (), gone) if gone else found

    def _prune(self, schema: Schema, value: Any, path: Path, gone: set[Path]) -> Any:
        """None for what goes."""
        steps = list(self._steps(schema, value))
        if not steps:
            return None if path in gone else value
        kept = []
        for step, below, content in steps:
            # An entry goes whole, with the defaults in it that are nobody's.
            rest = None if (*path, step, ".") in gone else self._prune(below, content, (*path, step), gone)
            if rest is not None:
                kept.append((step, rest))
        if len(kept) < len(steps) and not kept:
            return None
        if isinstance(value, list):
            return [rest for _step, rest in kept]
        return {step[2:]: rest for step, rest in kept}


def _keys(schema: Schema) -> list[str]:
    return schema.get("x-kubernetes-list-map-keys", [])


def _key_step(schema: Schema, entry: Any) -> str:
    keys = {key: entry.get(key, _DEFAULT_KEYS.get(key)) for key in _keys(schema)} if isinstance(entry, dict) else {}
    return "k:" + json.dumps({key: value for key, value in keys.items() if value is not None}, separators=(",", ":"))


def tree_of(paths: Iterable[Path]) -> dict[str, Any]:
    """FieldsV1 of paths."""
    tree: dict[str, Any] = {}
    for path in sorted(paths):
        node = tree
        for step in path:
            node = node.setdefault(step, {})
    return tree


def paths_of(tree: dict[str, Any], path: Path = ()) -> set[Path]:
    """The paths that a FieldsV1 names."""
    if not tree:
        return {path}
    return {inner for step, below in tree.items() for inner in paths_of(below, (*path, step))}


def readable(path: Path) -> str:
    """As a conflict names it: `.spec.ports[port=80,protocol="TCP"].name`."""
    text = ""
    for step in path:
        kind, _colon, rest = step.partition(":")
        if kind == "f":
            text += f".{rest}"
        elif kind == "k":
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(rest).items()) + "]"
        elif kind == "v":
            text += f"[={rest}]"
    return text
