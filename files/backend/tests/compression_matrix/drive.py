"""Run an application behind the middleware without a server, and see every message."""

from __future__ import annotations

import asyncio
from typing import Any

from compression_matrix.client import Decoder

from omnimind_backend.compression import CompressionMetrics, CompressionMiddleware, CompressionSettings

Message = dict[str, Any]
JSON_TYPE = (b"content-type", b"application/json")


def start(*headers: tuple[bytes, bytes], status: int = 200, **more: Any) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers), **more}


def part(data: bytes, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


def scope(accept: str | None = "gzip", method: str = "GET", path: str = "/", **more: Any) -> dict[str, Any]:
    headers = [] if accept is None else [(b"accept-encoding", accept.encode())]
    return {"type": "http", "method": method, "path": path, "headers": headers, **more}


async def drive(
    messages: list[Message | Exception | float],
    asked: dict[str, Any] | None = None,
    settings: Any = None,
    metrics: CompressionMetrics | None = None,
) -> list[Message]:
    """What reaches the server of an application that sends these; it raises exceptions and sleeps for floats."""
    sent: list[Message] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for message in messages:
            if isinstance(message, Exception):
                raise message
            if isinstance(message, float):
                await asyncio.sleep(message)
            else:
                await send(message)

    async def send(message: Message) -> None:
        sent.append(message)

    await CompressionMiddleware(app, settings, metrics)(asked or scope(), None, send)  # type: ignore[arg-type]
    return sent


def run(*arguments: Any, **options: Any) -> list[Message]:
    return asyncio.run(drive(*arguments, **options))


def headers(sent: list[Message]) -> dict[bytes, bytes]:
    [message] = [message for message in sent if message["type"] == "http.response.start"]
    return dict(message["headers"])


def content(sent: list[Message]) -> bytes:
    """The body as sent."""
    return b"".join(message["body"] for message in sent if message["type"] == "http.response.body")


def decoded(sent: list[Message]) -> bytes:
    """ValueError if it is not whole."""
    coding = headers(sent).get(b"content-encoding")
    decoder = Decoder(coding.decode() if coding else None)
    data = decoder.feed(content(sent))
    if not decoder.ended:
        raise ValueError("the body has no end")
    return data


__all__ = ["CompressionSettings", "content", "decoded", "drive", "headers", "part", "run", "scope", "start"]
