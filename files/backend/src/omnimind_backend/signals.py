"""What the process does when it is asked to stop, or to read its settings again; the same under every server."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def handled(stop: Callable[[], None], reload: Callable[[], object]) -> Iterator[None]:
    """Have `stop` called in the running loop on SIGTERM and SIGINT, `reload` on SIGHUP.

    The server's own handlers are called as before. A server waits for open streams before it tells the application that
    it stops: without the signal a stream would not know that it should end. Outside the main thread, where no signal
    arrives, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in STOP}

    def stopped(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)
        elif handler == signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    loop.add_signal_handler(signal.SIGHUP, reload)
    for number in STOP:
        signal.signal(number, stopped)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        for number in STOP:
            if signal.getsignal(number) is stopped:
                signal.signal(number, before[number])
