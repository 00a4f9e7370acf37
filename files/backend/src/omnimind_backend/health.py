"""Is the process alive, and is it good to send requests to."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from .cache import MultiLevelCache
from .cache import health as cache_health
from .live_compression import LiveCompression

NOT_STORED = {"Cache-Control": "no-store"}


class Readiness:
    """What stands in the way of good answers.

    The cache fails open: without Redis every answer is right, only slower. So its absence is told, and does not take
    the backend out of service: all backends share one Redis, and would all be taken out at once.

    Args:
        cache: asked for its nodes.
        compression: whose file may have become wrong.
    """

    def __init__(self, cache: MultiLevelCache, compression: LiveCompression) -> None:
        self._cache, self._compression = cache, compression
        self.started = self.stopping = False

    async def missing(self) -> dict[str, str]:
        """What is not as it should be, and why; answers are given all the same."""
        found = {}
        if self._cache.settings.topology != "none":
            told = await cache_health(self._cache.manager)
            found |= {f"redis {node}": why for node, why in told["missing"].items()}
        if self._compression.problem:
            found["compression"] = self._compression.problem
        return found

    def document(self, missing: dict[str, str]) -> dict[str, Any]:
        """For /ready: "ready", "degraded" when something is missing, "starting" or "stopping"."""
        state = "stopping" if self.stopping else "starting" if not self.started else "degraded" if missing else "ready"
        return {"status": state, "missing": missing}


def routes(readiness: Readiness) -> APIRouter:
    """/health, /ready."""
    router = APIRouter(tags=["health"])

    @router.get("/health")
    async def health() -> JSONResponse:
        """The process answers. Says nothing of what it needs: a restart would not bring that back."""
        return JSONResponse({"status": "alive"}, headers=NOT_STORED)

    @router.get("/ready")
    async def ready() -> JSONResponse:
        """200 when requests are welcome, else 503; `missing` tells what is not there, and why."""
        document = readiness.document(await readiness.missing())
        status = 200 if document["status"] in {"ready", "degraded"} else 503
        return JSONResponse(document, status, NOT_STORED)

    return router
