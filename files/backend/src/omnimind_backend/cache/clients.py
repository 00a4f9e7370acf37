"""The clients of redis-py, one way to make each."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from .settings import CacheSettings

# Commands are already held to pool_size; the topology is asked for, and a redirect goes to another node, beside them.
SPARE = 8


def make_client(settings: CacheSettings) -> Redis | RedisCluster:
    """A client of the whole; nothing connects yet."""
    most = settings.pool_size + SPARE
    once = Retry(NoBackoff(), 0)  # The manager knows what is worth a second try, and how long it may take.
    if settings.topology == "cluster":
        nodes = [ClusterNode(host, port) for host, port in settings.addresses]
        # Every nth redirect would close all connections, those in use too: the tracker renews the map instead.
        return RedisCluster(
            startup_nodes=nodes, max_connections=most, retry=once, reinitialize_steps=0, **_options(settings)
        )
    if settings.topology == "sentinel":
        sentinel = make_sentinel(settings)
        return sentinel.master_for(settings.service, max_connections=most, retry=once, **_tls(settings))
    host, port = settings.addresses[0]
    return Redis(host=host, port=port, max_connections=most, retry=once, **_options(settings))


def make_sentinel(settings: CacheSettings) -> Sentinel:
    plain = {**_times(settings), **_tls(settings), "retry": Retry(NoBackoff(), 0)}
    options = {k: v for k, v in _options(settings).items() if not k.startswith("ssl")}
    return Sentinel(
        settings.addresses, sentinel_kwargs={**plain, "password": settings.sentinel_password or None}, **options
    )


def make_connection(settings: CacheSettings, host: str, port: int) -> AbstractConnection:
    """One connection to one node that waits without end for what it is told."""
    options = {**_options(settings), "socket_timeout": None, "retry": Retry(NoBackoff(), 0)}
    if options.pop("ssl", False):
        return SSLConnection(host=host, port=port, **options)
    return Connection(host=host, port=port, **options)


async def ping(connection: AbstractConnection, seconds: float) -> None:
    """Connect, have an answer within so many seconds, and close again; raises what it failed with."""
    try:
        async with asyncio.timeout(seconds):
            await connection.connect()
            await connection.send_command("PING")
            await connection.read_response()
    finally:
        await connection.disconnect(nowait=True)


def _options(settings: CacheSettings) -> dict[str, Any]:
    # RESP2 everywhere: what a client hears of changed keys comes by redirection, which RESP3 answers otherwise.
    return {
        **_times(settings), **_tls(settings), "protocol": 2,
        "username": settings.username or None, "password": settings.password or None,
    }  # fmt: skip


def _times(settings: CacheSettings) -> dict[str, Any]:
    return {"socket_connect_timeout": settings.connect_timeout, "socket_timeout": settings.command_timeout}


def _tls(settings: CacheSettings) -> dict[str, Any]:
    return {"ssl": True, "ssl_ca_certs": settings.ca_file or None} if settings.tls else {}
