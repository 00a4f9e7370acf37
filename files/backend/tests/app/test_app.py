"""The whole backend, as a process, under both servers."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from app.serving import Backend, environment, served
from loopback import free_port, wait_until
from PIL import Image

from omnimind_backend import healthcheck


@pytest.fixture(scope="module", params=["uvicorn", "granian"])
def backend(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    directory = tmp_path_factory.mktemp(request.param)
    (directory / "compression.yaml").write_text("minimum_size: 100\n")
    with served(
        directory / "log", request.param, version="r1", compression_file=directory / "compression.yaml"
    ) as backend:
        yield backend


def picture() -> bytes:
    made = io.BytesIO()
    Image.radial_gradient("L").resize((400, 300)).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize("path", ["/", "/api/status", "/api/tasks", "/openapi.json", "/docs", "/metrics"])
def test_pages_are_there_and_compressed(backend: Backend, path: str) -> None:
    plain = backend.client.get(path, headers={"Accept-Encoding": "identity"})
    encoded = backend.client.get(path, headers={"Accept-Encoding": "br"})
    assert plain.status_code == encoded.status_code == 200
    if len(plain.content) > 200:
        assert encoded.headers["content-encoding"] == "br"
        assert int(encoded.headers["content-length"]) < len(plain.content)
    if path not in {"/docs", "/openapi.json"}:
        assert encoded.headers["x-request-id"]


def test_it_is_alive_and_ready(backend: Backend) -> None:
    assert backend.client.get("/health").json() == {"status": "alive"}
    assert backend.client.get("/ready").json() == {"status": "ready", "missing": {}}
    assert backend.client.get("/api/status").json()["version"] == "r1"
    assert healthcheck.main([f"{backend.url}/health"]) == 0
    assert healthcheck.main([f"{backend.url}/nothing"]) == healthcheck.main([f"http://127.0.0.1:{free_port()}/"]) == 1


@pytest.mark.parametrize(
    ("given", "kept"), [("trace-1.A_b", True), ("", False), ("two words", False), ('"},{"x":"', False), ("a" * 65, False)]
)
def test_request_ids_of_others_are_kept_when_they_are_proper(backend: Backend, given: str, kept: bool) -> None:
    answer = backend.client.get("/nowhere", headers={"X-Request-ID": given})
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
    identity = answer.headers["x-request-id"]
    assert (identity == given) == kept
    wait_until(lambda: any(entry.get("request_id") == identity for entry in backend.entries()))
    line = next(entry for entry in backend.entries() if entry.get("request_id") == identity)
    assert line["status"] == 404 and line["path"] == "/nowhere" and line["level"] == "info"


def test_requests_are_counted_by_route_not_by_path(backend: Backend) -> None:
    for number in range(3):
        assert backend.client.get(f"/api/tasks/none{number}").status_code == 404
    backend.client.request("PROPFIND", "/nowhere")
    text = backend.client.get("/metrics").text
    assert 'omnimind_http_requests_total{method="GET",route="/api/tasks/{identity}",status="404"} 3.0' in text
    assert 'method="other"' in text and "PROPFIND" not in text and "none1" not in text
    for name in ("omnimind_compression", "omnimind_tasks_total", "omnimind_cache", "process_resident_memory_bytes"):
        assert name in text
    assert 'omnimind_backend_info{version="r1"} 1.0' in text


def test_a_picture_becomes_smaller(backend: Backend) -> None:
    given = picture()
    answer = backend.client.post(
        "/api/image/optimize?format=webp&width=100", content=given, headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(answer.content)).size == (100, 75)
    task = backend.client.post("/api/tasks?kind=image&format=webp", content=given, headers={"Content-Type": "image/png"})
    assert task.status_code == 202
    wait_until(lambda: backend.client.get(task.headers["location"]).json()["state"] == "done")
    assert task.json()["id"] in backend.client.get("/").text


def test_settings_of_compression_change_without_dropping_a_request(backend: Backend) -> None:
    path = Path(backend.environment["OMNIMIND_COMPRESSION_FILE"])
    failed, done, over = [], [], threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=backend.url, timeout=10) as client:
            while not over.is_set():
                try:
                    done.append(client.get("/docs").status_code)
                except httpx.TransportError as error:
                    failed.append(error)
                time.sleep(0.01)

    def in_force() -> list[str]:
        with httpx.Client(base_url=backend.url) as client:
            return client.get("/api/status").json()["compression"]["codings"]

    askers = [threading.Thread(target=ask) for _asker in range(3)]
    for asker in askers:
        asker.start()
    try:
        path.write_text("codings: [gzip]\n")
        backend.signal(signal.SIGHUP)
        wait_until(lambda: in_force() == ["gzip"], 20)
        wait_until(lambda: len(done) > 50)
    finally:
        over.set()
        for asker in askers:
            asker.join()
    # Granian replaces its worker: a connection that is kept alive is closed when it is idle.
    assert set(done) == {200} and (not failed or backend.server == "granian")
    assert all("disconnected" in str(error) for error in failed)


def test_an_open_stream_ends_when_the_process_is_asked_to(tmp_path: Path, backend: Backend) -> None:
    with served(tmp_path / "log", backend.server) as own:
        with own.client.stream("GET", "/api/status/events?seconds=60", headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            lines = answer.iter_lines()
            assert next(lines) == "id: 1"
            began = time.monotonic()
            own.signal(signal.SIGTERM)
            rest = list(lines)
        assert own.process is not None and own.process.wait(10) == 0
        assert time.monotonic() - began < 5
        assert "event: stopping" in rest


def test_work_that_was_accepted_is_done_before_the_end(tmp_path: Path) -> None:
    with served(tmp_path / "log", task_workers=1) as backend:
        made = io.BytesIO()
        Image.effect_noise((1500, 1500), 90).save(made, "PNG", compress_level=0)
        results: list[int] = []

        def post() -> None:
            with httpx.Client(base_url=backend.url, timeout=30) as client:
                headers = {"Content-Type": "image/png"}
                results.append(
                    client.post("/api/image/optimize?format=webp", content=made.getvalue(), headers=headers).status_code
                )

        asker = threading.Thread(target=post)
        asker.start()
        wait_until(lambda: backend.client.get("/api/status").json()["tasks"]["busy"] == 1)
        assert backend.stop() == 0
        asker.join()
        assert results == [200]


def test_a_bad_file_changes_nothing_and_is_told(tmp_path: Path) -> None:
    path = tmp_path / "compression.yaml"
    path.write_text("codings: [gzip]\n")
    with served(tmp_path / "log", compression_file=path) as backend:
        path.write_text("codings: [lzma]\nminimum_size: few\n")
        backend.signal(signal.SIGHUP)
        wait_until(lambda: backend.client.get("/ready").json()["status"] == "degraded")
        told = backend.client.get("/ready").json()["missing"]["compression"]
        assert "lzma" in told and "minimum_size" in told
        assert backend.client.get("/api/status").json()["compression"]["codings"] == ["gzip"]
        path.write_text("codings: [br]\n")
        backend.signal(signal.SIGHUP)
        wait_until(lambda: backend.client.get("/ready").json()["status"] == "ready")


def test_redis_that_is_away_is_named_and_nothing_fails(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path / "log", cache_url=f"redis://:secret@127.0.0.1:{port}") as backend:
        answer = backend.client.get("/ready")
        assert answer.status_code == 200 and answer.json()["status"] == "degraded"
        assert list(answer.json()["missing"]) == [f"redis 127.0.0.1:{port}"]
        made = backend.client.post("/api/image/optimize?format=webp", content=picture(), headers={"Content-Type": "image/png"})
        assert made.status_code == 200
        assert "outage" in backend.client.get("/metrics").text
        assert "secret" not in backend.log.read_text() + backend.client.get("/api/status").text


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"TASK_WORKERS": "many"}, "OMNIMIND_TASK_WORKERS: 'many' is not possible"),
        ({"TASK_QUEUE": "-1"}, "OMNIMIND_TASK_QUEUE: '-1' is not possible"),
        ({"LOG_LEVEL": "loud"}, "OMNIMIND_LOG_LEVEL: 'loud' is not possible"),
        ({"COLOUR": "red"}, "OMNIMIND_COLOUR: no such variable"),
        ({"CACHE_URL": "http://x"}, "OMNIMIND_CACHE_URL: "),
        ({"CACHE_URL_FILE": "/nowhere"}, "OMNIMIND_CACHE_URL_FILE: "),
        ({"CACHE_URL": "none:", "CACHE_URL_FILE": "/dev/null"}, "OMNIMIND_CACHE_URL_FILE: "),
        ({"COMPRESSION_FILE": "/nowhere"}, "OMNIMIND_COMPRESSION_FILE: /nowhere: "),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(variables: dict[str, str], said: str) -> None:
    for arguments in (["--check"], []):
        ended = run(variables, *arguments)
        assert ended.returncode == 2 and ended.stderr.startswith(said), ended.stderr
        assert "Traceback" not in ended.stderr


def test_everything_wrong_is_said_at_once_and_right_settings_are_right() -> None:
    assert len(run({"TASK_QUEUE": "x", "IMAGE_SIDE": "1", "LOG_LEVEL": ""}, "--check").stderr.splitlines()) == 3
    assert run({"TASK_QUEUE": "0", "CACHE_URL": "none:"}, "--check").returncode == 0


def run(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "omnimind_backend", "--port", str(free_port()), *arguments],
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
