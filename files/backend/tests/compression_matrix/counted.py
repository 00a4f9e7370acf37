"""The application with its counters at /metrics, which are read before they count themselves."""

from __future__ import annotations

from typing import Any

from compression_matrix.app import app
from prometheus_client import CollectorRegistry, generate_latest
from starlette.responses import PlainTextResponse

from omnimind_backend.compression import CompressionMetrics, CompressionMiddleware

_registry = CollectorRegistry()


async def _app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope.get("path") == "/metrics":
        await PlainTextResponse(generate_latest(_registry))(scope, receive, send)
    else:
        await app(scope, receive, send)


application = CompressionMiddleware(_app, metrics=CompressionMetrics(_registry))
