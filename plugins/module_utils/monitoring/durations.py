# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lengths of time as Prometheus and Alertmanager write them: 30s, 1h30m, 2d."""

from __future__ import annotations

import re
from typing import Any

_UNITS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_FORM = re.compile("".join(rf"(?:(\d+){unit}(?![a-z]))?" if unit == "m" else rf"(?:(\d+){unit})?" for unit in _UNITS))


def milliseconds(text: Any) -> int:
    """How long it is; ValueError, with what would be right, when the text is none, or nothing, long."""
    found = _FORM.fullmatch(text) if isinstance(text, str) and text.isascii() else None
    length = sum(int(number) * unit for number, unit in zip(found.groups(), _UNITS.values()) if number) if found else 0
    if not length:
        raise ValueError(f"{text!r} is no length of time; right would be one such as 30s, 5m or 1h30m")
    return length


def seconds(text: Any) -> int:
    """The same in whole seconds; ValueError for what is none, too."""
    length = milliseconds(text)
    if length % 1000:
        raise ValueError(f"{text!r} is no whole number of seconds; right would be one such as 90s, 5m or 30d")
    return length // 1000
