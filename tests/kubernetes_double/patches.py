"""The three patches that carry no owner: json-patch, merge-patch and the strategic merge."""

from __future__ import annotations

import copy
from typing import Any

from .errors import ApiError, bad_request
from .schemas import Schema, Schemas


def json_patch(target: Any, operations: Any) -> Any:
    """RFC 6902; 422 when an operation does not fit."""
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    document = {"": copy.deepcopy(target)}
    for operation in operations:
        try:
            _operate(document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            where = operation.get("path") if isinstance(operation, dict) else operation
            message = f"the server rejected our request due to an error in our request: {where}: {error!r}"
            raise ApiError(422, "Invalid", message) from error
    return document[""]


def _operate(document: dict[str, Any], operation: dict[str, Any]) -> None:
    what, path = operation["op"], _pointer(operation["path"])
    if what in ("move", "copy"):
        value = copy.deepcopy(_look(document, _pointer(operation["from"])))
        if what == "move":
            _remove(document, _pointer(operation["from"]))
        _add(document, path, value)
    elif what == "add":
        _add(document, path, operation["value"])
    elif what == "replace":
        _look(document, path)
        parent, last = _look(document, path[:-1]), path[-1]
        parent[int(last) if isinstance(parent, list) else last] = operation["value"]
    elif what == "remove":
        _remove(document, path)
    elif what == "test":
        if _look(document, path) != operation["value"]:
            raise ValueError("testing value failed")
    else:
        raise ValueError(f"Unexpected kind: {what}")


def _pointer(text: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")]


def _look(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _add(document: Any, path: list[str], value: Any) -> None:
    parent, last = _look(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        parent.insert(len(parent) if last == "-" else int(last), value)
    else:
        parent[last] = value


def _remove(document: Any, path: list[str]) -> None:
    parent = _look(document, path[:-1])
    del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386: null removes, lists are replaced."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def strategic_merge(schemas: Schemas, schema: Schema, target: Any, patch: Any) -> Any:
    """Like a merge-patch, but a list with a merge key is merged entry by entry, as the schema says."""
    schema = schemas.resolve(schema)
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    if patch.get("$patch") == "replace":
        return {name: copy.deepcopy(value) for name, value in patch.items() if name != "$patch"}
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        inner = schemas.child(schema, name)
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, list):
            merged[name] = _merge_list(schemas, inner, merged.get(name) or [], value)
        else:
            merged[name] = strategic_merge(schemas, inner, merged.get(name), value)
    for name, values in patch.items():
        if name.startswith("$deleteFromPrimitiveList/"):
            field = name.split("/", 1)[1]
            merged[field] = [one for one in merged.get(field) or [] if one not in values]
        elif name == "$retainKeys":
            merged = {key: value for key, value in merged.items() if key in values}
    return merged


def _merge_list(schemas: Schemas, schema: Schema, target: list[Any], patch: list[Any]) -> list[Any]:
    if {"$patch": "replace"} in patch or "merge" not in schema.get("x-kubernetes-patch-strategy", ""):
        return [copy.deepcopy(one) for one in patch if one != {"$patch": "replace"}]
    key = schema.get("x-kubernetes-patch-merge-key")
    if not key:  # of plain values
        return target + [one for one in patch if one not in target]
    merged = list(target)
    for entry in patch:
        if not isinstance(entry, dict) or key not in entry:
            raise bad_request(f"map: {entry} does not contain declared merge key: {key}")
        at = next((index for index, one in enumerate(merged) if one.get(key) == entry[key]), None)
        if entry.get("$patch") == "delete":
            merged = [one for one in merged if one.get(key) != entry[key]]
        elif at is None:
            merged.append(copy.deepcopy(entry))
        else:
            merged[at] = strategic_merge(schemas, schemas.items(schema), merged[at], entry)
    return merged
