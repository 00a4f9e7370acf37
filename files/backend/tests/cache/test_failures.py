"""Which errors mean that Redis is away, and which do not."""

from __future__ import annotations

import asyncio

import pytest
from omnimind_backend.cache.circuit import Circuits
from omnimind_backend.cache.failures import describe
from redis import exceptions as redis_says


def cluster_error(cause: Exception) -> redis_says.RedisClusterException:
    error = redis_says.RedisClusterException("Redis Cluster cannot be connected")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind", "outage"),
    [
        (redis_says.ResponseError("WRONGTYPE ..."), "response", False),
        (redis_says.NoPermissionError("NOPERM"), "response", False),
        (redis_says.OutOfMemoryError("OOM"), "response", False),
        (redis_says.MaxConnectionsError("Too many connections"), "pool", False),
        (AttributeError("a fault of a library"), "other", False),
        (redis_says.ConnectionError("refused"), "connection", True),
        (ConnectionRefusedError(), "connection", True),
        (asyncio.IncompleteReadError(b"", 1), "connection", True),
        (redis_says.TimeoutError("late"), "timeout", True),
        (TimeoutError(), "timeout", True),
        (redis_says.AuthenticationError("WRONGPASS"), "auth", True),
        (redis_says.BusyLoadingError("LOADING"), "loading", True),
        (redis_says.ClusterDownError("CLUSTERDOWN"), "cluster_down", True),
        (redis_says.SlotNotCoveredError("slot"), "cluster_down", True),
        (redis_says.RedisClusterException("All slots are not covered"), "cluster_down", True),
        (cluster_error(redis_says.AuthenticationError("WRONGPASS")), "auth", True),
        (cluster_error(redis_says.TimeoutError("late")), "timeout", True),
    ],
)
def test_kinds(error: Exception, kind: str, outage: bool) -> None:
    assert (describe(error).kind, describe(error).outage) == (kind, outage)


def test_a_circuit_is_open_until_redis_answers() -> None:
    async def run() -> None:
        back = asyncio.Event()
        asked: list[bytes] = []

        async def ask(key: bytes) -> bool:
            asked.append(key)
            return back.is_set()

        circuits = Circuits(ask)
        circuits.open("a", b"k")
        circuits.open("a", b"other")
        assert circuits.is_open("a") and not circuits.is_open("b")
        await asyncio.sleep(0.15)
        assert circuits.is_open("a") and len(asked) >= 2 and set(asked) == {b"k"}
        back.set()
        await asyncio.sleep(0.3)
        assert not circuits.is_open("a")
        await circuits.close()

    asyncio.run(run())
