"""A plain HTTP/1.1 client that decodes nothing and notes when each byte came."""

from __future__ import annotations

import socket
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import brotli
import zstandard

TIMEOUT = 10  # seconds


@dataclass
class Reply:
    """An answer as it was on the wire.

    Args:
        headers: names in lower case, in order.
        body: without the framing of chunks, still encoded.
        arrivals: (monotonic seconds, bytes) of each piece of the body.
        complete: whether the framing says that nothing is missing.
        headers_after: seconds from the request to the end of the headers.
    """

    status: int
    headers: list[tuple[str, str]]
    headers_after: float
    body: bytes = b""
    arrivals: list[tuple[float, bytes]] = field(default_factory=list)
    complete: bool = False

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def get(self, name: str) -> str | None:
        """All values of the header, joined; None without one."""
        return ", ".join(self.all(name)) or None

    @property
    def coding(self) -> str | None:
        return self.get("content-encoding")

    @property
    def decoded(self) -> bytes:
        """The body; ValueError if it does not end as its coding ends."""
        decoder = Decoder(self.coding)
        content = decoder.feed(self.body)
        if not decoder.ended:
            raise ValueError(f"the {self.coding} body has no end")
        return content


class Decoder:
    """Decodes piece by piece."""

    def __init__(self, coding: str | None) -> None:
        self._coding = coding
        self._decoder: Any = None
        if coding == "gzip":
            self._decoder = zlib.decompressobj(31)
        elif coding == "br":
            self._decoder = brotli.Decompressor()
        elif coding == "zstd":
            self._decoder = zstandard.ZstdDecompressor().decompressobj()
        elif coding is not None:
            raise ValueError(f"content-encoding {coding}")

    def feed(self, data: bytes) -> bytes:
        """Raises ValueError when it is not in that coding."""
        if self._decoder is None:
            return data
        try:
            return self._decoder.process(data) if self._coding == "br" else self._decoder.decompress(data)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise ValueError(f"not {self._coding}: {error}") from error

    @property
    def ended(self) -> bool:
        if self._decoder is None:
            return True
        return self._decoder.is_finished() if self._coding == "br" else self._decoder.eof


def ask(
    port: int, path: str, headers: tuple[tuple[str, str], ...] = (), method: str = "GET", body: bytes = b""
) -> Reply:
    """One request on a connection of its own; OSError when there is no answer."""
    lines = [f"{method} {path} HTTP/1.1", "Host: matrix", "Connection: close", *(f"{n}: {v}" for n, v in headers)]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        return _read(connection, method)


def _read(connection: socket.socket, method: str) -> Reply:
    started = time.monotonic()
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            raise OSError(f"the connection ended within the headers: {received!r}")
        received += piece
    after = time.monotonic() - started
    head, _end, rest = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    parsed = [(name.lower(), value.strip()) for name, _colon, value in (line.partition(":") for line in lines)]
    reply = Reply(int(first.split(" ")[1]), parsed, after)
    reader = _Reader(connection, rest)
    if method == "HEAD" or reply.status in (204, 304):
        reply.body = reader.until_closed()
        reply.complete = not reply.body
        return reply

    def note(data: bytes) -> None:
        if data:
            reply.arrivals.append((time.monotonic(), data))

    if reply.get("transfer-encoding") == "chunked":
        reply.complete = reader.chunks(note)
    else:
        length = reply.get("content-length")
        reply.complete = reader.some(note, int(length) if length else None)
    reply.body = b"".join(data for _when, data in reply.arrivals)
    return reply


class _Reader:
    def __init__(self, connection: socket.socket, rest: bytes) -> None:
        self._connection = connection
        self._rest = rest

    def _more(self) -> bool:
        try:
            piece = self._connection.recv(65536)
        except ConnectionResetError:
            piece = b""
        self._rest += piece
        return bool(piece)

    def until_closed(self) -> bytes:
        while self._more():
            pass
        return self._rest

    def some(self, note: Callable[[bytes], None], length: int | None) -> bool:
        """As many bytes, or all until the connection ends."""
        left = length
        while left is None or left > 0:
            note(self._rest[:left])
            left = None if left is None else left - len(self._rest[:left])
            self._rest = b""
            if left != 0 and not self._more():
                return left is None
        return True

    def chunks(self, note: Callable[[bytes], None]) -> bool:
        while True:
            while b"\r\n" not in self._rest:
                if not self._more():
                    return False
            size, _end, self._rest = self._rest.partition(b"\r\n")
            length = int(size, 16)
            while len(self._rest) < length + 2:
                if not self._more():
                    return False
            note(self._rest[:length])
            self._rest = self._rest[length + 2 :]
            if length == 0:
                return True
