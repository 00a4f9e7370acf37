# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Holds senders back, so that all of them together keep to a rate."""
from __future__ import annotations

import threading
import time

from .batches import Pace


class Throttle:
    """Shared by the threads that move keys."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._lock = threading.Lock()
        self._free_at = 0.0

    def wait(self, keys: int, size: float) -> None:
        """Return when a batch of so many keys and bytes may be sent."""
        pace = self._pace
        seconds = max(
            keys / pace.keys_per_second if pace.keys_per_second else 0.0,
            size / pace.bytes_per_second if pace.bytes_per_second else 0.0,
        )
        if not seconds:
            return
        with self._lock:
            start = max(self._free_at, time.monotonic())
            self._free_at = start + seconds
        time.sleep(max(0.0, start - time.monotonic()))
