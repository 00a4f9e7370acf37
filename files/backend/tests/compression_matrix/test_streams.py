"""Streams: any chunks come back, each can be read at once, and many stay small; large bodies leave the loop alone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from compression_matrix import drive as d
from compression_matrix.bodies import JSON, LONG
from compression_matrix.client import Decoder
from compression_matrix.servers import TESTS
from hypothesis import given, settings
from hypothesis import strategies as st

from omnimind_backend.compression import CompressionSettings, codecs
from omnimind_backend.compression.codecs import CODINGS, LEVELS, STREAM_LEVELS
from omnimind_backend.compression.offload import in_thread

TEXT = (b"content-type", b"text/plain")
EVENTS = (b"content-type", b"text/event-stream")
CHUNK = st.binary(max_size=2000) | st.integers(0, 5000).map(lambda size: LONG[:size])


@settings(max_examples=60, deadline=None)
@given(st.lists(CHUNK, max_size=12), st.sampled_from(CODINGS), st.sampled_from([TEXT, EVENTS]), st.booleans())
def test_any_chunks_come_back(chunks: list[bytes], coding: str, kind: tuple[bytes, bytes], known: bool) -> None:
    whole = b"".join(chunks)
    headers = [kind, (b"content-length", b"%d" % len(whole))] if known else [kind]
    sent = d.run([d.start(*headers), *map(d.part, chunks), d.part(b"", False)], d.scope(coding))
    assert d.decoded(sent) == whole
    length = d.headers(sent).get(b"content-length")
    assert length is None or int(length) == len(d.content(sent))


@settings(max_examples=60, deadline=None)
@given(CHUNK | st.just(LONG), st.sampled_from(CODINGS))
def test_any_body_comes_back_and_never_longer(body: bytes, coding: str) -> None:
    headers = TEXT, (b"content-length", b"%d" % len(body))
    sent = d.run([d.start(*headers), d.part(body, False)], d.scope(coding))
    assert d.decoded(sent) == body and len(d.content(sent)) <= len(body)
    assert int(d.headers(sent)[b"content-length"]) == len(d.content(sent))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=10), st.sampled_from(CODINGS))
def test_each_chunk_can_be_read_at_once(chunks: list[bytes], coding: str) -> None:
    decoder = Decoder(coding)
    sent = d.run([d.start(EVENTS), *map(d.part, chunks), d.part(b"", False)], d.scope(coding))
    bodies = [message["body"] for message in sent[1:]]
    assert [decoder.feed(body) for body in bodies] == [*chunks, b""] and decoder.ended


@pytest.mark.parametrize("coding", CODINGS)
def test_every_level_that_settings_allow_works(coding: str) -> None:
    for level in LEVELS[coding]:
        assert Decoder(coding).feed(codecs.whole(coding, level)(JSON)) == JSON
    for level in STREAM_LEVELS[coding]:
        encoder, decoder = codecs.stream(coding, level), Decoder(coding)
        assert decoder.feed(encoder.encode(JSON)) == JSON
        assert decoder.feed(encoder.finish(JSON)) == JSON and decoder.ended


def test_without_isal_zlib_takes_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codecs, "isal_zlib", None)
    codecs.whole.cache_clear()
    try:
        assert Decoder("gzip").feed(codecs.whole("gzip", 2)(JSON)) == JSON
        assert Decoder("gzip").feed(codecs.stream("gzip", 2).finish(JSON)) == JSON
        assert CompressionSettings().thread_from["gzip"] == 128 * 1024
    finally:
        codecs.whole.cache_clear()


# KB that a stream may take, by coding and by what it carries. Brotli's least is 256 KB of hash table; what else it
# takes grows with the chunks.
_MOST = {"zstd": (320, 320), "gzip": (320, 320), "br": (330, 370)}
_MEASURE = """
import json, sys
from omnimind_backend.compression import codecs, settings
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4
coding, events, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
level = settings.CompressionSettings().stream_levels[coding]
rows = [json.dumps({"id": i, "load": i * 0.7919 % 1, "node": f"node-{i * 31 % 997}"}) for i in range(events * 20)]
text = "".join(rows).encode() * (1 + size // 1000)
first = codecs.stream(coding, level)
first.encode(text[:size])
before, streams = resident(), []
for _turn in range(60):
    stream = codecs.stream(coding, level)
    for at in range(events):
        stream.encode(text[at * 50 : at * 50 + size])
    streams.append(stream)
print((resident() - before) / len(streams))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(("place", "events", "size"), [(0, 200, 90), (1, 10, 60_000)], ids=["events", "large"])
def test_memory_of_a_stream(coding: str, place: int, events: int, size: int) -> None:
    command = [sys.executable, "-c", _MEASURE, coding, str(events), str(size)]
    environment = {"PYTHONPATH": str(TESTS.parent / "src")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert 20 < float(done.stdout) <= _MOST[coding][place]


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("stream", [False, True])
def test_large_bodies_are_encoded_in_threads_and_small_ones_are_not(
    coding: str, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []

    def clock() -> float:
        """Asked before and after encoding, wherever that is done."""
        seen.append(threading.current_thread() is threading.main_thread())
        return time.perf_counter()

    monkeypatch.setattr("omnimind_backend.compression.outlet.perf_counter", clock)
    limits = CompressionSettings.from_mapping({"offload_from": {coding: 20_000}})
    for body in (LONG[:20_000], LONG[:19_999]):
        messages = [d.part(body), d.part(b"", False)] if stream else [d.part(body, False)]
        assert d.decoded(d.run([d.start(TEXT), *messages], d.scope(coding), limits)) == body
    assert seen[::2] == seen[1::2] == ([False, True, True, True] if stream else [False, True])


def test_the_loop_goes_on_while_a_large_body_is_encoded() -> None:
    body = LONG * 4
    slowest = CompressionSettings.from_mapping({"levels": {"br": 9}})
    gaps: list[float] = []

    async def both() -> None:
        encoding = asyncio.create_task(d.drive([d.start(TEXT), d.part(body, False)], d.scope("br"), slowest))
        last = time.monotonic()
        while not encoding.done():
            await asyncio.sleep(0.001)
            gaps.append(time.monotonic() - last)
            last = time.monotonic()
        assert d.decoded(encoding.result()) == body

    asyncio.run(both())
    assert len(gaps) > 20 and sorted(gaps)[-2] < sum(gaps) / 2


def test_many_at_a_time_do_not_share_a_context() -> None:
    bodies = [LONG[at * 1000 : at * 1000 + 300_000] for at in range(24)]

    async def all_of_them() -> list[Any]:
        return await asyncio.gather(
            *(d.drive([d.start(TEXT), d.part(body, False)], d.scope(coding)) for body in bodies for coding in CODINGS)
        )

    answers = asyncio.run(all_of_them())
    assert [d.decoded(sent) for sent in answers] == [body for body in bodies for _coding in CODINGS]


@pytest.mark.parametrize("coding", CODINGS)
def test_threads_do_not_share_a_context(coding: str) -> None:
    bodies = [LONG[at * 1000 : at * 1000 + 400_000] for at in range(4)]
    encode = codecs.whole(coding, 3)

    def often(body: bytes) -> bool:
        return all(Decoder(coding).feed(encode(body)) == body for _turn in range(15))

    with ThreadPoolExecutor(len(bodies)) as threads:
        assert all(threads.map(often, bodies))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere priority is the process's")
def test_encoding_gives_way_to_the_event_loop() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert asyncio.run(in_thread(niceness)) > niceness()
