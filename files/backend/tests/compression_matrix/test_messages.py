"""Message by message what an HTTP client cannot provoke: extensions, trailers, odd orders, failures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from compression_matrix import drive as d
from compression_matrix.bodies import JSON, LONG, SMALL

from omnimind_backend.compression import CompressionMiddleware, CompressionSettings
from omnimind_backend.compression.codecs import CODINGS

TYPE = (b"content-type", b"application/json")
TEXT = (b"content-type", b"text/plain")
EVENTS = (b"content-type", b"text/event-stream")
LENGTH = (b"content-length", b"%d" % len(JSON))


@pytest.mark.parametrize(
    "message",
    [
        {"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload"]},
        {"type": "http.response.debug", "info": {"template": "a"}},
        {"type": "http.response.push", "path": "/a.css", "headers": []},
        {"type": "http.response.not_yet_invented"},
    ],
    ids=lambda message: message["type"],
)
def test_messages_before_the_start_pass(message: dict[str, Any]) -> None:
    sent = d.run([message, d.start(TYPE, LENGTH), d.part(JSON, False)])
    assert sent[0] == message and d.decoded(sent) == JSON


def test_trailers_follow_without_digests_of_what_was_not_sent() -> None:
    trailers = {"type": "http.response.trailers", "headers": [(b"Content-Digest", b"x"), (b"server-timing", b"y")]}
    sent = d.run([d.start(TYPE, LENGTH, trailers=True), d.part(JSON, False), trailers])
    assert b"content-length" not in d.headers(sent) and sent[0]["trailers"] and d.decoded(sent) == JSON
    assert sent[-1]["headers"] == [(b"server-timing", b"y")]
    assert d.run([d.start(TYPE, LENGTH, trailers=True), d.part(JSON, False), trailers], d.scope(None))[-1] == trailers


def test_header_names_in_capitals_are_read_and_replaced() -> None:
    raised = [(name.title(), value) for name, value in (TYPE, LENGTH, (b"etag", b'"a"'), (b"vary", b"Origin"))]
    sent = d.run([d.start(*raised), d.part(JSON, False)])
    names = [name.lower() for name, _value in sent[0]["headers"]]
    assert len(set(names)) == len(names) and d.headers(sent)[b"etag"] == b'W/"a"' and d.decoded(sent) == JSON


def test_the_applications_own_message_is_not_changed() -> None:
    message = d.start(TYPE, LENGTH, (b"etag", b'"a"'))
    before = list(message["headers"])
    d.run([message, d.part(JSON, False)])
    d.run([message, d.part(JSON, False)], d.scope(None))
    assert message["headers"] == before


@pytest.mark.parametrize("accept", ["gzip", None])
def test_headers_may_be_anything_that_can_be_iterated(accept: str | None) -> None:
    for given in (tuple([TYPE, LENGTH]), iter([TYPE, LENGTH])):
        message = {"type": "http.response.start", "status": 200, "headers": given}
        assert d.headers(d.run([message, d.part(JSON, False)], d.scope(accept)))[TYPE[0]] == TYPE[1]
    assert d.decoded(d.run([{"type": "http.response.start", "status": 200}, d.part(JSON, False)])) == JSON


def test_two_vary_and_two_cache_control_fields_count_as_one() -> None:
    sent = d.run([d.start(TYPE, LENGTH, (b"vary", b"Origin"), (b"vary", b"Cookie")), d.part(JSON, False)])
    assert d.headers(sent)[b"vary"] == b"Origin, Cookie, Accept-Encoding"
    both = ((b"cache-control", b"no-transform"), (b"cache-control", b"private"))
    assert content_encoding(d.run([d.start(TYPE, LENGTH, *both), d.part(JSON, False)])) is None


def test_identity_as_content_encoding_is_not_sent_on() -> None:
    sent = d.run([d.start(TYPE, LENGTH, (b"content-encoding", b"identity")), d.part(JSON, False)])
    assert content_encoding(sent) is None and d.content(sent) == JSON


def test_excluded_paths() -> None:
    settings = CompressionSettings.from_mapping({"excluded_paths": ["/secret"]})
    messages = [d.start(TYPE, LENGTH), d.part(JSON, False)]
    assert content_encoding(d.run(messages, d.scope(path="/secret/a"), settings)) is None
    assert content_encoding(d.run(messages, d.scope(path="/secretive"), settings)) == b"gzip"


def test_settings_are_asked_for_once_a_request() -> None:
    codings = iter([("br",), ("gzip",)])
    messages = [d.start(TEXT), d.part(JSON), d.part(JSON, False)]

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    middleware = CompressionMiddleware(app, lambda: CompressionSettings(stream_codings=next(codings)))
    for coding in (b"br", b"gzip"):
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        d.asyncio.run(middleware(d.scope("br, gzip"), None, send))  # type: ignore[arg-type]
        assert content_encoding(sent) == coding and d.decoded(sent) == JSON * 2


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_other_protocols_pass(kind: str) -> None:
    seen: list[Any] = []

    async def app(*arguments: Any) -> None:
        seen.extend(arguments)

    given = ({"type": kind}, object(), object())
    d.asyncio.run(CompressionMiddleware(app)(*given))  # type: ignore[arg-type]
    assert all(one is other for one, other in zip(seen, given, strict=True))


def test_pathsend_is_read_and_encoded(tmp_path: Path) -> None:
    for content in (JSON, LONG):
        (tmp_path / "a").write_bytes(content)
        length = (b"content-length", b"%d" % len(content))
        sent = d.run([d.start(TYPE, length), {"type": "http.response.pathsend", "path": str(tmp_path / "a")}])
        assert content_encoding(sent) == b"gzip" and d.decoded(sent) == content


def test_pathsend_passes_where_nothing_is_encoded(tmp_path: Path) -> None:
    message = {"type": "http.response.pathsend", "path": str(tmp_path / "a")}
    assert d.run([d.start((b"content-type", b"image/png"), LENGTH), message])[-1] == message
    assert d.run([d.start(TYPE, LENGTH), message], d.scope(None))[-1] == message


def test_pathsend_of_a_missing_file_fails_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        d.run([d.start(TYPE, LENGTH), {"type": "http.response.pathsend", "path": str(tmp_path / "a")}])


def test_zerocopysend_is_not_offered_to_whom_could_have_an_encoded_body() -> None:
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(set(scope["extensions"]))

    offered = {"extensions": {"http.response.zerocopysend": {}, "http.response.pathsend": {}}}
    for accept in ("gzip", None):
        d.asyncio.run(CompressionMiddleware(app)(d.scope(accept, **offered), None, None))  # type: ignore[arg-type]
    assert seen == [{"http.response.pathsend"}, {"http.response.zerocopysend", "http.response.pathsend"}]
    assert "http.response.zerocopysend" in offered["extensions"]


def test_zerocopysend_all_the_same_is_never_mixed_with_encoded_bytes() -> None:
    message = {"type": "http.response.zerocopysend", "file": 3, "count": 7}
    sent = d.run([d.start(TYPE, LENGTH), message])
    assert content_encoding(sent) is None and sent[-1] == message
    with pytest.raises(RuntimeError, match="not offered"):
        d.run([d.start(TEXT), d.part(JSON), message])


def test_a_start_that_follows_a_start_reaches_the_server_which_refuses_it() -> None:
    again = d.start(TYPE, status=500)
    assert d.run([d.start(TEXT), d.part(JSON), again])[-1] is again


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("kind", [TEXT, EVENTS])
def test_a_failure_in_the_middle_has_no_end(coding: str, kind: tuple[bytes, bytes]) -> None:
    sent: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send(d.start(kind))
        await send(d.part(JSON))
        raise KeyError

    async def send(message: Any) -> None:
        sent.append(message)

    with pytest.raises(KeyError):
        d.asyncio.run(CompressionMiddleware(app)(d.scope(coding), None, send))  # type: ignore[arg-type]
    assert sent[-1]["more_body"]
    with pytest.raises(ValueError, match="no end"):
        d.decoded(sent)


def test_after_a_lost_chunk_the_stream_cannot_go_on() -> None:
    """An application that catches the server's error, or is cancelled in the middle of a chunk, and then ends well."""
    sent: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send(d.start(TEXT))
        await send(d.part(JSON))
        with pytest.raises(OSError):
            await send(d.part(b"lost" * 200))
        await send(d.part(JSON, False))

    async def send(message: Any) -> None:
        if len(sent) == 2:
            raise OSError("gone")
        sent.append(message)

    with pytest.raises(RuntimeError, match="lost"):
        d.asyncio.run(CompressionMiddleware(app)(d.scope(), None, send))  # type: ignore[arg-type]
    assert all(message.get("more_body", True) for message in sent)


