"""Keeps a listener on every primary, and says until when values in this process may be used."""

from __future__ import annotations

import asyncio
import math
import time
from functools import partial

from .clients import make_connection
from .ending import end
from .failures import describe
from .listener import LEASE, Heard, Listener
from .manager import RedisManager
from .metrics import CacheMetrics
from .topology import Layout, survey

SURVEY_EVERY = 1.0  # seconds; sooner when a listener is lost or a key is read from a node that has none


class Tracker:
    """`valid_until`, in time.monotonic(), is what the first level asks: before it every primary has a listener that
    has proved, less than LEASE seconds ago, that nothing was missed. So whatever stops (a node, the network, this
    very process) a value is never older than that; where one listener is missing, the first level is not used.

    A primary whose listener was lost, or has had no proof for LEASE seconds, may have been replaced while it slept and
    not know it yet: `doubts` says so until it answers again and the others still take it for a primary.

    Args:
        heard: is called with the names of changed keys, or None when anything may have changed.
    """

    def __init__(self, manager: RedisManager, metrics: CacheMetrics, heard: Heard) -> None:
        self._manager, self._heard = manager, heard
        self._seconds = manager.settings.answer_timeout
        self._layout = Layout(frozenset())
        self._listeners: dict[str, tuple[Listener, asyncio.Task[None]]] = {}
        self._doubted: set[str] = set()
        self._soon = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.valid_until = -math.inf
        self.problems: dict[str, str] = {}
        if manager.settings.topology != "single":  # There nobody could take a node's place.
            manager.doubts = self.doubts
        metrics.listeners.labels("wanted").set_function(lambda: len(self._layout.primaries))
        metrics.listeners.labels("attached").set_function(lambda: len(self.attached))

    @property
    def wanted(self) -> list[str]:
        return sorted(self._layout.primaries)

    @property
    def attached(self) -> list[str]:
        return sorted(name for name, (listener, _task) in self._listeners.items() if listener.proved_at)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def hears(self, node: str) -> bool:
        """Whether changes on this node are heard now. Where not, it is looked at soon."""
        listener = self._listeners.get(node)
        if listener is not None and listener[0].proved_at:
            return time.monotonic() < self.valid_until
        self._soon.set()
        return False

    def doubts(self, node: str) -> bool:
        """Whether what this node says may be of a time when it was a primary, and it is none any more."""
        listener = self._listeners.get(node)
        if listener is not None and 0 < listener[0].proved_at < time.monotonic() - LEASE:
            self._doubted.add(node)
        if node in self._doubted:
            self._soon.set()
        return node in self._doubted

    async def close(self) -> None:
        if self._task:
            await end([self._task])  # First, or it would begin new listeners for those that end.
        await end([task for _listener, task in self._listeners.values()])
        self.valid_until = -math.inf

    async def _run(self) -> None:
        while True:
            self._soon.clear()
            try:
                self._follow(await survey(self._manager, tuple(self._doubted)))
                self.problems.pop("topology", None)
            except Exception as error:  # Whatever it is, the listeners that there are go on, and it is asked again.
                self.problems["topology"] = str(describe(error))
            try:
                async with asyncio.timeout(SURVEY_EVERY):
                    await self._soon.wait()
                await asyncio.sleep(0.1)  # However often it is wanted soon.
            except TimeoutError:
                pass

    def _follow(self, layout: Layout) -> None:
        self._doubted -= layout.sure
        if layout != self._layout:
            self._layout = layout
            self._doubt()
        for name in self._listeners.keys() - layout.primaries:
            self._listeners[name][1].cancel()
        for name in layout.primaries - self._listeners.keys():
            host, _colon, port = name.rpartition(":")
            connection = make_connection(self._manager.settings, host, int(port))
            listener = Listener(connection, self._manager.settings.prefix, self._heard, self._extend)
            task = asyncio.create_task(listener.run(self._seconds))
            self._listeners[name] = listener, task
            task.add_done_callback(partial(self._lost, name))

    def _lost(self, name: str, task: asyncio.Task[None]) -> None:
        del self._listeners[name]
        self._doubt()
        failure = None if task.cancelled() else task.exception()
        if failure is None or describe(failure).outage:
            self._doubted.add(name)  # It is away, or no primary any more. (Or only may not listen.)
        if failure is not None:
            self.problems[name] = str(describe(failure))
        self._soon.set()

    def _extend(self) -> None:
        """After a proof: valid for as long as the oldest proof is good, when there is one of every primary."""
        proofs = [listener.proved_at for listener, _task in self._listeners.values()]
        if self._listeners.keys() != self._layout.primaries or not all(proofs):
            return
        if self.valid_until == -math.inf:
            self._doubt()  # What was read while not all listened may have changed unheard.
            self.problems = {}
        self.valid_until = min(proofs) + LEASE

    def _doubt(self) -> None:
        self.valid_until = -math.inf
        self._heard(None)
