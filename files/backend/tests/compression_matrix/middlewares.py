"""The same application behind each middleware, by name."""

from __future__ import annotations

from brotli_asgi import BrotliMiddleware
from compression_matrix.app import app
from starlette.middleware.gzip import GZipMiddleware
from starlette_compress import CompressMiddleware

from omnimind_backend.compression import CompressionMiddleware

ours = CompressionMiddleware(app)
starlette_gzip = GZipMiddleware(app)
starlette_compress = CompressMiddleware(app)
brotli_asgi = BrotliMiddleware(app)
none = app

PEERS = ("starlette_gzip", "starlette_compress", "brotli_asgi")