@pytest.mark.parametrize("sizes", [[9000, 9000], [9000, 100], [JSON.__len__() + 1]])
def test_a_body_of_another_length_than_declared_is_an_error(sizes: list[int]) -> None:
    parts = [d.part(LONG[:size], more=index + 1 < len(sizes)) for index, size in enumerate(sizes)]
    with pytest.raises(RuntimeError, match="Content-Length says"):
        d.run([d.start(TYPE, LENGTH), *parts])


def test_what_follows_a_body_that_was_complete() -> None:
    sent = d.run([d.start(TYPE, LENGTH), d.part(JSON), d.part(b"", False)])
    assert len(sent) == 2 and not sent[1]["more_body"] and d.decoded(sent) == JSON


def test_bodies_of_other_kinds_of_bytes() -> None:
    for kind in (bytearray, memoryview):
        for coding in CODINGS:
            assert d.decoded(d.run([d.start(TYPE, LENGTH), d.part(kind(JSON), False)], d.scope(coding))) == JSON
            assert d.decoded(d.run([d.start(TYPE), d.part(kind(JSON)), d.part(b"", False)], d.scope(coding))) == JSON


def test_headers_wait_only_a_moment_for_a_body_of_unknown_length() -> None:
    sent = d.run([d.start(TEXT), 0.1, d.part(SMALL), d.part(JSON, False)])
    assert [message.get("body") for message in sent][:2] == [None, b""] and d.decoded(sent) == SMALL + JSON
    only_zstd = CompressionSettings(stream_codings=("zstd",))
    sent = d.run([d.start(TEXT), 0.1, d.part(JSON, False)], d.scope("gzip"), only_zstd)
    assert content_encoding(sent) is None and d.content(sent) == JSON
    assert d.run([d.start(TEXT), d.part(b""), d.part(JSON, False)])[1]["body"] == b""
    # Without a body nothing was promised: the server can still answer 500.
    assert d.run([d.start(TEXT)]) == []


