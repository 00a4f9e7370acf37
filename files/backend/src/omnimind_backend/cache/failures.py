"""What went wrong, and whether it means that Redis is away."""

from __future__ import annotations

import asyncio

from redis import exceptions as redis_says


class RedisFailure(Exception):
    """A command that was not answered as it should be.

    Args:
        kind: a word for a metric's label: connection, timeout, auth, loading, cluster_down, circuit (not even tried),
            doubtful (answered by a node that may have been replaced meanwhile), pool (all connections busy), response (Redis refused this one command), other.
        outage: whether Redis, or this part of it, is away. One refused command or a busy pool is no outage.
    """

    def __init__(self, kind: str, outage: bool, reason: str = "") -> None:
        super().__init__(f"{kind}: {reason}" if reason else kind)
        self.kind, self.outage = kind, outage


# The first that fits; the order matters, as most of redis-py's errors are kinds of ConnectionError.
_KINDS: tuple[tuple[tuple[type[BaseException], ...], str, bool], ...] = (
    ((redis_says.MaxConnectionsError,), "pool", False),
    ((redis_says.AuthenticationError, redis_says.AuthorizationError), "auth", True),
    ((redis_says.BusyLoadingError,), "loading", True),
    ((redis_says.ClusterDownError, redis_says.SlotNotCoveredError), "cluster_down", True),
    ((redis_says.TimeoutError, asyncio.TimeoutError, TimeoutError), "timeout", True),
    ((redis_says.ConnectionError, OSError, EOFError), "connection", True),
    ((redis_says.ResponseError,), "response", False),
)


def describe(error: BaseException) -> RedisFailure:
    """The failure behind an error of redis-py or the network."""
    if isinstance(error, RedisFailure):
        return error
    # The cluster client hides why no node could be reached.
    if type(error) is redis_says.RedisClusterException:  # pylint: disable=unidiomatic-typecheck  # its children say more
        if isinstance(error.__cause__, Exception):
            found = describe(error.__cause__)
            return found if found.kind != "response" else RedisFailure("cluster_down", True, str(error.__cause__))
        return RedisFailure("cluster_down", True, str(error))
    for types, kind, outage in _KINDS:
        if isinstance(error, types):
            return RedisFailure(kind, outage, str(error) or type(error).__name__)
    return RedisFailure("other", False, f"{type(error).__name__}: {error}")
