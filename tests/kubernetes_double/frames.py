"""Frames of a websocket (RFC 6455), as a server reads and writes them: enough for one that is never told in pieces."""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import BinaryIO

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


def accepted(key: str) -> str:
    """The answer to Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()


def read(stream: BinaryIO) -> tuple[int, bytes]:
    """Opcode and content of the next frame; CLOSE when the stream ends."""
    head = stream.read(2)
    if len(head) < 2:
        return CLOSE, b""
    length = head[1] & 127
    if length > 125:
        form = "!H" if length == 126 else "!Q"
        (length,) = struct.unpack(form, stream.read(struct.calcsize(form)))
    assert head[0] & 128, "a message in pieces"
    assert head[1] & 128, "a client masks what it sends"
    mask, content = stream.read(4), stream.read(length)
    key = (mask * (length // 4 + 1))[:length]
    plain = int.from_bytes(content, "big") ^ int.from_bytes(key, "big")
    return head[0] & 15, plain.to_bytes(length, "big")


def framed(opcode: int, content: bytes) -> bytes:
    length = len(content)
    if length < 126:
        size = bytes([length])
    elif length < 65536:
        size = b"\x7e" + struct.pack("!H", length)
    else:
        size = b"\x7f" + struct.pack("!Q", length)
    return bytes([128 | opcode]) + size + content
