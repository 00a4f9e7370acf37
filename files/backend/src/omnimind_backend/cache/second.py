"""The second level: values in Redis, which all processes share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from redis.asyncio import RedisCluster

from .envelope import Found, gone, pack, unpack
from .failures import RedisFailure, describe
from .manager import RedisManager

# A value replaces only what it was made from: the same version or tombstone, or nothing where there was nothing.
FILL = """if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1"""
# Seconds for which a tombstone stands. What a longer load makes is not stored, as it could no longer be seen to be old.
TOMBSTONE = 60.0
CLEARED = "\0cleared\0"  # begins the name of a key that tells all processes of a cleared prefix
AT_A_TIME = 500  # keys


class Second:
    """Every method that is awaited raises RedisFailure."""

    def __init__(self, manager: RedisManager) -> None:
        self._manager, self._prefix = manager, manager.settings.prefix

    def name(self, key: str) -> bytes:
        """What a key is called in Redis."""
        return (self._prefix + key).encode()

    async def read(self, key: str) -> Found:
        name = self.name(key)
        raw, node = await self._manager.ask(name, "GET", name)
        return replace(unpack(raw), node=node)

    async def write(self, key: str, value: bytes, ttl: float) -> None:
        name = self.name(key)
        await self._manager.call(name, "SET", name, pack(value, ttl, 0.0), "PX", _milliseconds(ttl))

    async def fill(self, key: str, token: bytes, value: bytes, ttl: float, load_seconds: float) -> bool:
        """Write what a load has made; False when it is old by now, and nothing is written."""
        if load_seconds > TOMBSTONE / 2:
            return False
        name, packed = self.name(key), pack(value, ttl, load_seconds)
        return bool(await self._manager.call(name, "EVAL", FILL, 1, name, token, packed, _milliseconds(ttl)))

    async def remove(self, key: str) -> None:
        name = self.name(key)
        try:
            await self._manager.call(name, "SET", name, gone(), "PX", _milliseconds(TOMBSTONE))
        except RedisFailure as failure:
            if failure.kind != "response":
                raise
            await self._manager.call(name, "UNLINK", name)  # Also with no memory left for a tombstone.

    async def clear(self, prefix: str) -> None:
        """Remove every key that begins so."""
        # First the news, so that a load that is under way anywhere is not stored after its key is gone.
        news = self.name(CLEARED + prefix)
        await self._manager.call(news, "SET", news, b"", "PX", 1000)
        try:
            async for names in self._scan(self.name(prefix)):
                await asyncio.gather(*(self._manager.call(name, "UNLINK", name) for name in names))
        except Exception as error:
            raise describe(error) from error

    async def _scan(self, begin: bytes) -> AsyncIterator[list[bytes]]:
        client = self._manager.client
        nodes: list[Any] = client.get_primaries() if isinstance(client, RedisCluster) else [client]
        pattern = b"".join(b"\\" + c if c in b"*?[]\\^-" else c for c in (bytes([n]) for n in begin)) + b"*"
        for node in nodes:
            cursor: int | bytes = 0
            while True:
                cursor, names = await node.execute_command("SCAN", cursor, "MATCH", pattern, "COUNT", AT_A_TIME)
                if names:
                    yield names
                if not int(cursor):
                    break


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
