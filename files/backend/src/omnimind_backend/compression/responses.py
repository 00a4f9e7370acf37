"""One response on its way from the application to the server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

from omnimind_backend.compression import codecs, headers
from omnimind_backend.compression.judging import reason_to_skip
from omnimind_backend.compression.metrics import CompressionMetrics
from omnimind_backend.compression.negotiate import negotiate
from omnimind_backend.compression.offload import read_in_thread
from omnimind_backend.compression.opening import Opening
from omnimind_backend.compression.outlet import Outlet
from omnimind_backend.compression.request import Request
from omnimind_backend.compression.settings import CompressionSettings
from omnimind_backend.compression.streams import EncodedStream, Length

Message = dict[str, Any]

# Seconds that headers wait for the body to show whether it comes in one piece, where no Content-Length tells.
_HEADERS_WAIT = 0.02
# States: no headers yet; headers here, waiting for the first of the body; passing through; encoded, whole or a stream.
_WAITING, _HELD, _PLAIN, _ENCODED = range(4)


class Responder:
    """The `send` that the application gets.

    A body that comes in one message (or whose first chunk is as long as Content-Length) is encoded whole; any other
    is a stream. Headers go out with the first of the body, those of an event stream at once.

    Raises:
        RuntimeError: when the body is not as long as its Content-Length, or goes on after a part of it was lost.
    """

    __slots__ = (
        "_coding", "_late", "_length", "_opening", "_outlet", "_request", "_settings", "_state", "_stream",
        "_stream_coding", "_timer",
    )  # fmt: skip

    def __init__(
        self,
        send: Callable[..., Any],
        request: Request,
        settings: CompressionSettings,
        metrics: CompressionMetrics,
    ) -> None:
        self._outlet = Outlet(send, metrics, request.head)
        self._request = request
        self._settings = settings
        self._state = _WAITING
        self._stream: EncodedStream | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._late: asyncio.Task[None] | None = None

    def __call__(self, message: Message) -> Awaitable[None]:
        kind = message["type"]
        if kind == "http.response.body":
            # Most answers are whole, and of known length: straight to the end.
            if self._state == _HELD and self._timer is None and not message.get("more_body"):
                return self._whole(message, message.get("body", b""))
            return self._body(message)
        if kind == "http.response.start" and self._state == _WAITING:
            return self._headers(message)
        return self._other(kind, message)

    async def _other(self, kind: str, message: Message) -> None:
        if kind == "http.response.pathsend" and self._state in (_HELD, _ENCODED):
            await self._file(message["path"])
        elif kind == "http.response.pathsend" and self._state == _PLAIN:
            await self._outlet.plain(message, self._length.expected or 0)
        elif kind == "http.response.zerocopysend":
            # It was not offered to whom could have an encoded body.
            if self._state == _HELD:
                await self._begin_plain("zerocopysend", varies=True)
            if self._state != _PLAIN:
                raise RuntimeError("http.response.zerocopysend was not offered, and cannot be encoded")
            await self._outlet.plain(message, message.get("count") or 0)
        elif kind == "http.response.trailers" and self._state == _ENCODED:
            await self._outlet.send({**message, "headers": headers.without_digests(message.get("headers", ()))})
        else:
            # Hints, debugging, what is yet to be invented; and a second start, which the server refuses.
            await self._outlet.send(message)

    def close(self) -> None:
        """The application has returned or failed: nothing more is sent on its behalf."""
        if self._timer is not None:
            self._timer.cancel()
        if self._late is not None:
            self._late.cancel()

    async def _headers(self, message: Message) -> None:
        settings, accept = self._settings, self._request.accept
        self._opening = opening = Opening(message, self._outlet, self._request)
        self._length = Length(opening.length)
        if self._request.excluded:
            await self._begin_plain("path", varies=False)
            return
        fields = opening.fields
        fits, events = settings.types(fields[b"content-type"] if b"content-type" in fields else b"")
        skip = reason_to_skip(message["status"], fields, opening.length, settings, fits, events)
        if skip is not None:
            await self._begin_plain(*skip)
            return
        open_ended = events or opening.length is None
        self._coding = negotiate(accept, settings.codings)
        self._stream_coding = negotiate(accept, settings.stream_codings) if open_ended else self._coding
        if events or (self._coding is None and self._stream_coding is None):
            await self._begin_stream()
            return
        self._state = _HELD
        if open_ended:
            self._timer = asyncio.get_running_loop().call_later(_HEADERS_WAIT, self._wait_no_longer)

    def _wait_no_longer(self) -> None:
        if self._state == _HELD:
            self._late = asyncio.get_running_loop().create_task(self._begin_late())

    async def _begin_late(self) -> None:
        await self._begin_stream()
        # granian keeps headers back until a message of the body, be it empty.
        await self._outlet.send({"type": "http.response.body", "body": b"", "more_body": True})

    async def _begin_plain(self, skipped: str, varies: bool) -> None:
        self._state = _PLAIN
        await self._opening.plain(skipped, varies)

    async def _begin_encoded(self, coding: str, size: int | None) -> None:
        self._state = _ENCODED
        await self._outlet.start(self._opening.encoded(coding, size), coding)

    async def _begin_stream(self) -> None:
        coding = self._stream_coding
        if coding is None:
            await self._begin_plain("client", varies=True)
        else:
            self._stream = EncodedStream(self._outlet, coding, self._settings, self._length)
            await self._begin_encoded(coding, None)

    async def _body(self, message: Message) -> None:
        if self._late is not None:
            await self._late
            self._late = None
        body, more = message.get("body", b""), message.get("more_body", False)
        size = len(body)
        if self._state == _HELD:
            if self._timer is not None:
                self._timer.cancel()
            if not more or (size and size == self._length.expected):
                await self._whole(message, body)
            else:
                await self._first_chunk(message, body)
        elif self._state == _PLAIN:
            await self._outlet.plain(message, size)
        elif self._stream is not None:
            await self._stream.write(body, more)
        elif body or self._state == _WAITING:
            await self._outlet.send(message)  # After the end, or before the headers: the server tells what is wrong.

    async def _whole(self, message: Message, body: bytes) -> None:
        size, coding = len(body), self._coding
        if self._request.head and not size and self._length.expected is not None:
            # As GET would have it, as far as that can be told without the body.
            await self._begin_encoded(coding, None)
            await self._outlet.body(b"", False, 0)
            return
        self._length.take(size, more=False)
        if coding is None:
            await self._begin_plain("client", varies=True)
        elif size < self._settings.minimum_size:
            await self._begin_plain("small", varies=False)
        else:
            function = codecs.whole(coding, self._settings.levels[coding])
            if size < self._settings.thread_from[coding]:
                data = self._outlet.encode_here(coding, function, body)
            else:
                data = await self._outlet.encode_in_thread(coding, function, body)
            if len(data) < size:
                self._state = _ENCODED
                await self._outlet.whole(self._opening.encoded(coding, len(data)), coding, data, size)
                return
            await self._begin_plain("grew", varies=True)
        await self._outlet.plain(message, size)

    async def _first_chunk(self, message: Message, body: bytes) -> None:
        """It tells whether the stream is worth encoding, unless it is so small that it tells nothing."""
        if not body:
            await self._begin_late()
            return
        if self._stream_coding is None or self._request.head:
            await self._begin_stream()
            await self._body(message)
            return
        size = len(body)
        stream = EncodedStream(self._outlet, self._stream_coding, self._settings, self._length)
        data = await stream.encode(body, more=True)
        if size >= self._settings.minimum_size and len(data) >= size:
            await self._begin_plain("grew", varies=True)
            await self._outlet.plain(message, size)
        else:
            self._stream = stream
            await self._begin_encoded(self._stream_coding, None)
            await stream.send(data, True, size)

    async def _file(self, path: str) -> None:
        """What the server would have sent itself, read here."""
        if self._request.head:
            await self._body({"type": "http.response.body"})
            return
        async with aclosing(read_in_thread(path)) as parts:
            async for chunk, more in parts:
                await self._body({"type": "http.response.body", "body": chunk, "more_body": more})
