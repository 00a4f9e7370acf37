"""What a request costs within one process, without a server: the middleware's part, and the codec's."""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import brotli
import zstandard
from benchmarks.figures import Figure, Sample, number
from benchmarks.options import Options, tell
from compression_matrix.bodies import MEGABYTE
from starlette_compress import CompressMiddleware

from omnimind_backend.compression import CompressionMiddleware, CompressionSettings

try:
    from isal import isal_zlib
except ImportError:
    isal_zlib = None

App = Callable[[Any, Any, Any], Awaitable[None]]
# In threads, the loop's own cost would be measured.
_HERE = CompressionSettings(offload_from=dict.fromkeys(("zstd", "br", "gzip"), 2**40))
_MOST_MICROSECONDS = 12.0  # over the codec, at 1 KB
_MOST_SHARE = 0.1  # of the codec, from 10 KB on
_SIZES = {"1 KB": 1024, "10 KB": 10 * 1024, "100 KB": 100 * 1024}
_TURNS = 120
_TURN = 0.004  # seconds of this thread, so short that some of them are left alone by whoever else uses the machine


def gzip_of_a_megabyte(options: Options) -> list[Figure]:
    """CPU and bytes, ours beside starlette-compress; of all threads."""
    cost: dict[str, list[float]] = {"ours": [], "peer": []}
    size: dict[str, float] = {}
    application = _answering(MEGABYTE)
    apps = {"ours": CompressionMiddleware(application), "peer": CompressMiddleware(application)}
    for _turn in range(5 * options.rounds):
        for name, app in apps.items():
            started = time.process_time()
            size[name] = float(asyncio.run(_body_size(app, "gzip")))
            cost[name].append((time.process_time() - started) * 1000)
    ours, peer = (Sample(tuple(found), "ms") for found in cost.values())
    sizes = [Sample((value / 1024,), "KB") for value in size.values()]
    tell(f"gzip of 1 MB: {number(ours.median)} ms, peer {number(peer.median)} ms of CPU")
    return [
        Figure("CPU to gzip 1 MB", ours, peer, at_most=peer.median / 4),
        Figure("1 MB gzipped", *sizes, at_most=sizes[1].median * 1.1),
    ]


def over_the_codec(options: Options) -> list[Figure]:
    """The middleware's own time by size and coding, beside the codec as anybody would call it."""
    return [
        asyncio.run(_over_the_codec(name, size, coding, options)) for name, size in _SIZES.items() for coding in _CODECS
    ]


async def _over_the_codec(name: str, size: int, coding: str, options: Options) -> Figure:
    body = MEGABYTE[:size]
    application = _answering(body)
    wrapped = CompressionMiddleware(application, _HERE)
    codec = _CODECS[coding]
    best = [float("inf")] * 3
    for _turn in range(_TURNS * options.rounds):
        spent = (await _spent(wrapped, coding), await _spent(application, coding), _spent_by(codec, body))
        best = [min(pair) for pair in zip(best, spent)]
    over, raw = Sample((best[0] - best[1] - best[2],), "us"), best[2]
    tell(f"{name} by {coding}: {number(over.median)} us over a codec of {number(raw)} us")
    limit = _MOST_MICROSECONDS if size == _SIZES["1 KB"] else raw * _MOST_SHARE
    return Figure(f"over the codec, {name} by {coding}", over, f"codec {number(raw)} us", at_most=limit)


async def _spent(app: App, coding: str) -> float:
    """Microseconds of CPU a request."""
    scope = _scope(coding)
    count, started = 0, time.thread_time()
    while (elapsed := time.thread_time() - started) < _TURN:
        await app(scope, None, _forget)
        count += 1
    return elapsed / count * 1e6


def _spent_by(codec: Callable[[bytes], bytes], body: bytes) -> float:
    count, started = 0, time.thread_time()
    while (elapsed := time.thread_time() - started) < _TURN:
        codec(body)
        count += 1
    return elapsed / count * 1e6


def _answering(body: bytes) -> App:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return app


def _scope(coding: str) -> dict[str, Any]:
    headers = [(b"host", b"bench"), (b"accept", b"*/*"), (b"user-agent", b"bench")]
    headers.append((b"accept-encoding", coding.encode()))
    return {"type": "http", "method": "GET", "path": "/", "headers": headers, "extensions": {}}


async def _body_size(app: App, coding: str) -> int:
    sizes = []

    async def note(message: Any) -> None:
        sizes.append(len(message.get("body", b"")))

    await app(_scope(coding), None, note)
    return sum(sizes)


async def _forget(_message: Any) -> None:
    pass


def _gzip(body: bytes) -> bytes:
    return zlib.compress(body, 4, 31) if isal_zlib is None else isal_zlib.compress(body, 2, 31)


_CODECS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdCompressor(level=3).compress(body),
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": _gzip,
}
