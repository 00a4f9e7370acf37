"""Filters and pages of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from .errors import ApiError
from .kinds import KINDS
from .store import Object, Store

_LOOKUPS: dict[str, Callable[[str, str], bool]] = {
    "exact": lambda value, wanted: value == wanted,
    "startswith": lambda value, wanted: value.startswith(wanted),
    "endswith": lambda value, wanted: value.endswith(wanted),
    "contains": lambda value, wanted: wanted in value,
    "icontains": lambda value, wanted: wanted.lower() in value.lower(),
    "in": lambda value, wanted: value in wanted.split(","),
}
_OF_PAGES = ("page", "page_size", "order_by")
_LARGEST_PAGE = 200


def filtered(store: Store, kind: str, items: Iterable[Object], query: dict[str, str]) -> list[Object]:
    """What fits all of a query; of those that begin with `or__` one is enough."""
    tests = {name: value for name, value in query.items() if name not in _OF_PAGES}
    either = {name.removeprefix("or__"): value for name, value in tests.items() if name.startswith("or__")}
    every = {name: value for name, value in tests.items() if not name.startswith("or__")}
    return [
        item
        for item in items
        if all(_fits(store, kind, item, name, value) for name, value in every.items())
        and (not either or any(_fits(store, kind, item, name, value) for name, value in either.items()))
    ]


def page(items: list[Object], path: str, query: dict[str, str]) -> dict[str, Any]:
    size = min(int(query.get("page_size", 25)), _LARGEST_PAGE)
    number = int(query.get("page", 1))
    if number > 1 and (number - 1) * size >= len(items):
        raise ApiError(404, {"detail": "Invalid page."})

    def address(other: int) -> str:
        return f"{path}?{urlencode({**query, 'page': other})}"

    return {
        "count": len(items),
        "next": address(number + 1) if number * size < len(items) else None,
        "previous": address(number - 1) if number > 1 else None,
        "results": items[(number - 1) * size : number * size],
    }


def _fits(store: Store, kind: str, item: Object, name: str, wanted: str) -> bool:
    *path, last = name.split("__")
    lookup = last if path and last in _LOOKUPS else "exact"
    steps = path if path and last in _LOOKUPS else [*path, last]
    value: Any = item
    for step in steps:
        if value is None:
            return False
        value, kind = _step(store, kind, value, step)
    shown = "" if value is None else str(value["id"] if isinstance(value, dict) else value)
    return _LOOKUPS[lookup](shown, wanted)


def _step(store: Store, kind: str, item: Object, name: str) -> tuple[Any, str]:
    own = item["kind_of"]
    if name == "id":
        return item["id"], ""
    if name == "type" and kind == "unified_job_templates":
        return KINDS[own].type, ""
    field = KINDS[own].fields.get(name)
    if field is None:
        if kind == "unified_job_templates":
            return None, ""
        raise ApiError(400, {"detail": f"{KINDS[own].type} has no field named '{name}'"})
    return (store.find(field.kind, item[name]), field.kind) if field.kind else (item[name], "")
