"""What the backend is doing: as JSON, as a stream of events, and as a page for people."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field
from html import escape
from importlib.resources import files
from string import Template
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse

from .cache import MultiLevelCache
from .cache import status as cache_status
from .images.limits import Limits
from .live_compression import LiveCompression
from .tasks.pool import Pool
from .tasks.store import Store

LATEST = 20  # tasks on the page
PAGE = Template(files("omnimind_backend").joinpath("pages/status.html").read_text(encoding="utf-8"))


@dataclass
class Parts:
    """What is told of, and the event that ends every stream."""

    version: str
    cache: MultiLevelCache
    compression: LiveCompression
    pool: Pool
    store: Store
    limits: Limits
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    started: float = field(default_factory=time.time)

    def status(self) -> dict[str, Any]:
        """Plain values that JSON knows; nothing is asked over the network."""
        return {
            "version": self.version,
            "started": round(self.started, 3),
            "uptime_seconds": round(time.time() - self.started, 1),
            "tasks": self.pool.status(),
            "cache": cache_status(self.cache),
            "compression": {
                **asdict(self.compression()),
                "read_at": round(self.compression.read_at, 3),
                "problem": self.compression.problem or None,
            },
            "limits": asdict(self.limits),
        }

    async def events(self, seconds: float, count: int | None) -> AsyncIterator[str]:
        """The status as server-sent events, until there were so many, or the process stops."""
        number = 0
        while not self.stopping.is_set() and (count is None or number < count):
            number += 1
            yield f"id: {number}\nevent: status\ndata: {json.dumps(self.status())}\n\n"
            if number != count:
                try:
                    await asyncio.wait_for(self.stopping.wait(), seconds)
                except TimeoutError:
                    continue
        yield f"event: {'stopping' if self.stopping.is_set() else 'end'}\ndata: {{}}\n\n"


def routes(parts: Parts) -> APIRouter:
    """/, /api/status, /api/status/events."""
    router = APIRouter(tags=["status"])

    @router.get("/", response_class=HTMLResponse)
    async def page() -> HTMLResponse:
        """The status, for people."""
        return HTMLResponse(_page(parts), headers={"Cache-Control": "no-store"})

    @router.get("/api/status")
    async def status() -> JSONResponse:
        """What the backend is doing."""
        return JSONResponse(parts.status(), headers={"Cache-Control": "no-store"})

    @router.get("/api/status/events", response_class=StreamingResponse)
    async def events(
        seconds: Annotated[float, Query(ge=0.01, le=3600)] = 5.0, count: Annotated[int | None, Query(ge=1)] = None
    ) -> StreamingResponse:
        """The status every so many seconds, so many times or until the client goes."""
        return StreamingResponse(
            parts.events(seconds, count), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    return router


def _page(parts: Parts) -> str:
    status = parts.status()
    compression, cache, tasks = status["compression"], status["cache"], status["tasks"]
    return PAGE.substitute(
        version=escape(status["version"] or "no version given"),
        uptime=_duration(status["uptime_seconds"]),
        sections="".join(
            [
                _section("Tasks", tasks),
                _section("Cache", {**cache, **cache["local"]}, leave_out={"local"}),
                _section("Compression", compression, leave_out={"read_at", "content_types"}),
                _section("Limits of a picture", status["limits"]),
            ]
        ),
        tasks=_tasks(parts.store),
    )


def _section(title: str, values: dict[str, Any], leave_out: frozenset[str] | set[str] = frozenset()) -> str:
    rows = "".join(
        f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{escape(_words(value))}</td></tr>"
        for name, value in values.items()
        if name not in leave_out
    )
    return f"<section><h2>{escape(title)}</h2><table>{rows}</table></section>"


def _words(value: Any) -> str:
    kinds: dict[type, Callable[[Any], str]] = {
        bool: lambda yes: "yes" if yes else "no",
        type(None): lambda _: "none",
        list: lambda items: ", ".join(map(str, items)) or "none",
        tuple: lambda items: ", ".join(map(str, items)) or "none",
        dict: lambda items: ", ".join(f"{name} {_words(item)}" for name, item in items.items()) or "none",
    }
    return kinds.get(type(value), str)(value)


def _tasks(store: Store) -> str:
    rows = []
    for task in (task.document() for task in store.newest(LATEST, None)):
        size = f"{task['result_size']:,}" if "result_size" in task else ""
        cells = [f"<a href='{escape(task['href'])}'>{escape(task['id'])}</a>", escape(task["kind"])]
        cells += [f"<span class='{task['state']}'>{task['state']}</span>", f"{task['size']:,}", size]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return "".join(rows) or "<tr><td colspan='5'>None yet: POST one to /api/tasks.</td></tr>"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return " ".join(f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")) if n) or "0 s"
