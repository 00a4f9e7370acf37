# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Durations as Prometheus writes them: 90s, 5m, 1h30m, 30d."""
from __future__ import annotations

import re

# https://prometheus.io/docs/prometheus/latest/querying/basics/#time-durations: each unit once, the longest first.
_SECONDS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_FORM = re.compile("".join(rf"(?:(\d+){unit})?" for unit in _SECONDS))


def seconds(text: object) -> int:
    """Whole seconds of a duration; ValueError when it is none, or 0."""
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    total = sum(int(number or 0) * size for number, size in zip(found.groups(), _SECONDS.values())) if found else 0
    if not total:
        raise ValueError(f"{text!r} is no duration such as 90s, 5m, 6h or 30d")
    return total
