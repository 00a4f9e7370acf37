# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks groups, once or until they are as they should be."""
from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from ..errors import RedisFailure
from ..health import summary
from ..nodes import Address
from .description import describe
from .group import Group
from .problems import Expectation
from .survey import survey_group

POLL_SECONDS = 0.1


def check_groups(
    group: Group,
    listed: Iterable[Address],
    names: Sequence[str] | None,
    expected: Expectation,
    wait: bool = False,
    deadline: float = 0.0,
) -> dict[str, Any]:
    """Describe the groups of these names, or all; with `wait`, as soon as they are healthy.

    Raises RedisFailure, with the last description, when `deadline` (time.monotonic()) comes first.
    """
    while True:
        started = time.monotonic()
        survey = survey_group(group, listed, names[0] if names and len(names) == 1 else None)
        found = describe(survey, names, expected)
        found["elapsed_ms"] = round((time.monotonic() - started) * 1000, 1)
        if found["healthy"] or not wait:
            return found
        if time.monotonic() >= deadline:
            raise RedisFailure(f"Sentinels and nodes are not healthy: {summary(found)}", **found)
        time.sleep(POLL_SECONDS)
