"""The server's end of a response: what goes there is counted."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from omnimind_backend.compression.metrics import CompressionMetrics
from omnimind_backend.compression.offload import in_thread

IDENTITY = "identity"


class Outlet:
    """Sends and counts; sends no encoded body, and counts none, for HEAD.

    Args:
        send: the server's.
        head: whether the request is a HEAD.
    """

    __slots__ = ("_metrics", "_tally", "head", "send")

    def __init__(self, send: Callable[..., Any], metrics: CompressionMetrics, head: bool) -> None:
        self.send = send
        self.head = head
        self._metrics = metrics

    async def start(self, message: dict[str, Any], coding: str, skipped: str | None = None) -> None:
        """Headers of a body in that coding; `skipped` says why that is identity."""
        await self.send(message)
        self._tally = self._metrics.codings[coding]
        if self.head:
            skipped = "head"
        else:
            self._tally.responses += 1
        if skipped is not None:
            self._metrics.skipped[skipped] += 1

    async def whole(self, start: dict[str, Any], coding: str, data: bytes, size: int) -> None:
        """The headers and all of a body that was `size` bytes before; `start` and `body` in one, as most answers are."""
        if self.head:
            await self.start(start, coding)
            await self.body(data, False, size)
            return
        await self.send(start)
        self._tally = tally = self._metrics.codings[coding]
        tally.responses += 1
        await self.send({"type": "http.response.body", "body": data, "more_body": False})
        tally.bytes_in += size
        tally.bytes_out += len(data)

    async def body(self, data: bytes, more: bool, size: int) -> None:
        """A part of an encoded body that was `size` bytes before."""
        await self.send({"type": "http.response.body", "body": b"" if self.head else data, "more_body": more})
        self._count(size, len(data))

    async def plain(self, message: dict[str, Any], size: int) -> None:
        """A message of an unencoded body, as it is; it brings `size` bytes."""
        await self.send(message)
        self._count(size, size)

    def _count(self, size: int, sent: int) -> None:
        if not self.head:
            self._tally.bytes_in += size
            self._tally.bytes_out += sent

    def encode_here(self, coding: str, function: Callable[[bytes], bytes], body: bytes) -> bytes:
        """What the function makes of the body."""
        started = perf_counter()
        data = function(body)
        self._metrics.codings[coding].seconds += perf_counter() - started
        return data

    async def encode_in_thread(self, coding: str, function: Callable[[bytes], bytes], body: bytes) -> bytes:
        data, seconds = await in_thread(_timed, function, body)
        self._metrics.codings[coding].seconds += seconds
        return data


def _timed(function: Callable[[bytes], bytes], body: bytes) -> tuple[bytes, float]:
    started = perf_counter()
    data = function(body)
    return data, perf_counter() - started
