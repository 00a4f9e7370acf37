"""/api/tasks through a real server."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from io import BytesIO

import httpx
import pytest
from PIL import Image

from images.pictures import noise, saved
from images.serving import Backend, blocked, served
from loopback import wait_until
from omnimind_backend.images.limits import Limits
from omnimind_backend.tasks.store import Outcome, Store

JSON = json.dumps([{"name": f"node {index}", "slots": index * 7} for index in range(4000)]).encode()


@pytest.fixture
def backend() -> Iterator[Backend]:
    with served(Backend(Limits(body=1_000_000), workers=1, queue_limit=3)) as served_backend:
        yield served_backend


def post(backend: Backend, kind: str, body: bytes, media_type: str = "", **options: object) -> httpx.Response:
    parameters = {"kind": kind, **options}
    return backend.client.post("/api/tasks", params=parameters, content=body, headers={"Content-Type": media_type})


def ended(backend: Backend, accepted: httpx.Response) -> dict[str, object]:
    """The task, as soon as it has ended."""
    assert accepted.status_code == 202, accepted.text
    where = accepted.headers["location"]
    wait_until(lambda: backend.client.get(where).json()["ended"])
    return backend.client.get(where).json()


def test_a_picture_is_optimised_later(backend: Backend) -> None:
    body = saved(noise(200, 150), "PNG")
    accepted = post(backend, "image", body, "image/png", width=50, format="avif")
    assert accepted.headers["retry-after"] == "1" and accepted.json()["state"] in ("queued", "running", "done")
    task = ended(backend, accepted)
    assert (task["state"], task["kind"], task["size"]) == ("done", "image", len(body))
    answer = backend.client.get(task["result"])
    assert answer.headers["content-type"] == "image/avif" and answer.headers["x-original-size"] == str(len(body))
    assert answer.headers["x-content-type-options"] == "nosniff" and len(answer.content) == task["result_size"]
    assert Image.open(BytesIO(answer.content)).size == (50, 38)


def test_a_body_is_compressed_by_each_coding(backend: Backend) -> None:
    found = backend.client.get(ended(backend, post(backend, "compression", JSON))["result"]).json()
    assert found["size"] == len(JSON) and set(found["codings"]) == {"gzip", "br", "zstd"}
    for coding in found["codings"].values():
        assert 0 < coding["size"] < len(JSON) / 2 and coding["seconds"] > 0
    assert abs(found["codings"]["gzip"]["size"] - len(gzip.compress(JSON, 6))) < 30


def test_a_picture_that_is_refused_is_a_task_that_failed(backend: Backend) -> None:
    task = ended(backend, post(backend, "image", b"<script>alert(1)</script>", "image/png"))
    assert task["state"] == "failed" and task["problem"]["status"] == 415 and "result" not in task
    for _turn in range(2):
        answer = backend.client.get(f"{task['href']}/result")
        assert answer.status_code == 415 and answer.json() == task["problem"] and "alert" not in answer.text


@pytest.mark.parametrize(
    "kind, options, media_type, status",
    [("image", {"quality": 0}, "image/png", 422), ("image", {"x": 1}, "image/png", 422),
     ("image", {}, "text/html", 415), ("compression", {"level": 1}, "", 422), ("other", {}, "", 422)],
)  # fmt: skip
def test_wrong_requests_are_refused_and_leave_no_task(
    backend: Backend, kind: str, options: dict[str, object], media_type: str, status: int
) -> None:
    answer = post(backend, kind, b"body", media_type, **options)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert backend.client.get("/api/tasks").json() == {"tasks": [], "next": None}


def test_a_body_has_a_limit(backend: Backend) -> None:
    try:
        assert post(backend, "compression", bytes(1_000_001)).status_code == 413
    except httpx.WriteError:
        pass  # the server hung up while we were still sending
    assert ended(backend, post(backend, "compression", bytes(1_000_000)))["state"] == "done"


def test_a_full_queue_is_told_and_leaves_no_task(backend: Backend) -> None:
    with blocked(backend.pool, 4):
        answer = post(backend, "compression", JSON)
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1
        assert answer.headers["content-type"] == "application/problem+json" and len(backend.store) == 0
    assert ended(backend, post(backend, "compression", JSON))["state"] == "done"


def test_what_waits_can_be_cancelled(backend: Backend) -> None:
    client = backend.client
    with blocked(backend.pool, 1):
        where = post(backend, "compression", JSON).headers["location"]
        assert client.get(where).json()["state"] == "queued"
        early = client.get(f"{where}/result")
        assert early.status_code == 409 and early.headers["retry-after"]
        assert client.delete(where).status_code == 204
        assert client.get(where).status_code == client.delete(where).status_code == 404
    assert backend.sample("omnimind_tasks_total", kind="compression", outcome="cancelled") == 1
    assert backend.sample("omnimind_tasks_total", kind="compression", outcome="done") == 0


def test_what_runs_cannot_be_cancelled(backend: Backend) -> None:
    release = threading.Event()
    running = backend.pool.submit("blocking", lambda: Outcome(str(release.wait(10)).encode(), "text/plain"))
    task = backend.store.add("blocking", 0, running)
    where = f"/api/tasks/{task.id}"
    wait_until(lambda: backend.client.get(where).json()["state"] == "running")
    answer = backend.client.delete(where)
    release.set()
    assert answer.status_code == 409 and answer.json()["title"] == "Task runs"
    wait_until(lambda: backend.client.get(where).json()["ended"])
    assert backend.client.get(f"{where}/result").text == "True"


def test_what_is_done_can_be_forgotten(backend: Backend) -> None:
    task = ended(backend, post(backend, "compression", JSON))
    assert backend.client.delete(task["href"]).status_code == 204
    assert backend.client.get(f"{task['href']}/result").status_code == 404


def test_a_result_that_is_gone_is_told() -> None:
    with served(Backend(store=Store(result_bytes=250))) as small:
        first = ended(small, post(small, "compression", JSON))
        ended(small, post(small, "compression", JSON))
        answer = small.client.get(first["result"])
        assert answer.status_code == 410 and answer.headers["content-type"] == "application/problem+json"
        assert small.client.get(first["href"]).json()["state"] == "done"


def test_the_newest_are_told_page_by_page(backend: Backend) -> None:
    hrefs = [ended(backend, post(backend, "compression", JSON))["href"] for _turn in range(5)][::-1]
    pages, where = [], "/api/tasks?limit=2"
    while where:
        page = backend.client.get(where).json()
        pages.append([task["href"] for task in page["tasks"]])
        where = page["next"]
    assert pages == [hrefs[:2], hrefs[2:4], hrefs[4:]]
    assert backend.client.get("/api/tasks?limit=101").status_code == 422
