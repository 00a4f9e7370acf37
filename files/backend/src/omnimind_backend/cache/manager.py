"""Commands to Redis, whatever its topology: pooled, held to a deadline, counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from redis.asyncio import RedisCluster
from redis.exceptions import ConnectionError as Lost

from .circuit import Circuits
from .clients import make_client
from .ending import end
from .failures import RedisFailure, describe
from .metrics import CacheMetrics
from .routing import execute
from .settings import CacheSettings

PATIENCE = 1.0  # seconds that closing may take


class RedisManager:
    """One a process and event loop. It connects when it is first asked for something.

    A command takes no longer than connecting and answering may, and where a node is known to be away not even that.
    """

    def __init__(self, settings: CacheSettings, metrics: CacheMetrics) -> None:
        self.settings, self._metrics = settings, metrics
        self.client = make_client(settings)
        self.circuits = Circuits(self._answers)
        self.last_failure = ""
        # Whether a node, by its "host:port", may have been replaced and not know yet: its answers are not believed.
        self.doubts: Callable[[str], bool] = lambda node: False
        self._deadline = settings.answer_timeout
        self._free = asyncio.Semaphore(settings.pool_size)
        metrics.circuits.set_function(lambda: len(self.circuits))

    def route(self, key: bytes) -> str:
        """The node that is asked for this key, as "host:port"; "" when that is not known yet."""
        if isinstance(self.client, RedisCluster):
            nodes = self.client.nodes_manager.slots_cache.get(self.client.keyslot(key))
            return str(nodes[0].name) if nodes else ""
        pool = self.client.connection_pool
        host, port = getattr(pool, "master_address", self.settings.addresses[0]) or ("", 0)
        return f"{host}:{port}" if host else ""

    async def call(self, key: bytes, *command: Any) -> Any:
        """What Redis answers to a command about this key; RedisFailure."""
        return (await self.ask(key, *command))[0]

    async def ask(self, key: bytes, *command: Any) -> tuple[Any, str]:
        """What Redis answers, and the "host:port" that has answered; RedisFailure."""
        route = self.route(key)
        if self.circuits.is_open(route):
            self._metrics.errors.labels("circuit").inc()
            raise RedisFailure("circuit", outage=True)
        started = time.perf_counter()
        try:
            answer, node = await self._send(key, *command)
            if self.doubts(node):
                raise RedisFailure("doubtful", outage=True, reason=f"{node} was silent")
            return answer, node
        except RedisFailure as failure:
            self._metrics.errors.labels(failure.kind).inc()
            self.last_failure = str(failure)
            if failure.outage:
                self.circuits.open(route, key)
            raise
        finally:
            self._metrics.command_seconds.labels(command[0]).observe(time.perf_counter() - started)

    async def close(self) -> None:
        """Close every connection, in a second or two whatever a peer does."""
        await self.circuits.close()
        if isinstance(self.client, RedisCluster):
            nodes = self.client.nodes_manager
            closing = [asyncio.ensure_future(nodes.aclose(which)) for which in ("nodes_cache", "startup_nodes")]
        else:
            closing = [asyncio.ensure_future(self.client.aclose())]
        sentinel = getattr(getattr(self.client, "connection_pool", None), "sentinel_manager", None)
        if sentinel is not None:
            closing.append(asyncio.ensure_future(sentinel.aclose()))
        done, late = await asyncio.wait(closing, timeout=PATIENCE)
        await end(late)
        for task in done:
            task.exception()  # Seen: a connection that cannot be closed well is closed all the same.

    async def _send(self, key: bytes, *command: Any) -> tuple[Any, str]:
        waiting = True
        try:
            async with asyncio.timeout(self._deadline), self._free:
                waiting = False
                with self._metrics.in_use.track_inprogress():
                    try:
                        return await execute(self.client, key, *command)
                    except (Lost, ConnectionError) as error:
                        if describe(error).kind != "connection":
                            raise
                    # The server may have closed the connections that lie in the pool: once more, on a new one.
                    await self._drop_idle(key)
                    return await execute(self.client, key, *command)
        except Exception as error:
            # Who finds no free connection knows nothing about Redis.
            raise RedisFailure("pool", outage=False) if waiting else describe(error) from error

    async def _drop_idle(self, key: bytes) -> None:
        if not isinstance(self.client, RedisCluster):
            await self.client.connection_pool.disconnect(inuse_connections=False)
        elif self.client.nodes_manager.slots_cache:
            node = self.client.nodes_manager.get_node_from_slot(self.client.keyslot(key))
            await node.disconnect_free_connections()

    async def _answers(self, key: bytes) -> bool:
        try:
            async with asyncio.timeout(self._deadline):
                _answer, node = await execute(self.client, key, "EXISTS", key)
        except Exception as error:
            self.last_failure = str(describe(error))
            return not describe(error).outage
        return not self.doubts(node)
