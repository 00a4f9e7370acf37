"""The codecs: whole bodies in one call, and streams whose every chunk can be decoded at once.

A level of gzip from 1 to 3 is isal's, which is several times as fast as zlib at nearly the same size; from 4 on it is
zlib's. Where isal is missing, zlib two levels higher comes closest.
"""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

import brotli
import zstandard

try:
    from isal import isal_zlib
except ImportError:  # No wheel for this machine.
    isal_zlib = None

CODINGS = ("zstd", "br", "gzip")
# zstd beyond 19 takes windows of more than 8 MB, which RFC 9659 forbids as a content coding.
LEVELS = {"zstd": range(1, 20), "br": range(0, 12), "gzip": range(1, 10)}
# What keeps a stream within about 320 KB: beyond, zstd takes up to 0.7 MB, Brotli 0.6 MB. Brotli below 2 looks at each
# chunk alone, and events of 80 bytes would grow.
STREAM_LEVELS = {"zstd": range(1, 13), "br": range(2, 4), "gzip": range(1, 10)}

# With level 3 and these, a stream takes 180 to 250 KB instead of 870, at the same ratio and in less time.
_SMALL_ZSTD = {"window_log": 16, "hash_log": 13, "chain_log": 13}
_BROTLI_STREAM_WINDOW = 14  # log2; more is more memory, but hardly a better ratio
_GZIP_WRAPPER = 31  # wbits: the largest window, in gzip's frame
_LAST_ISAL_LEVEL = 3

_contexts = threading.local()


class StreamEncoder(Protocol):
    """One stream of one response; not for two threads at a time."""

    def encode(self, chunk: bytes) -> bytes:
        """All of the chunk, flushed."""

    def finish(self, chunk: bytes) -> bytes:
        """The last chunk, which may be empty, and the end of the stream."""


@lru_cache(maxsize=64)
def whole(coding: str, level: int) -> Callable[[bytes], bytes]:
    """The function that encodes one body; for any thread, and several at a time."""
    if coding == "zstd":
        return lambda body: _zstd_context(level).compress(body)
    if coding == "br":
        return lambda body: brotli.compress(body, quality=level)
    module, level = _gzip(level)
    return lambda body: module.compress(body, level, _GZIP_WRAPPER)


def stream(coding: str, level: int) -> StreamEncoder:
    """A new encoder."""
    if coding == "zstd":
        compressor = zstandard.ZstdCompressor(compression_params=_small_zstd(level))
        return _ZlibLike(compressor.compressobj(), zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    if coding == "br":
        return _BrotliStream(level)
    module, level = _gzip(level)
    return _ZlibLike(module.compressobj(level, zlib.DEFLATED, _GZIP_WRAPPER), zlib.Z_SYNC_FLUSH)


def is_slow(coding: str, level: int) -> bool:
    """Whether the codec needs about 10 ms or more for a megabyte, so that a thread pays earlier."""
    return coding == "br" or (coding == "gzip" and _gzip(level)[0] is zlib)


class _ZlibLike:
    __slots__ = ("_compressor", "_flush")

    def __init__(self, compressor: Any, flush: int) -> None:
        self._compressor = compressor
        self._flush = flush

    def encode(self, chunk: bytes) -> bytes:
        return self._compressor.compress(chunk) + self._compressor.flush(self._flush)

    def finish(self, chunk: bytes) -> bytes:
        return self._compressor.compress(chunk) + self._compressor.flush()


class _BrotliStream:
    __slots__ = ("_compressor",)

    def __init__(self, level: int) -> None:
        self._compressor = brotli.Compressor(quality=level, lgwin=_BROTLI_STREAM_WINDOW)

    def encode(self, chunk: bytes) -> bytes:
        return self._compressor.process(chunk) + self._compressor.flush()

    def finish(self, chunk: bytes) -> bytes:
        return self._compressor.process(chunk) + self._compressor.finish()


def _zstd_context(level: int) -> zstandard.ZstdCompressor:
    """This thread's own: making one takes longer than to encode a kilobyte, and no two may share one."""
    try:
        return _contexts.zstd[level]
    except (AttributeError, KeyError):
        known = _contexts.__dict__.setdefault("zstd", {})
        return known.setdefault(level, zstandard.ZstdCompressor(level=level))


@lru_cache(maxsize=32)
def _small_zstd(level: int) -> zstandard.ZstdCompressionParameters:
    return zstandard.ZstdCompressionParameters.from_level(level, **_SMALL_ZSTD)


def _gzip(level: int) -> tuple[Any, int]:
    """The module and its level."""
    if level > _LAST_ISAL_LEVEL:
        return zlib, level
    return (isal_zlib, level) if isal_zlib is not None else (zlib, level + 2)