def test_headers_are_sent_once_though_encoding_takes_longer_than_they_wait() -> None:
    slow = CompressionSettings.from_mapping({"levels": {"br": 9}, "offload_from": {"br": 0}})
    sent = d.run([d.start(TEXT), d.part(LONG, False)], d.scope("br"), slow)
    assert len(sent) == 2 and d.decoded(sent) == LONG


def test_a_head_without_a_body_is_as_encoded_as_the_get() -> None:
    sent = d.run([d.start(TYPE, LENGTH, (b"etag", b'"a"')), d.part(b"", False)], d.scope(method="HEAD"))
    assert d.headers(sent) == {
        TYPE[0]: TYPE[1], b"content-encoding": b"gzip", b"etag": b'W/"a"', b"vary": b"Accept-Encoding",
    }  # fmt: skip
    assert d.content(sent) == b""


@pytest.mark.parametrize("parts", [[d.part(JSON, False)], [d.part(JSON), d.part(JSON, False)]])
def test_a_head_with_a_body_does_not_send_it(parts: list[Any]) -> None:
    sent = d.run([d.start(TEXT), *parts], d.scope(method="HEAD"))
    assert content_encoding(sent) == b"gzip" and d.content(sent) == b""


def test_a_206_is_left_alone_even_without_a_content_range() -> None:
    sent = d.run([d.start(TYPE, LENGTH, status=206), d.part(JSON, False)])
    assert content_encoding(sent) is None and d.headers(sent)[b"vary"] == b"Accept-Encoding"


def content_encoding(sent: list[Any]) -> bytes | None:
    return d.headers(sent).get(b"content-encoding")
