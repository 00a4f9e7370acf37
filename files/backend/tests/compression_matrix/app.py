"""The application under test: a path for each thing that an application may answer."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import brotli
from compression_matrix.bodies import CHUNKS, JSON, LINES, LONG, MEGABYTE, NOISE, SMALL, of_size
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response

PAUSE = 0.15  # seconds between the parts of a stream
TAG = '"v1"'
FILES = "COMPRESSION_MATRIX_FILES"  # in the environment: the directory of what is served below /file
PREPARED = brotli.compress(JSON)
_DIGEST = b64encode(hashlib.sha256(JSON).digest()).decode()

# Path: status, headers, body; Content-Length is added.
FIXED: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/json": (200, {"content-type": "application/json"}, JSON),
    "/html": (200, {"content-type": "text/html; charset=utf-8"}, JSON),
    "/capitals": (200, {"Content-Type": "Application/JSON"}, JSON),
    "/problem": (422, {"content-type": "application/problem+json"}, JSON),
    "/ndjson": (200, {"content-type": "application/x-ndjson"}, JSON),
    "/svg": (200, {"content-type": "image/svg+xml"}, JSON),
    "/wasm": (200, {"content-type": "application/wasm"}, JSON),
    "/png": (200, {"content-type": "image/png"}, JSON),
    "/mp4": (200, {"content-type": "video/mp4"}, JSON),
    "/zip": (200, {"content-type": "application/zip"}, JSON),
    "/woff2": (200, {"content-type": "font/woff2"}, JSON),
    "/untyped": (200, {}, JSON),
    "/error": (500, {"content-type": "application/json"}, JSON),
    "/small": (200, {"content-type": "application/json"}, SMALL),
    "/empty": (200, {"content-type": "application/json"}, b""),
    "/499": (200, {"content-type": "application/json"}, of_size(499)),
    "/500": (200, {"content-type": "application/json"}, of_size(500)),
    "/long": (200, {"content-type": "application/json"}, LONG),
    "/megabyte": (200, {"content-type": "application/json"}, MEGABYTE),
    "/noise": (200, {"content-type": "text/plain"}, NOISE),
    "/tagged": (200, {"content-type": "application/json", "etag": TAG, "accept-ranges": "bytes"}, JSON),
    "/weak": (200, {"content-type": "application/json", "etag": f"W/{TAG}"}, JSON),
    "/vary": (200, {"content-type": "application/json", "vary": "Origin"}, JSON),
    "/vary-all": (200, {"content-type": "application/json", "vary": "*"}, JSON),
    "/vary-had": (200, {"content-type": "application/json", "vary": "Origin, accept-encoding"}, JSON),
    "/no-transform": (200, {"content-type": "application/json", "cache-control": "public, no-transform"}, JSON),
    "/prepared": (200, {"content-type": "application/json", "content-encoding": "br"}, PREPARED),
    "/identity": (200, {"content-type": "application/json", "content-encoding": "identity"}, JSON),
    "/content-digest": (200, {"content-type": "application/json", "content-digest": f"sha-256=:{_DIGEST}:"}, JSON),
    "/repr-digest": (200, {"content-type": "application/json", "repr-digest": f"sha-256=:{_DIGEST}:"}, JSON),
    "/content-md5": (
        200,
        {"content-type": "application/json", "content-md5": b64encode(hashlib.md5(JSON).digest()).decode()},
        JSON,
    ),
    "/part": (
        206,
        {"content-type": "application/json", "content-range": f"bytes 0-1999/{len(JSON)}", "etag": TAG},
        JSON[:2000],
    ),
    "/beyond": (416, {"content-type": "application/json", "content-range": f"bytes */{len(JSON)}"}, JSON),
    "/moved": (302, {"location": "/json"}, b""),
}


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    path = scope["path"]
    if path in FIXED:
        await _fixed(send, *FIXED[path])
    elif path.startswith("/wrapped"):
        await _wrapped({**scope, "path": path.removeprefix("/wrapped")}, receive, send)
    elif path.startswith("/file/"):
        await FileResponse(Path(os.environ[FILES], path.removeprefix("/file/")))(scope, receive, send)
    else:
        await HANDLERS[path](scope, receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _fixed(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    await _start(send, status, **{"content-length": str(len(body)), **headers})
    await send({"type": "http.response.body", "body": body})


async def _start(send: Any, status: int = 200, /, **headers: str) -> None:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def _part(send: Any, data: bytes, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": more})


async def nothing(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, 204)
    await _part(send, b"", False)


async def conditional(scope: Any, _receive: Any, send: Any) -> None:
    """Knows only its own strong tag, and compares text."""
    known = dict(scope["headers"]).get(b"if-none-match", b"").decode()
    if TAG in [tag.strip() for tag in known.split(",")]:
        await _start(send, 304, etag=TAG)
        await _part(send, b"", False)
    else:
        await _fixed(send, 200, {"content-type": "application/json", "etag": TAG}, JSON)


async def events(_scope: Any, _receive: Any, send: Any, before: float = 0) -> None:
    """Each holds the time at which it was sent."""
    await _start(send, content_type="text/event-stream")
    await asyncio.sleep(before)
    for _turn in range(4):
        await _part(send, f"data: {time.monotonic()} {'event ' * 8}\n\n".encode())
        await asyncio.sleep(PAUSE)
    await _part(send, b"", False)


async def open_events(_scope: Any, receive: Any, send: Any) -> None:
    """64 events of about 1 KB, then silence until the client goes."""
    await _start(send, content_type="text/event-stream")
    for at in range(64):
        await _part(send, b"data: " + MEGABYTE[at * 1000 : at * 1000 + 1000] + b"\n\n")
    while (await receive())["type"] != "http.disconnect":
        pass


async def late_events(scope: Any, receive: Any, send: Any) -> None:
    await events(scope, receive, send, before=0.4)


async def single_event(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="text/event-stream")
    await _part(send, b"data: the only one\n\n", False)


async def timed_lines(_scope: Any, _receive: Any, send: Any) -> None:
    """A stream that is no event stream; of the same form, to be measured in the same way."""
    await _start(send, content_type="application/x-ndjson")
    for _turn in range(4):
        await _part(send, f"data: {time.monotonic()} {'event ' * 8}\n\n".encode())
        await asyncio.sleep(PAUSE)
    await _part(send, b"", False)


async def late_text(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="text/plain")
    await asyncio.sleep(0.4)
    for chunk in CHUNKS:
        await _part(send, chunk)
    await _part(send, b"", False)


async def lines(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="text/plain")
    for line in LINES:
        await _part(send, line)
    await _part(send, b"", False)


async def lines_of_known_length(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="text/plain", content_length=str(len(b"".join(LINES))))
    for line in LINES:
        await _part(send, line)
    await _part(send, b"", False)


async def lines_with_gaps(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="text/plain")
    for line in LINES:
        await _part(send, b"")
        await _part(send, line)
    await _part(send, LINES[0], False)


async def noise_in_parts(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="text/plain")
    for at in range(0, len(NOISE), 1000):
        await _part(send, NOISE[at : at + 1000])
    await _part(send, b"", False)


async def one_part_of_unknown_length(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="application/json")
    await _part(send, JSON, False)


async def small_of_unknown_length(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="application/json")
    await _part(send, SMALL, False)


async def fails(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="text/plain")
    for line in LINES:
        await _part(send, line)
    raise RuntimeError("on purpose")


async def failing_events(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="text/event-stream")
    await _part(send, b"data: one\n\n")
    raise RuntimeError("on purpose")


async def stops(_scope: Any, _receive: Any, send: Any) -> None:
    """Returns in the middle of its body."""
    await _start(send, content_type="text/plain")
    await _part(send, LINES[0])


async def cut_short(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="text/plain", content_length=str(len(JSON)))
    await _part(send, JSON[:5000], False)


async def fails_first(_scope: Any, _receive: Any, send: Any) -> None:
    await _start(send, content_type="application/json", content_length=str(len(JSON)))
    raise RuntimeError("on purpose")


async def echo(_scope: Any, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await _fixed(send, 201, {"content-type": "text/plain"}, body)


async def _behind_base(request: Request, call_next: Any) -> Response:
    return await call_next(request)


_wrapped = BaseHTTPMiddleware(app, _behind_base)

HANDLERS = {
    "/204": nothing,
    "/conditional": conditional,
    "/events": events,
    "/open-events": open_events,
    "/late-events": late_events,
    "/single-event": single_event,
    "/timed-lines": timed_lines,
    "/late-text": late_text,
    "/lines": lines,
    "/lines-known": lines_of_known_length,
    "/lines-gaps": lines_with_gaps,
    "/noise-parts": noise_in_parts,
    "/unknown": one_part_of_unknown_length,
    "/unknown-small": small_of_unknown_length,
    "/fails": fails,
    "/failing-events": failing_events,
    "/stops": stops,
    "/cut-short": cut_short,
    "/fails-first": fails_first,
    "/echo": echo,
}
