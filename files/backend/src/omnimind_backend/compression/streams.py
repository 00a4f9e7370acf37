"""A body that is encoded as it comes, and the check that it came whole."""

from __future__ import annotations

from omnimind_backend.compression import codecs
from omnimind_backend.compression.outlet import Outlet
from omnimind_backend.compression.settings import CompressionSettings


class Length:
    """Counts a body against its Content-Length: encoded, a body that was cut off would look complete.

    Args:
        expected: bytes, or None where nothing is known.
    """

    __slots__ = ("expected", "received")

    def __init__(self, expected: int | None) -> None:
        self.expected = expected
        self.received = 0

    def take(self, size: int, more: bool) -> None:
        """Note the next part; RuntimeError when there is too much, or too little at the end."""
        self.received += size
        if self.expected is None:
            return
        if self.received > self.expected or (not more and self.received < self.expected):
            raise RuntimeError(f"the body has {self.received} bytes, but Content-Length says {self.expected}")

    @property
    def complete(self) -> bool:
        return self.received == self.expected


class EncodedStream:
    """Sends each chunk encoded and flushed, in bounded memory."""

    __slots__ = ("_coding", "_encoder", "_intact", "_length", "_outlet", "_thread_from", "done")

    def __init__(self, outlet: Outlet, coding: str, settings: CompressionSettings, length: Length) -> None:
        self._outlet = outlet
        self._coding = coding
        self._encoder = codecs.stream(coding, settings.stream_levels[coding])
        self._thread_from = settings.stream_thread_from[coding]
        self._length = length
        self._intact = True
        self.done = False

    async def encode(self, body: bytes, more: bool) -> bytes:
        """The chunk as it will be sent; at the end, with the end of the stream."""
        if not self._intact:
            raise RuntimeError("a part of this response was lost, so it cannot go on")
        # Until the chunk is on its way. Whatever ends this early leaves a gap, which no later chunk may cover up,
        # and perhaps a thread that still works with the encoder.
        self._intact = False
        if not self._outlet.head:
            self._length.take(len(body), more)
        function = self._encoder.encode if more else self._encoder.finish
        if len(body) < self._thread_from:
            return self._outlet.encode_here(self._coding, function, body)
        return await self._outlet.encode_in_thread(self._coding, function, body)

    async def send(self, data: bytes, more: bool, size: int) -> None:
        """An encoded chunk, of `size` bytes before."""
        await self._outlet.body(data, more, size)
        self._intact = True
        self.done = not more

    async def write(self, body: bytes, more: bool) -> None:
        """Encode and send; an empty chunk in the middle is none."""
        if self.done and not body:
            return
        if self._outlet.head:
            body = b""
        if body or not more:
            await self.send(await self.encode(body, more), more, len(body))
