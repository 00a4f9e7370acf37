# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The answers of one scaling's slices as one answer, and in a line that a person reads."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SUMMED = ("moved_slots", "moved_keys", "moving_seconds", "seconds")


class Progress:
    """Adds the answers up as they come."""

    def __init__(self) -> None:
        self._first: Mapping[str, Any] = {}
        self._sums: dict[str, float] = {}
        self._remaining = 0

    def add(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to all slices so far: numbers of all, plan and first layout of the first, the rest of the last."""
        self._first = self._first or answer
        for name in SUMMED:
            if name in answer:
                self._sums[name] = round(self._sums.get(name, 0) + answer[name], 3)
        self._remaining = answer.get("remaining_slots", self._remaining)
        together = {**answer, **self._sums, "changed": self._first.get("changed") or answer.get("changed", False)}
        if "plan" in self._first:
            together["plan"] = self._first["plan"]
        if "diff" in self._first and "diff" in answer:
            together["diff"] = {**answer["diff"], "before": self._first["diff"]["before"]}
        return together

    def line(self) -> str:
        """How far it is, how fast, and how long it will last."""
        slots, keys = int(self._sums.get("moved_slots", 0)), int(self._sums.get("moved_keys", 0))
        seconds = self._sums.get("moving_seconds", 0.0)
        text = f"{slots} of {slots + self._remaining} slots moved, {keys} keys"
        if not slots or not seconds:
            return text
        return f"{text}, {keys / seconds:.0f} keys/s, about {seconds * self._remaining / slots:.0f} s left"
