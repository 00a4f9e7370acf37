"""/api/tasks: work that is done later, its result fetched when it is there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from omnimind_backend.images.limits import Limits
from omnimind_backend.images.metrics import ImageMetrics
from omnimind_backend.problems import Problem
from omnimind_backend.uploads import Uploads

from .kinds import kinds
from .pool import Pool
from .store import Store, Task

SOON = {"Retry-After": "1"}


def routes(
    pool: Pool,
    store: Store,
    limits: Limits = Limits(),
    uploads: Uploads | None = None,
    metrics: ImageMetrics | None = None,
) -> APIRouter:
    """Return the router.

    Args:
        limits: of pictures.
        uploads: reads the bodies, and may be shared with others; made from `limits` when None.
        metrics: that pictures are counted in; for nobody when None.
    """
    reader = uploads or Uploads(limits.body)
    router = APIRouter(prefix="/api/tasks", tags=["tasks"])
    known = kinds(limits, metrics or ImageMetrics())
    for name in known:
        pool.metrics.know(name)

    def find(identity: str) -> Task:
        task = store.get(identity)
        if task is None:
            raise Problem(404, "No such task", "It never was, was cancelled, or is too long ago.")
        return task

    @router.post("", status_code=202, openapi_extra=BODY)
    async def accept(request: Request, kind: Literal["image", "compression"]) -> Response:
        """Have the body worked on. The other parameters are the kind's own: those of /api/image/optimize for images."""
        parameters = {name: value for name, value in request.query_params.items() if name != "kind"}
        begin = known[kind](parameters, request.headers.get("content-type"))
        pool.check_room(kind)
        body = await reader.read(request)
        task = store.add(kind, len(body), pool.submit(kind, begin(body)))
        document = task.document()
        return JSONResponse(document, 202, {"Location": document["href"], **SOON, "Cache-Control": "no-store"})

    @router.get("")
    async def newest(limit: Annotated[int, Query(ge=1, le=100)] = 20, before: str | None = None) -> dict[str, Any]:
        """The tasks, newest first; `next` is where older ones are."""
        tasks = store.newest(limit + 1, before)
        more = len(tasks) > limit
        page = [task.document() for task in tasks[:limit]]
        return {"tasks": page, "next": f"/api/tasks?limit={limit}&before={page[-1]['id']}" if more else None}

    @router.get("/{identity}")
    async def one(identity: str) -> Response:
        document = find(identity).document()
        return JSONResponse(document, headers={"Cache-Control": "no-store"} | ({} if document["ended"] else SOON))

    @router.get("/{identity}/result", response_class=Response)
    async def result(identity: str) -> Response:
        """What the task made, or the problem it met."""
        task = find(identity)
        if task.problem:
            raise task.problem.again()
        if not task.state:
            raise Problem(409, "Not done yet", "The task waits or runs.", SOON)
        if task.outcome is None:
            raise Problem(410, "Result is gone", "Newer results needed the room.")
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **task.outcome.headers}
        return Response(task.outcome.data, headers=headers, media_type=task.outcome.media_type)

    @router.delete("/{identity}", status_code=204)
    async def remove(identity: str) -> Response:
        """Cancel a task that waits, forget one that has ended."""
        if not store.remove(find(identity)):
            raise Problem(409, "Task runs", "A task that has begun cannot be cancelled.", SOON)
        return Response(status_code=204)

    return router


# For the description of the API.
BODY = {"requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
