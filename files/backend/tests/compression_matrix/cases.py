"""The cases: a request each, and what the answer must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from compression_matrix import checks
from compression_matrix.app import PREPARED, TAG
from compression_matrix.bodies import CHUNKS, JSON, LINES, LONG, NOISE, SMALL, of_size
from compression_matrix.client import Reply

Ask = Callable[..., Reply]
# In place of a header's value.
ABSENT = None
LENGTH = "the length of the body"


@dataclass(frozen=True)
class Case:
    """Args:
    accept: Accept-Encoding, None to send none.
    coding: Content-Encoding, None for identity.
    body: after decoding; None where `check` looks at it.
    expected: headers by name; ABSENT, or LENGTH of the body on the wire.
    check: what else is wrong with the answer, "" for nothing.
    own: whether this is our choice rather than what anybody must do.
    """

    name: str
    path: str
    accept: str | None = "gzip"
    coding: str | None = "gzip"
    body: bytes | None = JSON
    status: int = 200
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    expected: dict[str, str | None] = field(default_factory=dict)
    check: Callable[[Reply, Ask], str] | None = None
    own: bool = False

    def problem(self, ask: Ask) -> str:
        """What is wrong with the answer, "" for nothing."""
        sent = self.headers if self.accept is None else (*self.headers, ("Accept-Encoding", self.accept))
        try:
            reply = ask(self.path, sent, self.method, self.content)
            return self._differs(reply) or (self.check(reply, ask) if self.check else "")
        except (OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}"

    def _differs(self, reply: Reply) -> str:
        if reply.status != self.status:
            return f"status {reply.status}"
        if reply.coding != self.coding:
            return f"content-encoding {reply.coding}"
        if self.body is not None and not reply.complete:
            return "incomplete"
        if self.body is not None and self._content(reply) != self.body:
            return f"another body ({len(reply.body)} bytes)"
        for name, value in self.expected.items():
            wanted = str(len(reply.body)) if value is LENGTH else value
            if reply.get(name) != wanted:
                return f"{name}: {reply.get(name)}"
        return ""

    def _content(self, reply: Reply) -> bytes:
        return reply.body if self.method == "HEAD" or not reply.body else reply.decoded


VARIES = {"vary": "Accept-Encoding"}
SAME = {"vary": ABSENT}

NEGOTIATION = [
    Case("no Accept-Encoding: identity", "/json", None, None, expected=VARIES),
    Case("empty Accept-Encoding: identity", "/json", "", None, expected=VARIES),
    Case("gzip", "/json", "gzip", expected={**VARIES, "content-length": LENGTH}),
    Case("br", "/json", "br", "br", expected={**VARIES, "content-length": LENGTH}),
    Case("zstd", "/json", "zstd", "zstd", expected={**VARIES, "content-length": LENGTH}),
    Case("server's order where q ties", "/json", "gzip, br, zstd", "zstd", own=True),
    Case("a browser's list", "/json", "gzip, deflate, br, zstd", "zstd", own=True),
    Case("gzip, br: br", "/json", "gzip, deflate, br", "br"),
    Case("higher q wins: gzip", "/json", "br;q=0.5, gzip;q=0.9", "gzip"),
    Case("higher q wins: br", "/json", "zstd;q=0.1, br;q=1.0, gzip;q=0.5", "br"),
    Case("gzip;q=0 refused", "/json", "gzip;q=0", None, expected=VARIES),
    Case("br;q=0 refused, gzip taken", "/json", "br;q=0, gzip", "gzip"),
    Case("q=0.000 refused", "/json", "gzip;q=0.000", None),
    Case("q=0.001 is not refused", "/json", "gzip;q=0.001", "gzip"),
    Case("identity preferred", "/json", "gzip;q=0.5, identity", None, expected=VARIES),
    Case("identity less liked", "/json", "identity;q=0.5, gzip", "gzip"),
    Case("identity;q=0, nothing known: identity, not 406", "/json", "identity;q=0, deflate", None),
    Case("*;q=0: identity, not 406", "/json", "*;q=0", None),
    Case("* takes the server's favourite", "/json", "*", "zstd", own=True),
    Case("* but a refused one", "/json", "*, zstd;q=0, br;q=0", "gzip"),
    Case("* less liked than a named one", "/json", "*;q=0.1, gzip;q=0.2", "gzip"),
    Case("capitals and blanks", "/json", "GZIP ; Q=1", "gzip"),
    Case("x-gzip is gzip", "/json", "x-gzip", "gzip"),
    Case("part of a word is no match", "/json", "vibrant, gzippy", None),
    Case("malformed q is no consent", "/json", "gzip;q=high", None),
    Case("q beyond 1 is malformed", "/json", "gzip;q=7, br", "br"),
    Case("malformed members beside a good one", "/json", ",;q, gzip;, =, gzip;q=1, @@", "gzip"),
    Case("two fields are one list", "/json", "deflate", "gzip", headers=(("Accept-Encoding", "gzip"),)),
]

TYPES = [
    Case("text/html", "/html", expected=VARIES),
    Case("type in capitals", "/capitals"),
    Case("problem+json of a 422", "/problem", status=422),
    Case("ndjson", "/ndjson"),
    Case("svg", "/svg"),
    Case("wasm", "/wasm"),
    Case("a 500", "/error", status=500),
    Case("png left alone", "/png", coding=None, expected={"content-length": LENGTH, **SAME}),
    Case("video left alone", "/mp4", coding=None),
    Case("zip left alone", "/zip", coding=None),
    Case("woff2 left alone", "/woff2", coding=None),
    Case("no type, left alone", "/untyped", coding=None, own=True),
]

SIZES = [
    Case("56 bytes left alone", "/small", coding=None, body=SMALL, expected={"content-length": LENGTH}),
    Case("499 bytes left alone", "/499", coding=None, body=of_size(499), own=True),
    Case("500 bytes encoded", "/500", body=of_size(500)),
    Case("empty 200", "/empty", coding=None, body=b""),
    Case("800 KB in one piece: gzip", "/long", body=LONG, expected={"content-length": LENGTH}),
    Case("800 KB in one piece: br", "/long", "br", "br", body=LONG),
    Case("what would grow is left alone: gzip", "/noise", coding=None, body=NOISE, expected=VARIES),
    Case("what would grow is left alone: br", "/noise", "br", None, body=NOISE),
    Case("a stream that would grow", "/noise-parts", coding=None, body=NOISE),
    Case("56 bytes behind BaseHTTPMiddleware", "/wrapped/small", coding=None, body=SMALL),
    Case("10 KB behind BaseHTTPMiddleware", "/wrapped/json", expected={"content-length": LENGTH}),
    Case("one piece of unknown length", "/unknown"),
    Case("56 bytes of unknown length", "/unknown-small", coding=None, body=SMALL),
    Case("answer to a POST", "/echo", body=JSON, status=201, method="POST", content=JSON),
]

REPRESENTATION = [
    Case("strong ETag weakened", "/tagged", expected={"etag": f"W/{TAG}"}),
    Case("strong ETag kept on identity", "/tagged", None, None, expected={"etag": TAG}),
    Case("weak ETag kept", "/weak", expected={"etag": f"W/{TAG}"}),
    Case("Accept-Ranges dropped", "/tagged", expected={"accept-ranges": ABSENT}),
    Case("Accept-Ranges kept on identity", "/tagged", None, None, expected={"accept-ranges": "bytes"}),
    Case("Vary extended", "/vary", expected={"vary": "Origin, Accept-Encoding"}),
    Case("Vary extended on identity", "/vary", None, None, expected={"vary": "Origin, Accept-Encoding"}),
    Case("Vary: * left alone", "/vary-all", expected={"vary": "*"}),
    Case("Vary not doubled", "/vary-had", expected={"vary": "Origin, accept-encoding"}),
    Case("no-transform", "/no-transform", coding=None, expected=SAME),
    Case("encoded before", "/prepared", "gzip, br", "br", expected={"content-length": str(len(PREPARED))}),
    Case("Content-Encoding: identity is a way out", "/identity", coding=None, expected={"content-length": LENGTH}),
    Case("Content-Digest dropped", "/content-digest", expected={"content-digest": ABSENT}),
    Case("Content-Digest kept on identity", "/content-digest", None, None, check=checks.has("content-digest")),
    Case("Repr-Digest dropped", "/repr-digest", expected={"repr-digest": ABSENT}),
    Case("Content-MD5 dropped", "/content-md5", expected={"content-md5": ABSENT}),
    Case("206 untouched", "/part", coding=None, body=JSON[:2000], status=206, expected={"etag": TAG}),
    Case("416 untouched", "/beyond", coding=None, status=416),
    Case("204", "/204", coding=None, body=b"", status=204, expected={"vary": ABSENT}),
    Case("302 without a body", "/moved", coding=None, body=b"", status=302),
    Case("304 to the weak tag", "/conditional", coding=None, body=b"", status=304,
         headers=(("If-None-Match", f"W/{TAG}"),), expected={"etag": f"W/{TAG}", **VARIES}),
    Case("304 to the strong tag", "/conditional", coding=None, body=b"", status=304,
         headers=(("If-None-Match", TAG),), expected={"etag": TAG}),
    Case("200 to another tag", "/conditional", headers=(("If-None-Match", 'W/"v0"'),)),
]  # fmt: skip

HEAD = [
    Case("HEAD as GET: one piece", "/json", body=b"", method="HEAD", coding="gzip", check=checks.head_like_get),
    Case("HEAD as GET: tagged", "/tagged", body=b"", method="HEAD", check=checks.head_like_get),
    Case("HEAD as GET: identity", "/tagged", None, None, body=b"", method="HEAD", check=checks.head_like_get),
    Case("HEAD as GET: small", "/small", coding=None, body=b"", method="HEAD", check=checks.head_like_get),
    Case("HEAD as GET: noise", "/noise", coding=None, body=b"", method="HEAD", check=checks.head_like_get),
    Case("HEAD as GET: a stream", "/lines", body=b"", method="HEAD", check=checks.head_like_get),
    Case("HEAD does not lie: a file", "/file/long.json", body=b"", method="HEAD", check=checks.head_does_not_lie),
    Case("HEAD as GET: a picture", "/file/picture.png", coding=None, body=b"", method="HEAD",
         check=checks.head_like_get),
]  # fmt: skip

FILES = [
    Case("short file", "/file/short.txt", expected={"accept-ranges": ABSENT, **VARIES}, check=checks.weak_tag),
    Case("long file", "/file/long.json", body=LONG, expected={"accept-ranges": ABSENT}, check=checks.weak_tag),
    Case("long file: br", "/file/long.json", "br", "br", body=LONG),
    Case("long file: zstd", "/file/long.json", "zstd", "zstd", body=LONG),
    Case("small file", "/file/small.txt", coding=None, body=SMALL),
    Case("picture", "/file/picture.png", coding=None, expected={"accept-ranges": "bytes", "content-length": LENGTH}),
    Case("range of a file", "/file/short.txt", coding=None, body=JSON[100:200], status=206,
         headers=(("Range", "bytes=100-199"),), expected={"content-range": f"bytes 100-199/{len(JSON)}"}),
    Case("range beyond", "/file/short.txt", coding=None, body=None, status=416, headers=(("Range", "bytes=99999-"),)),
    Case("If-Range with the encoded answer's tag: all of it", "/file/short.txt", body=None,
         check=checks.resume("etag")),
    Case("If-Range with its date: all of it", "/file/short.txt", body=None, check=checks.resume("last-modified")),
    Case("If-Range with the identity answer's tag: a part", "/file/short.txt", None, None, body=None,
         check=checks.resume_identity),
]  # fmt: skip

STREAMS = [
    *(
        Case(f"events one by one: {coding}", "/events", coding, coding, body=None, check=checks.prompt)
        for coding in ("gzip", "br", "zstd")
    ),
    Case("events take gzip rather than br", "/single-event", "gzip, br", "gzip", own=True,
         body=b"data: the only one\n\n"),
    Case("headers of events before the first", "/late-events", body=None, check=checks.headers_within(0.2)),
    Case("lines one by one", "/timed-lines", body=None, check=checks.prompt),
    Case("headers of a late body", "/late-text", body=b"".join(CHUNKS), check=checks.headers_within(0.2)),
    Case("stream: gzip", "/lines", body=b"".join(LINES), expected={"content-length": ABSENT, **VARIES}),
    Case("stream: br", "/lines", "br", "br", body=b"".join(LINES)),
    Case("stream: zstd", "/lines", "zstd", "zstd", body=b"".join(LINES)),
    Case("stream: identity", "/lines", None, None, body=b"".join(LINES), expected=VARIES),
    Case("stream of known length", "/lines-known", body=b"".join(LINES), expected={"content-length": ABSENT}),
    Case("stream with empty chunks", "/lines-gaps", body=b"".join([*LINES, LINES[0]])),
    Case("stream behind BaseHTTPMiddleware", "/wrapped/lines", body=b"".join(LINES)),
    *(
        Case(f"a failure is no end: {coding}", "/fails", coding, coding, body=None, check=checks.no_end)
        for coding in ("gzip", "br", "zstd")
    ),
    Case("a failure among events is no end", "/failing-events", body=None, check=checks.no_end),
    Case("an application that stops is no end", "/stops", body=None, check=checks.no_end),
    Case("a body cut short is not made whole", "/cut-short", body=None, status=500, coding=None),
    Case("a failure before the body is a 500", "/fails-first", body=None, status=500, coding=None),
]  # fmt: skip

CASES = [*NEGOTIATION, *TYPES, *SIZES, *REPRESENTATION, *HEAD, *FILES, *STREAMS]
