"""The middleware: reads the request, and puts a Responder between the application and the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omnimind_backend.compression.metrics import CompressionMetrics
from omnimind_backend.compression.request import read
from omnimind_backend.compression.responses import Responder
from omnimind_backend.compression.settings import CompressionSettings


class CompressionMiddleware:
    """Compresses what the application answers over HTTP; everything else passes through.

    Args:
        app: any ASGI application.
        settings: or a function that gives them, asked once for each request: a request goes on with those it began
            with, and the next one has the new ones.
        metrics: what to count in.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        settings: CompressionSettings | Callable[[], CompressionSettings] | None = None,
        metrics: CompressionMetrics | None = None,
    ) -> None:
        self.app = app
        fixed = CompressionSettings() if settings is None else settings
        self._settings = fixed if callable(fixed) else lambda: fixed
        self._metrics = CompressionMetrics() if metrics is None else metrics

    async def __call__(self, scope: dict[str, Any], receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        settings = self._settings()
        request, scope = read(scope, settings)
        responder = Responder(send, request, settings, self._metrics)
        try:
            await self.app(scope, receive, responder)
        finally:
            responder.close()
