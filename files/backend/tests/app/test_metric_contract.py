"""docs/metrics.md and the backend say the same of every metric."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from app.contract import PAGE, Metric, documented, exported, names_of, shapes, undocumented
from images.pictures import noise, saved

from omnimind_backend.main import create_app
from omnimind_backend.modalities import MODALITIES, Modalities
from omnimind_backend.settings import Settings


def scrape(*paths: str, modalities: Modalities | None = None) -> str:
    """What a new backend exports, after a GET of each path."""
    app = create_app(Settings(), modalities)

    async def story() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://backend") as client:
            for path in paths:
                await client.get(path)
            return (await client.get("/metrics")).raise_for_status().text

    return asyncio.run(story())


@pytest.fixture(scope="module")
def new() -> dict[str, Metric]:
    """What a backend exports before it is asked for anything."""
    return exported(scrape())


def test_names_types_and_labels_are_the_same_both_ways(new: dict[str, Metric]) -> None:
    assert shapes(new) == shapes(documented())


def test_what_can_be_known_is_there_before_anything_happens(new: dict[str, Metric]) -> None:
    page = documented()
    closed = {name for name, metric in page.items() if metric.is_closed}
    assert {name: new[name].labels for name in closed} == {name: page[name].labels for name in closed}
    assert undocumented(new, page) == []


def test_counts_begin_at_zero() -> None:
    samples = dict(line.rsplit(" ", 1) for line in scrape().splitlines() if not line.startswith("#"))
    begun = {name for name, value in samples.items() if name.startswith("omnimind_") and float(value)}
    expected = {"omnimind_http_requests_active", "omnimind_task_workers", "omnimind_task_queue_limit"}
    assert {name for name in begun if not name.startswith(("omnimind_backend_info", "omnimind_compression_read_"))} == expected
    assert not [name for name in samples if "_created" in name]


def test_every_route_has_its_good_and_its_bad_answers() -> None:
    text = scrape()
    for method, route, good in (
        ("GET", "/", 200),
        ("POST", "/api/image/optimize", 200),
        ("POST", "/api/tasks", 202),
        ("DELETE", "/api/tasks/{identity}", 204),
        ("GET", "/api/tasks/{identity}/result", 200),
    ):
        for status in (good, 500, 503):
            assert f'omnimind_http_requests_total{{method="{method}",route="{route}",status="{status}"}} 0.0\n' in text
        assert f'omnimind_http_request_seconds_count{{method="{method}",route="{route}"}} 0.0\n' in text


def test_routes_are_called_what_they_are_counted_as() -> None:
    """What was there at 0 is what is counted later: no route has a second name."""
    paths = ["/", "/health", "/ready", "/metrics", "/api/status", "/api/status/events?count=1", "/api/tasks", "/api/tasks/x"]
    before = exported(scrape())["omnimind_http_requests_total"].labels["route"] or frozenset()
    after = exported(scrape(*paths, "/nowhere"))["omnimind_http_requests_total"].labels["route"] or frozenset()
    assert after - before == {"unmatched"}


def test_watching_events_is_no_latency() -> None:
    """Seconds of a stream end with its beginning."""
    text = scrape("/api/status/events?count=3&seconds=0.8")
    (seconds,) = re.findall(r'omnimind_http_request_seconds_sum{method="GET",route="/api/status/events"} (\S+)', text)
    assert 0 < float(seconds) < 1.5


def test_operations_of_an_omnimind_appear_beside_those_of_the_reference() -> None:
    modalities = Modalities({"audio": ("transcribe",)})
    before = exported(scrape(modalities=modalities))["omnimind_modality_operation_seconds"]
    assert before.labels == {
        "modality": frozenset({"vision", "audio"}),
        "operation": frozenset({"optimize_image", "optimize_image_task", "transcribe"}),
    }
    with modalities.operation("audio", "transcribe"):
        pass
    text = scrape(modalities=modalities)
    assert 'omnimind_modality_operations_total{modality="audio",operation="transcribe",outcome="succeeded"} 1.0\n' in text


def test_pictures_are_operations_of_vision() -> None:
    """Good ones succeed, whether a request waits for them or not; what is no picture is refused, and held against nobody."""
    app = create_app(Settings())
    good, bad = saved(noise(60, 40), "PNG"), b"this is no picture"

    async def story() -> str:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://backend") as client:
            for body in (good, bad):
                sent = {"content": body, "headers": {"Content-Type": "image/png"}}
                await client.post("/api/image/optimize?format=jpeg", **sent)
                task = (await client.post("/api/tasks?kind=image&format=webp", **sent)).json()["href"]
                while not (await client.get(task)).json()["ended"]:
                    await asyncio.sleep(0.01)
            return (await client.get("/metrics")).text

    text = asyncio.run(asyncio.wait_for(story(), 20))
    for operation in ("optimize_image", "optimize_image_task"):
        said = f'modality="vision",operation="{operation}"'
        assert f'omnimind_modality_operations_total{{{said},outcome="succeeded"}} 1.0\n' in text
        assert f'omnimind_modality_operations_total{{{said},outcome="failed"}} 0.0\n' in text
        assert f'omnimind_modality_operations_unjudged_total{{{said},reason="refused"}} 1.0\n' in text
        assert f"omnimind_modality_operation_seconds_count{{{said}}} 1.0\n" in text
    for outcome in ("done", "refused"):
        assert f'omnimind_tasks_total{{kind="image",outcome="{outcome}"}} 2.0\n' in text
    for name in ("jpeg", "webp"):
        assert f'omnimind_image_bytes_in_total{{format="{name}"}} {float(len(good))}\n' in text
        (out,) = re.findall(rf'omnimind_image_bytes_out_total{{format="{name}"}} (\S+)\n', text)
        assert 0 < float(out) < len(good)


def test_the_page_knows_the_modalities_and_asks_for_nothing_else() -> None:
    page = documented()
    assert page["omnimind_modality_operations_active"].labels["modality"] == frozenset(MODALITIES)
    text = PAGE.read_text(encoding="utf-8")
    questions = text[text.index("\n## Questions") : text.index("\n## Counting")]
    asked = names_of(questions.splitlines())
    assert len(asked) > 8 and asked <= page.keys()
    for outcome in re.findall(r'outcome="(\w+)"', questions):
        assert any(outcome in (metric.labels.get("outcome") or ()) for metric in page.values()), outcome
