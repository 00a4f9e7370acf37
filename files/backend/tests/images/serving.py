"""A real uvicorn on a free port of the loopback, in a thread, so that a test can look into it."""

from __future__ import annotations

import concurrent.futures
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import uvicorn
from fastapi import FastAPI
from loopback import wait_until
from prometheus_client import CollectorRegistry

from omnimind_backend import problems
from omnimind_backend.images import router as images
from omnimind_backend.images.limits import Limits
from omnimind_backend.images.router import Kept
from omnimind_backend.tasks import router as tasks
from omnimind_backend.tasks.pool import Pool
from omnimind_backend.tasks.store import Store
from omnimind_backend.uploads import Uploads


@dataclass
class Backend:
    """What is served, and where."""

    limits: Limits = Limits()
    workers: int = 2
    queue_limit: int = 4
    kept: Kept | None = None
    uploads: Uploads | None = None
    store: Store = field(default_factory=Store)
    port: int = 0

    def __post_init__(self) -> None:
        self.registry = CollectorRegistry()
        self.pool = Pool(self.workers, self.queue_limit, self.registry)
        self.uploads = self.uploads or Uploads(self.limits.body)
        self.client = httpx.Client(timeout=20)

    def app(self) -> FastAPI:
        app = FastAPI()
        problems.install(app)
        app.include_router(images.routes(self.pool, self.limits, self.uploads, self.kept))
        app.include_router(tasks.routes(self.pool, self.store, self.limits, self.uploads))

        @app.get("/ping")
        async def ping() -> str:
            return "pong"

        @app.get("/broken")
        async def broken() -> None:
            raise RuntimeError("the password is hunter2")

        return app

    def optimize(self, body: bytes | Iterator[bytes], kind: str = "image/png", **options: object) -> httpx.Response:
        return self.client.post(
            "/api/image/optimize", content=body, headers={"Content-Type": kind}, params=options or None
        )

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def sample(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


@contextlib.contextmanager
def served(backend: Backend) -> Iterator[Backend]:
    """Serve until the block is left, by success or failure."""
    config = uvicorn.Config(backend.app(), host="127.0.0.1", port=0, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        backend.port = server.servers[0].sockets[0].getsockname()[1]
        backend.client.base_url = httpx.URL(f"http://127.0.0.1:{backend.port}")
        yield backend
    finally:
        backend.client.close()
        server.should_exit = True
        backend.pool.stop(5)
        thread.join(10)
        assert not thread.is_alive()


@contextlib.contextmanager
def blocked(pool: Pool, tasks: int) -> Iterator[threading.Event]:
    """Fill the pool with tasks that wait for the event; it is set at the end."""
    release = threading.Event()
    begun = threading.Semaphore(0)

    def work() -> None:
        begun.release()
        release.wait(20)

    futures = [pool.submit("blocking", work) for _task in range(tasks)]
    for _worker in range(min(tasks, pool.workers)):
        assert begun.acquire(timeout=10)
    try:
        yield release
    finally:
        release.set()
        concurrent.futures.wait(futures, 10)
