"""Work that would hold up the event loop, in threads of its own."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

_NICE = 10
_PART = 256 * 1024  # bytes


async def in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the function returns or raises.

    Cancelled, it does not wait for the thread: whoever shares data with it must not use them again.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads(), function, *arguments)


async def read_in_thread(path: str) -> AsyncIterator[tuple[bytes, bool]]:
    """The file in parts, and whether more of it may follow; OSError as open() raises it."""
    file = await in_thread(open, path, "rb")
    try:
        more = True
        while more:
            part = await in_thread(file.read, _PART)
            more = len(part) == _PART
            yield part, more
    finally:
        file.close()


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """As many as there are cores: more would only compete. The codecs let go of the interpreter's lock."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="compression", initializer=_give_way)


def _give_way() -> None:
    """Let the event loop have a core as soon as it has something to do; on Linux, priority is a thread's own."""
    if sys.platform.startswith("linux"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
