# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Numbers as manifests write them: plain, or a percentage of how many pods there are."""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ..errors import ManifestError
from ..fields import is_number

_MOST = 2**31 - 1
_PERCENTAGE = re.compile(r"(0|[1-9]\d{0,6})%")


@dataclass(frozen=True)
class Amount:
    """A number of pods, or so many percent of them."""

    number: int
    is_percentage: bool = False

    def up(self, total: int) -> int:
        """Of `total` pods; part of a pod is a whole one."""
        return -(-self.number * total // 100) if self.is_percentage else self.number

    def down(self, total: int) -> int:
        """Of `total` pods; part of a pod is none."""
        return self.number * total // 100 if self.is_percentage else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.is_percentage else str(self.number)


def read_count(where: str, value: Any) -> int:
    """A number of things as the API has them, 0 to 2147483647; ManifestError if it is none."""
    if not is_number(value) or not 0 <= value <= _MOST:
        raise ManifestError(where, f"it is a number from 0 to {_MOST}, not {value!r}")
    return int(value)


def read_amount(where: str, value: Any, at_most: int = 0) -> Amount:
    """A number or a percentage; ManifestError if it is neither.

    Args:
        at_most: the highest percentage; 0 for any.
    """
    if not isinstance(value, str):
        return Amount(read_count(where, value))
    if not _PERCENTAGE.fullmatch(value):
        hint = "; a number has no quotes" if value.isdigit() else ""
        raise ManifestError(where, f"it is a number or a percentage such as 50%, not {value!r}{hint}")
    number = int(value[:-1])
    if at_most and number > at_most:
        raise ManifestError(where, f"it is at most {at_most}%, not {value}")
    return Amount(number, is_percentage=True)
