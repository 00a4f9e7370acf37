"""POST /api/image/optimize through a real server: limits on the wire, overload, clients that go away."""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import httpx
import pytest
from PIL import Image

from images.bombs import BOMBS, NO_PICTURES
from images.pictures import animation, noise, saved
from images.serving import Backend, blocked, served
from loopback import wait_until
from omnimind_backend.images.limits import Limits
from omnimind_backend.uploads import Uploads

MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with served(Backend(Limits(body=MEBIBYTE))) as served_backend:
        yield served_backend


@pytest.fixture(scope="module")
def picture() -> bytes:
    return saved(noise(300, 200), "PNG")


def problem(answer: httpx.Response, status: int) -> dict[str, object]:
    """The document of an error, which every error has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    document = answer.json()
    assert document["status"] == status and document["title"] and document["type"]
    return document


@pytest.mark.parametrize("format", ["webp", "avif", "jpeg"])
def test_the_answer_is_the_picture(backend: Backend, picture: bytes, format: str) -> None:
    answer = backend.optimize(picture, format=format, width=150, quality=70)
    assert answer.status_code == 200
    assert Image.open(BytesIO(answer.content)).size == (150, 100)
    headers = answer.headers
    assert headers["content-type"] == f"image/{format}"
    assert headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"] == f'inline; filename="optimized.{format}"'
    assert headers["cache-control"] == "no-store, no-transform"
    told = [int(headers[f"x-{name}"]) for name in ("original-size", "optimized-size", "image-width", "image-height")]
    assert told == [len(picture), len(answer.content), 150, 100]


def test_a_chunked_body_is_a_body(backend: Backend, picture: bytes) -> None:
    answer = backend.optimize((picture[at : at + 999] for at in range(0, len(picture), 999)), width=50)
    assert answer.status_code == 200 and answer.headers["x-original-size"] == str(len(picture))


@pytest.mark.parametrize(
    "kind, body",
    [("text/html", b"x"), ("", b"x"), ("application/octet-stream", b"x"), ("image/svg+xml", NO_PICTURES["svg"]),
     ("image/tiff", NO_PICTURES["tiff"]), ("image/jpeg", saved(noise(9, 9), "PNG")), ("image/png", b"\xff\xd8\xff")],
)  # fmt: skip
def test_the_content_type_is_checked(backend: Backend, kind: str, body: bytes) -> None:
    answer = backend.optimize(body, kind)
    problem(answer, 415)
    assert "image/webp" in answer.headers["accept"]


@pytest.mark.parametrize("kind", ["image/png", "IMAGE/PNG; charset=x", "image/apng"])
def test_the_content_type_may_be_written_otherwise(backend: Backend, picture: bytes, kind: str) -> None:
    assert backend.optimize(picture, kind).status_code == 200


@pytest.mark.parametrize("name", NO_PICTURES)
def test_what_is_no_picture_is_never_echoed(backend: Backend, name: str) -> None:
    answer = backend.optimize(NO_PICTURES[name])
    problem(answer, 415)
    assert NO_PICTURES[name][:20] not in answer.content and b"alert" not in answer.content


@pytest.mark.parametrize("name", ["png of 169 megapixels", "jpeg of 144 megapixels", "webp of a huge canvas"])
def test_a_bomb_is_a_problem(backend: Backend, name: str) -> None:
    assert problem(backend.optimize(BOMBS[name](), f"image/{name.split()[0]}"), 422)["title"] == "Picture too large"


@pytest.mark.parametrize("options", [{"width": 0}, {"quality": "<b>"}, {"format": "<script>"}, {"<script>": 1}])
def test_wrong_parameters_are_told_but_not_echoed(backend: Backend, picture: bytes, options: dict[str, object]) -> None:
    answer = backend.optimize(picture, **options)
    document = problem(answer, 422)
    assert document["title"] == "Invalid parameters" and document["errors"]
    assert "<" not in answer.text


def test_every_error_is_a_problem(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    get = backend.client.get
    problem(get("/nowhere"), 404)
    answer = get("/api/image/optimize")
    problem(answer, 405)
    assert answer.headers["allow"] == "POST"
    problem(backend.optimize(b""), 400)
    problem(backend.optimize(animation("GIF"), "image/gif", format="jpeg"), 422)
    with caplog.at_level(logging.ERROR):
        answer = get("/broken")
    assert "hunter2" not in json.dumps(problem(answer, 500)) and "hunter2" in caplog.text


def raw(backend: Backend, *parts: bytes, shut: bool = False) -> bytes:
    """Send bytes as they are; return all that is answered until the server closes or says no more for a second."""
    with backend.connect() as connection:
        connection.settimeout(3)
        for part in parts:
            connection.sendall(part)
        if shut:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while more := connection.recv(65536):
                answer += more
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


def head(*lines: str) -> bytes:
    fixed = ("POST /api/image/optimize HTTP/1.1", "Host: x", "Content-Type: image/png")
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


def test_a_declared_size_is_refused_before_it_is_sent(backend: Backend) -> None:
    answer = raw(backend, head(f"Content-Length: {MEBIBYTE + 1}"))
    assert answer.startswith(b"HTTP/1.1 413") and b"connection: close" in answer.lower() and b"problem+json" in answer


def test_a_size_that_is_not_declared_is_counted(backend: Backend) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 64 * MEBIBYTE:
            sent += 65536
            yield bytes(65536)

    try:
        problem(backend.optimize(endless()), 413)
    except httpx.WriteError:
        pass  # the server hung up while we were still sending
    assert sent < 32 * MEBIBYTE
    piece = b"10000\r\n" + bytes(65536) + b"\r\n"
    answer = raw(backend, head("Transfer-Encoding: chunked"), *[piece] * 17)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_body_of_exactly_the_limit_is_read(backend: Backend, picture: bytes) -> None:
    assert backend.optimize(picture + bytes(MEBIBYTE - len(picture))).status_code == 200
    problem(backend.optimize(picture + bytes(MEBIBYTE - len(picture) + 1)), 413)


def test_a_length_that_is_too_small_is_the_client_s_error(backend: Backend, picture: bytes) -> None:
    answer = raw(backend, head("Content-Length: 5000"), picture)  # the server may see that more comes than was said
    assert answer.startswith((b"HTTP/1.1 422", b"HTTP/1.1 400")) and picture[5000:5100] not in answer


def test_a_client_that_goes_away_is_no_error(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for _turn in range(3):
            raw(backend, head("Content-Length: 100000"), bytes(5000), shut=True)
        wait_until(lambda: backend.uploads.held == 0)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert backend.client.get("/ping").status_code == 200


def test_a_slow_upload_is_ended(picture: bytes) -> None:
    with served(Backend(uploads=Uploads(MEBIBYTE, seconds=0.3))) as slow:
        answer = raw(slow, head("Content-Length: 100000"), picture[:100])
        assert answer.startswith(b"HTTP/1.1 408") and slow.uploads.held == 0


def test_uploads_share_a_budget(picture: bytes) -> None:
    with served(Backend(uploads=Uploads(MEBIBYTE, budget=300_000))) as small:
        with small.connect() as first:
            first.sendall(head("Content-Length: 900000") + bytes(200_000))
            wait_until(lambda: small.uploads.held > 190_000)
            answer = small.optimize(picture)
            assert problem(answer, 503)["title"] == "Overloaded" and int(answer.headers["retry-after"]) > 0
        wait_until(lambda: small.uploads.held == 0)
        assert small.optimize(picture).status_code == 200


def test_overload_is_answered_at_once(picture: bytes) -> None:
    with served(Backend(workers=1, queue_limit=1)) as busy, blocked(busy.pool, 2):
        started = time.monotonic()
        answer = busy.optimize(picture)
        assert problem(answer, 503)["title"] == "Overloaded" and int(answer.headers["retry-after"]) >= 1
        assert time.monotonic() - started < 5
        assert busy.client.get("/ping").status_code == 200
        assert busy.sample("omnimind_tasks_total", kind="image", outcome="overloaded") == 1


def test_overload_is_answered_before_the_picture_is_sent() -> None:
    with served(Backend(workers=1, queue_limit=0)) as busy, blocked(busy.pool, 1):
        assert raw(busy, head("Content-Length: 900000", "Connection: close")).startswith(b"HTTP/1.1 503")


def test_who_waits_too_long_is_told_and_makes_room(picture: bytes) -> None:
    with served(Backend(Limits(seconds=0.2), workers=1, queue_limit=1)) as busy:
        with blocked(busy.pool, 1):
            for _turn in range(2):
                answer = busy.optimize(picture)
                assert problem(answer, 503)["title"] == "Took too long" and answer.headers["retry-after"]
        assert busy.sample("omnimind_tasks_total", kind="image", outcome="cancelled") == 2


def test_a_burst_is_served_or_refused_and_the_loop_stays_free() -> None:
    body = saved(noise(900, 700), "JPEG")
    with served(Backend(workers=2, queue_limit=4)) as busy, ThreadPoolExecutor(16) as clients:
        answers = [clients.submit(busy.optimize, body, "image/jpeg", width=400) for _turn in range(32)]
        waits = []
        while not all(answer.done() for answer in answers):
            started = time.monotonic()
            assert busy.client.get("/ping").status_code == 200
            waits.append(time.monotonic() - started)
        found = [answer.result().status_code for answer in answers]
        assert set(found) == {200, 503} and found.count(200) >= 6
        assert sorted(waits)[len(waits) // 2] < 0.2
        assert busy.sample("omnimind_tasks_total", kind="image", outcome="done") == found.count(200)
        assert busy.sample("omnimind_tasks_total", kind="image", outcome="overloaded") == found.count(503)


def test_a_cache_keeps_what_depends_on_picture_and_options(picture: bytes) -> None:
    kept: dict[str, bytes] = {}
    made = []

    async def keep(key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        if key not in kept:
            made.append(key)
            kept[key] = await make()
        return kept[key]

    with served(Backend(kept=keep)) as cached:
        first, again = cached.optimize(picture, width=90), cached.optimize(picture, width=90)
        assert first.content == again.content and dict(first.headers) | {"date": ""} == dict(again.headers) | {
            "date": ""
        }
        assert len(made) == 1
        cached.optimize(picture, width=91)
        cached.optimize(saved(noise(300, 200), "PNG"), width=90)
        problem(cached.optimize(picture, "image/jpeg", width=90), 415)
        assert len(made) == 4 and len(kept) == 3
