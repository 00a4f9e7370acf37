"""Compression of HTTP responses for any ASGI application: zstd, Brotli and gzip, whole answers and streams.

    app = CompressionMiddleware(app)                                    # defaults
    app = CompressionMiddleware(app, settings=load("compression.yaml"), metrics=CompressionMetrics(registry))

It needs asyncio, and neither FastAPI nor Starlette.

BREACH: where an answer holds both a secret and text that the asker chooses, its compressed length tells about the
secret. Such answers must not be compressed. There are two ways out: name their path in `excluded_paths`, or have the
handler answer with `Cache-Control: no-transform` (or `Content-Encoding: identity`, which is not sent on).
"""

from omnimind_backend.compression.metrics import CompressionMetrics
from omnimind_backend.compression.middleware import CompressionMiddleware
from omnimind_backend.compression.settings import CompressionSettings, SettingsError, load

__all__ = ["CompressionMetrics", "CompressionMiddleware", "CompressionSettings", "SettingsError", "load"]
