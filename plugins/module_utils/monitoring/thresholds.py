# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The numbers that alerts compare with and dashboards colour by."""
from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

# Alarming below them, not above.
FALLING = ("certificate", "error_budget", "exhaustion")


def merged(known: Mapping[str, Mapping[str, Any]], changes: Mapping[str, float]) -> dict[str, float]:
    """Number by name.

    Args:
        known: the role's thresholds.yml: by name, `value`, `unit` and `description`.
        changes: numbers of the user, by name.
    """
    return {name: changes.get(name, threshold["value"]) for name, threshold in known.items()}


def complaints(changes: Any, known: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is wrong with numbers of the user, as sentences; see `merged`."""
    if not isinstance(changes, Mapping):
        return [f"thresholds: it is a mapping of names to numbers, not {changes!r}"]
    found = [f"thresholds: there is no {name!r}; there are {', '.join(known)}" for name in changes if name not in known]
    for name, number in changes.items():
        if name in known:
            found += _number_complaints(name, number, known[name]["unit"])
    return found or _order_complaints(merged(known, changes))


def _number_complaints(name: str, number: Any, unit: str) -> list[str]:
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
        return [f"thresholds.{name}: {number!r} is not a number"]
    if number < 0:
        return [f"thresholds.{name}: {number} is below 0"]
    if unit == "ratio" and number > 1:
        return [f"thresholds.{name}: {number} is above 1; it is a ratio, {number}% is {number / 100:g}"]
    return []


def _order_complaints(numbers: Mapping[str, float]) -> list[str]:
    found = []
    for name, warning in numbers.items():
        signal, _line, severity = name.rpartition("_")
        critical = numbers.get(f"{signal}_critical")
        if severity != "warning" or critical is None:
            continue
        early, late = (critical, warning) if signal in FALLING else (warning, critical)
        if early > late:
            found.append(
                f"thresholds.{name}: {warning} is passed only after {signal}_critical, {critical}; "
                "a warning comes first"
            )
    return found
