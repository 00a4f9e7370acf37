# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rule about budgets finds."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from .budgets import Budget

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `objects` are the names of what it is about, with their kinds."""

    code: str
    severity: str
    message: str
    objects: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "objects": list(self.objects)}


def problem(code: str, severity: str, message: str, *about: Any) -> Problem:
    names = (f"PodDisruptionBudget {one.full_name}" if isinstance(one, Budget) else str(one) for one in about)
    return Problem(code, severity, message, tuple(names))
