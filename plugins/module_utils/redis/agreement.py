# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waits until nodes see their cluster as it shall be."""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from .connection import Session, first_error
from .nodes import Address
from .views import View, parse_view

POLL_SECONDS = 0.02


def dissenters(
    session: Session, addresses: Sequence[Address], agrees: Callable[[View], bool], deadline: float
) -> list[Address]:
    """The nodes whose view does not come to agree until `deadline` (time.monotonic()).

    It returns as soon as there are none; nodes that agree are not asked again.
    """
    waiting = list(addresses)
    while True:
        answers = session.ask_all(waiting, ("CLUSTER", "NODES"))
        waiting = [a for a in waiting if first_error(answers[a]) or not agrees(parse_view(answers[a][0]))]
        if not waiting or time.monotonic() >= deadline:
            return waiting
        time.sleep(POLL_SECONDS)
