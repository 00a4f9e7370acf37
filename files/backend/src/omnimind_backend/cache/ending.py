"""Tasks that are to end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

TRIES = 3


async def end(tasks: Iterable[asyncio.Future[Any]], seconds: float = 1.0) -> None:
    """Cancel them, and wait no longer than so many seconds until they have ended.

    wait() and not gather() or wait_for(), which wait on for a task that does not heed its cancelling. And more than
    once: before Python 3.12 wait_for(), which redis-py sends with, may lose a cancelling that comes with its result.
    """
    left = {task for task in tasks if not task.done()}
    for _turn in range(TRIES):
        if not left:
            return
        for task in left:
            task.cancel()
        _done, left = await asyncio.wait(left, timeout=seconds / TRIES)
