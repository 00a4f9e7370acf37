"""POST /api/image/optimize: the picture is the body, what is wanted are the parameters."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from omnimind_backend.tasks.pool import Pool
from omnimind_backend.uploads import Uploads

from .jobs import DECLARED, Result, declared_format, job, key
from .limits import Limits
from .metrics import ImageMetrics
from .options import Options

# Returns the bytes kept under a key; has them made where there are none.
Kept = Callable[[str, Callable[[], Awaitable[bytes]]], Awaitable[bytes]]
KIND = "image"


def routes(
    pool: Pool,
    limits: Limits = Limits(),
    uploads: Uploads | None = None,
    kept: Kept | None = None,
    metrics: ImageMetrics | None = None,
) -> APIRouter:
    """Return the router.

    Args:
        uploads: reads the bodies, and may be shared with others; made from `limits` when None.
        kept: keeps results by a digest of picture and options; nothing is kept when None. What it awaits raises Problem
            for a picture that is refused, and when the pool is full: such must not be kept.
        metrics: that pictures are counted in; for nobody when None.
    """
    reader = uploads or Uploads(limits.body)
    counted = metrics or ImageMetrics()
    measured = counted.operation("optimize_image")
    router = APIRouter(tags=["images"])
    pool.metrics.know(KIND)

    @router.post("/api/image/optimize", response_class=Response, openapi_extra=BODY, responses=ANSWERS)
    async def optimize_image(request: Request, options: Annotated[Options, Query()]) -> Response:
        """Make a picture smaller: in bytes, and in pixels where a box is given."""
        declared = declared_format(request.headers.get("content-type"))
        if not kept:  # else what is kept can be had however much there is to do
            pool.check_room(KIND)
        body = await reader.read(request)

        async def make() -> bytes:
            work = measured(job(body, declared, options, limits, counted.optimized))
            return await pool.run(KIND, work, limits.seconds)

        # Ten megabytes take a while to digest.
        packed = await kept(await asyncio.to_thread(key, body, declared, options), make) if kept else await make()
        result = Result.unpacked(packed)
        return Response(result.data, headers=dict(result.headers()), media_type=result.media_type)

    return router


# For the description of the API.
_BINARY = {"schema": {"type": "string", "format": "binary"}}
BODY = {"requestBody": {"required": True, "content": {name: _BINARY for name in DECLARED}}}
ANSWERS: dict[int | str, dict[str, object]] = {
    200: {"description": "The picture", "content": {f"image/{name}": _BINARY for name in ("webp", "avif", "jpeg")}},
    413: {"description": "The body is too large"},
    415: {"description": "No picture of a known format, or not the one the Content-Type says"},
    422: {"description": "Damaged, beyond the limits, would not get smaller, or wrong parameters"},
    503: {"description": "Too much to do; see Retry-After"},
}
