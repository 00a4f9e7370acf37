"""Around every request: an id, a line in the log, and the metrics of rate, errors and duration."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from .logs import request_id

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# What no answer should be. Like good answers, they are seen at 0 before the first, so that a rate misses none.
BAD = ("500", "503")
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
# What others put into a log is not chosen by strangers.
PROPER_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# Asked every few seconds by machines: a line each would drown the rest.
PROBES = {"/health", "/ready", "/metrics"}

logger = logging.getLogger("omnimind_backend.requests")


class RequestMetrics:
    """Requests by method, route and status. A route is the pattern that matched, so there are only so many.

    Args:
        known: method, route and status of the good answers that can be given.
    """

    def __init__(self, registry: CollectorRegistry, known: Iterable[tuple[str, str, str]] = ()) -> None:
        self.requests = Counter(
            "omnimind_http_requests", "Requests that ended.", ["method", "route", "status"], registry=registry
        )
        self.seconds = Histogram(
            "omnimind_http_request_seconds",
            "From the request's first byte to the answer's last; of a stream of events, to its beginning.",
            ["method", "route"],
            buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.active = Gauge("omnimind_http_requests_active", "Requests under way.", registry=registry)
        for method, route, good in known:
            self.seconds.labels(method, route)
            for status in (good, *BAD):
                self.requests.labels(method, route, status)


class RequestMiddleware:
    """The outermost layer: sees what is sent to the client as it is sent.

    Args:
        app: any ASGI application.
        metrics: that requests are counted in.
    """

    def __init__(self, app: Callable[..., Awaitable[None]], metrics: RequestMetrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        identity = _identity(scope)
        token = request_id.set(identity)
        status = sent = 0
        ended = False
        latency: float | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status, sent, ended, latency
            if message["type"] == "http.response.start":
                status = message["status"]
                # How long somebody watches is not how slow the answer was.
                latency = time.perf_counter() - started if _is_watched(message) else None
                message = {**message, "headers": [*message.get("headers", ()), (b"x-request-id", identity.encode())]}
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
                ended = not message.get("more_body", False)
            elif message["type"] == "http.response.pathsend":
                ended = True
            await send(message)

        started = time.perf_counter()
        try:
            with self.metrics.active.track_inprogress():
                await self.app(scope, receive, send_with_id)
        except Exception:
            # Answered and logged already; only an answer that is not whole must be cut off by the server.
            if not ended:
                raise
        finally:
            seconds = time.perf_counter() - started
            self._ended(scope, status, sent, seconds, latency or seconds)
            request_id.reset(token)

    def _ended(self, scope: Scope, status: int, sent: int, seconds: float, latency: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in METHODS else "other"
        # 499: the client was gone before there was an answer.
        status = status or 499
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(method, route).observe(latency)
        level = logging.DEBUG if route in PROBES and status < 500 else logging.INFO
        said = {
            "method": scope["method"], "path": scope["path"], "status": status, "bytes": sent,
            "milliseconds": round(seconds * 1000, 2), "client": (scope.get("client") or ("",))[0],
        }  # fmt: skip
        logger.log(level, "%s %s %d", scope["method"], scope["path"], status, extra=said)


def _is_watched(start: Message) -> bool:
    """Whether an answer is a stream of events, which ends when its reader has seen enough."""
    kind = next((value for name, value in start.get("headers", ()) if name.lower() == b"content-type"), b"")
    return kind.startswith(b"text/event-stream")


def _identity(scope: Scope) -> str:
    """The id that the client or a proxy gave, where it is a proper one; else a new one."""
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode() if PROPER_ID.fullmatch(given) else uuid.uuid4().hex
