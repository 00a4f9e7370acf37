"""Counters: equal to what is on the wire, to the byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from compression_matrix import drive as d
from compression_matrix.bodies import JSON, LONG, NOISE, SMALL
from compression_matrix.client import ask
from compression_matrix.servers import SERVERS, running
from prometheus_client import CollectorRegistry, generate_latest

from omnimind_backend.compression import CompressionMetrics, CompressionSettings

TYPE = (b"content-type", b"application/json")


def length(body: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", b"%d" % len(body))


@pytest.mark.parametrize(
    ("messages", "asked", "coding", "size"),
    [
        ([d.start(TYPE, length(JSON)), d.part(JSON, False)], d.scope("zstd"), "zstd", len(JSON)),
        ([d.start(TYPE, length(LONG)), d.part(LONG, False)], d.scope("br"), "br", len(LONG)),
        ([d.start(TYPE), d.part(JSON), d.part(b""), d.part(JSON, False)], d.scope(), "gzip", 2 * len(JSON)),
        ([d.start(TYPE, length(JSON)), d.part(JSON, False)], d.scope(None), "identity", len(JSON)),
        ([d.start(TYPE, length(NOISE)), d.part(NOISE, False)], d.scope(), "identity", len(NOISE)),
        ([d.start(TYPE), d.part(NOISE), d.part(NOISE, False)], d.scope(), "identity", 2 * len(NOISE)),
    ],
)
def test_bytes(messages: list[Any], asked: dict[str, Any], coding: str, size: int) -> None:
    metrics = CompressionMetrics()
    sent = d.run(messages, asked, None, metrics)
    tally = metrics.codings[coding]
    assert (tally.responses, tally.bytes_in, tally.bytes_out) == (1, size, len(d.content(sent)))
    assert {name for name, other in metrics.codings.items() if other.responses} == {coding}
    assert (tally.seconds > 0) == (coding != "identity")


SKIPPED = {
    "path": ([d.start(TYPE, length(JSON)), d.part(JSON, False)], d.scope(path="/secret")),
    "status": ([d.start(status=204), d.part(b"", False)], d.scope()),
    "encoded": ([d.start(TYPE, (b"content-encoding", b"br")), d.part(JSON, False)], d.scope()),
    "no-transform": ([d.start(TYPE, (b"cache-control", b"No-Transform")), d.part(JSON, False)], d.scope()),
    "type": ([d.start((b"content-type", b"image/png")), d.part(JSON, False)], d.scope()),
    "range": ([d.start(TYPE, (b"content-range", b"bytes 0-1/2"), status=206), d.part(JSON, False)], d.scope()),
    "small": ([d.start(TYPE, length(SMALL)), d.part(SMALL, False)], d.scope()),
    "client": ([d.start(TYPE, length(JSON)), d.part(JSON, False)], d.scope("deflate")),
    "grew": ([d.start(TYPE, length(NOISE)), d.part(NOISE, False)], d.scope()),
    "head": ([d.start(TYPE, length(JSON)), d.part(JSON, False)], d.scope(method="HEAD")),
    "zerocopysend": (
        [d.start(TYPE, length(JSON)), {"type": "http.response.zerocopysend", "file": 3, "count": len(JSON)}],
        d.scope(),
    ),
}


@pytest.mark.parametrize("reason", SKIPPED)
def test_reasons(reason: str) -> None:
    metrics = CompressionMetrics()
    settings = CompressionSettings.from_mapping({"excluded_paths": ["/secret"]})
    messages, asked = SKIPPED[reason]
    d.run(messages, asked, settings, metrics)
    assert metrics.skipped == {reason: 1}


def test_exposition(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    metrics = CompressionMetrics(registry)
    sent = d.run([d.start(TYPE, length(JSON)), d.part(JSON, False)], d.scope("br"), None, metrics)
    d.run([d.start(TYPE, length(SMALL)), d.part(SMALL, False)], d.scope("br"), None, metrics)
    lines = generate_latest(registry).decode().splitlines()
    assert f'omnimind_compression_bytes_in_total{{coding="br"}} {len(JSON)}.0' in lines
    assert f'omnimind_compression_bytes_out_total{{coding="br"}} {len(d.content(sent))}.0' in lines
    assert f'omnimind_compression_bytes_out_total{{coding="identity"}} {len(SMALL)}.0' in lines
    assert 'omnimind_compression_responses_total{coding="br"} 1.0' in lines
    assert 'omnimind_compression_skipped_total{reason="small"} 1.0' in lines
    assert any(line.startswith('omnimind_compression_seconds_total{coding="br"}') for line in lines)


@pytest.mark.parametrize("server", SERVERS)
def test_bytes_on_the_wire(server: str) -> None:
    paths = ["/json", "/long", "/file/long.json", "/file/picture.png", "/lines", "/small", "/noise-parts"]
    paths.append("/wrapped/json")
    received = dict.fromkeys(("zstd", "br", "gzip", "identity"), 0)
    with running(server, "compression_matrix.counted:application") as (port, _pid):
        for path in paths:
            for accept in ("zstd", "br", "gzip", "identity"):
                for method in ("GET", "HEAD"):
                    reply = ask(port, path, (("Accept-Encoding", accept),), method)
                    assert reply.complete
                    received[reply.coding or "identity"] += len(reply.body)
        text = ask(port, "/metrics").body.decode()
    counted = {coding: f'omnimind_compression_bytes_out_total{{coding="{coding}"}}' for coding in received}
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert {coding: int(float(values[name])) for coding, name in counted.items()} == received
    assert all(received.values())
