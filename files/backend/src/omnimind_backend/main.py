"""The application: `omnimind_backend.main:app` for any ASGI server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from . import health, logs, problems, signals, status
from .cache import MultiLevelCache
from .compression import CompressionMetrics, CompressionMiddleware
from .images import router as images_router
from .images.metrics import ImageMetrics
from .live_compression import LiveCompression
from .modalities import Modalities
from .requests import RequestMetrics, RequestMiddleware
from .settings import Settings
from .tasks import router as tasks_router
from .tasks.pool import Pool
from .tasks.store import Store
from .uploads import Uploads

VERSION = "0.1.0"


def create_app(settings: Settings | None = None, modalities: Modalities | None = None) -> RequestMiddleware:
    """Put the parts together.

    Args:
        settings: read from the environment when None; SettingsError then.
        modalities: of an application that does more than the reference; those of the reference are declared in it too.
    """
    settings = settings or Settings.from_environment()
    registry = _registry()
    modalities = modalities or Modalities()
    images = ImageMetrics(registry, modalities)
    registry.register(modalities)
    Info("omnimind_backend", "What runs here.", registry=registry).info({"version": settings.version or VERSION})
    compression = LiveCompression(settings.compression, settings.compression_file, registry)
    cache = MultiLevelCache(settings.cache, registry)
    pool = Pool(settings.workers, settings.queue, registry)
    store, uploads = Store(), Uploads(settings.limits.body)
    parts = status.Parts(settings.version or VERSION, cache, compression, pool, store, settings.limits)
    readiness = health.Readiness(cache, compression)

    def stop() -> None:
        readiness.stopping = True
        parts.stopping.set()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        logs.configure(settings.log_level)
        async with cache:
            with signals.handled(stop, compression.reload):
                readiness.started = True
                yield
                stop()
                await asyncio.to_thread(pool.stop, settings.shutdown_seconds)

    async def kept(key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        return await cache.get(f"image:{key}", make)

    app = FastAPI(title="OmniMind backend", version=VERSION, lifespan=lifespan)
    problems.install(app)
    app.include_router(health.routes(readiness))
    app.include_router(status.routes(parts))
    app.include_router(images_router.routes(pool, settings.limits, uploads, kept, images))
    app.include_router(tasks_router.routes(pool, store, settings.limits, uploads, images))

    @app.get("/metrics", tags=["metrics"], response_class=Response)
    async def metrics() -> Response:
        """For Prometheus."""
        return Response(await asyncio.to_thread(generate_latest, registry), media_type=CONTENT_TYPE_LATEST)

    app.add_middleware(CompressionMiddleware, settings=compression, metrics=CompressionMetrics(registry))
    # Outside of everything, so that it sees what FastAPI answers when all else fails.
    return RequestMiddleware(app, RequestMetrics(registry, _answers(app)))


def _registry() -> CollectorRegistry:
    """Of one application, with what is known of any process."""
    disable_created_metrics()  # a series beside each other one, of which nobody makes use
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def _answers(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Method, route and status of the good answer of everything that the API describes."""
    for route, methods in app.openapi()["paths"].items():
        for method, described in methods.items():
            yield method.upper(), route, min(described["responses"])


def __getattr__(name: str) -> Any:
    """Make `app` when a server first asks for it: importing this module reads no environment."""
    if name != "app":
        raise AttributeError(name)
    app = globals()["app"] = create_app()
    return app
