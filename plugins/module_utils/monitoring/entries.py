# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a variable that is a list of named entries, as sentences."""
from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .durations import seconds

Check = Callable[[Any], str]  # a value to what is wrong with it; empty when it is fine
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def entry_complaints(
    variable: str, what: str, entries: Any, required: Sequence[str], checks: Mapping[str, Check]
) -> list[str]:
    """Everything that is wrong.

    Args:
        what: what the entries are, in the plural.
        required: keys that each must have.
        checks: a check for every key that there is, `name` among them.
    """
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        return [f"{variable}: it is a list of {what}, not {entries!r}"]
    found: list[str] = []
    for index, entry in enumerate(entries):
        found += _of_one(f"{variable}[{index}]", entry, required, checks)
    names = [entry.get("name") for entry in entries if isinstance(entry, Mapping)]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    return found + [f"{variable}: {name!r} is the name of more than one" for name in twice]


def _of_one(where: str, entry: Any, required: Sequence[str], checks: Mapping[str, Check]) -> list[str]:
    if not isinstance(entry, Mapping):
        return [f"{where}: it is a mapping with {', '.join(required)}, not {entry!r}"]
    found = [f"{where}.{key}: there is no such key; there are {', '.join(checks)}" for key in entry if key not in checks]
    found += [f"{where}.{key}: it is missing" for key in required if key not in entry]
    for key, check in checks.items():
        if key in entry and (complaint := check(entry[key])):
            found.append(f"{where}.{key}: {complaint}")
    return found


def name_check(example: str) -> Check:
    """Of a name that is part of a label or a recording."""

    def check(name: Any) -> str:
        fits = isinstance(name, str) and _NAME.fullmatch(name)
        return "" if fits else f"{name!r} is no name of small letters, digits and _, such as {example}"

    return check


def expression_check(expression: Any) -> str:
    """Of PromQL, whose grammar promtool judges."""
    return "" if isinstance(expression, str) and expression.strip() else f"{expression!r} is no PromQL expression"


def duration_check(duration: Any) -> str:
    try:
        seconds(duration)
    except ValueError as error:
        return str(error)
    return ""


def text_check(text: Any) -> str:
    return "" if isinstance(text, str) else f"{text!r} is no text"
