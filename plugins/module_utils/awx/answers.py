# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Answers to questions of AWX, which asks for several names in one text."""

from __future__ import annotations

import re
from typing import Any


def listed(answer: Any) -> list[Any]:
    """A list as it is; of a text its parts, between which stand commas, blanks or ends of lines."""
    return [part for part in re.split(r"[,\s]+", answer) if part] if isinstance(answer, str) else list(answer or [])
