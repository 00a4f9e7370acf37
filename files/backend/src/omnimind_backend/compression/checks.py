"""Checks of one value of compression.yaml each: the value as the settings hold it, problems noted beside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from omnimind_backend.compression.codecs import CODINGS

_TYPE = re.compile(r"[\w.!#$&^+-]+/(?:[\w.!#$&^+-]*\*?[\w.!#$&^+-]+|\*)")
_LARGEST = 2**40  # bytes; more is a slip of the pen


@dataclass(frozen=True)
class Place:
    """Where a value stands, as `levels.br`, and the list that takes what is wrong with it."""

    key: str
    problems: list[str]

    def refuse(self, value: Any, right: str) -> None:
        self.problems.append(f"{self.key}: {value!r}, but must be {right}")

    def below(self, name: Any) -> Place:
        return Place(f"{self.key}.{name}", self.problems)


def codings(place: Place, value: Any) -> tuple[str, ...]:
    right = f"one of {', '.join(CODINGS)}"
    found = _list(place, value, right, lambda item: item in CODINGS, empty=False)
    if len(set(found)) < len(found):
        place.refuse(value, "a list that names no coding twice")
    return found


def content_types(place: Place, value: Any) -> tuple[str, ...]:
    right = "a media type without parameters, such as application/json or text/*, with at most one *"
    found = _list(place, value, right, lambda item: _TYPE.fullmatch(item) is not None, empty=False)
    return tuple(item.lower() for item in found)


def paths(place: Place, value: Any) -> tuple[str, ...]:
    return _list(place, value, "a path that begins with /", lambda item: item.startswith("/"), empty=True)


def size(place: Place, value: Any, allowed: range | None = None) -> int:
    """A whole number; in bytes unless a range of levels is given."""
    if allowed is None:
        allowed, right = range(_LARGEST + 1), "a whole number of bytes, 0 or more"
    else:
        right = f"a whole number from {allowed[0]} to {allowed[-1]}"
    # A bool is an int to Python, and `yes` is a bool to YAML.
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        place.refuse(value, right)
    return value


def numbers(place: Place, value: Any, allowed: Mapping[str, range | None]) -> dict[str, int]:
    """A number for each coding named; within the coding's range, or a size where that is None."""
    if not isinstance(value, Mapping):
        place.refuse(value, f"a mapping of {', '.join(allowed)} to numbers")
        return {}
    for coding in value:
        if coding not in allowed:
            place.problems.append(f"{place.key}.{coding}: no such coding; known are {', '.join(allowed)}")
    return {name: size(place.below(name), value[name], allowed[name]) for name in value if name in allowed}


def _list(place: Place, value: Any, right: str, fits: Callable[[str], bool], *, empty: bool) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or (not value and not empty):
        place.refuse(value, f"a list{'' if empty else ' that is not empty'}, each item {right}")
        return ()
    good = []
    for index, item in enumerate(value):
        if isinstance(item, str) and fits(item):
            good.append(item)
        else:
            place.below(index).refuse(item, right)
    return tuple(good)
