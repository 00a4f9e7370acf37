"""Headers of a response, read and rewritten. Lists of (name, value) in bytes, as in ASGI; never changed in place."""

from __future__ import annotations

from omnimind_backend.compression.codecs import CODINGS

Headers = list[tuple[bytes, bytes]]

_DIGESTS = frozenset({b"content-md5", b"content-digest", b"repr-digest", b"digest"})
# What is written anew, or would lie about an encoded body.
_REPLACED = _DIGESTS | {b"accept-ranges", b"content-length", b"content-encoding", b"etag", b"vary"}
_CODING = {coding: (b"content-encoding", coding.encode()) for coding in CODINGS}


def fields(headers: Headers) -> dict[bytes, bytes]:
    """Values by name in lower case; those of a name that comes more than once are joined with commas."""
    found = {name.lower(): value for name, value in headers}
    if len(found) == len(headers):
        return found
    found.clear()
    for name, value in headers:
        name = name.lower()
        found[name] = value if name not in found else found[name] + b", " + value
    return found


def content_length(found: dict[bytes, bytes]) -> int | None:
    """None where it is missing or makes no sense."""
    value = found.get(b"content-length", b"")
    return int(value) if value.isdigit() else None


def forbids_transformation(found: dict[bytes, bytes]) -> bool:
    """Whether Cache-Control says no-transform."""
    value = found.get(b"cache-control", b"")
    return b"no-transform" in [part.strip() for part in value.lower().split(b",")]


def encoded(headers: Headers, found: dict[bytes, bytes], coding: str, length: int | None) -> Headers:
    """The headers of a body in that coding, of that many bytes, or of unknown length."""
    kept = [header for header in headers if header[0].lower() not in _REPLACED]
    kept.append(_CODING[coding])
    if length is not None:
        kept.append((b"content-length", b"%d" % length))
    if b"etag" in found:
        kept.append((b"etag", weak(found[b"etag"])))
    kept.append((b"vary", _varied(found) if b"vary" in found else b"Accept-Encoding"))
    return kept


def varying(headers: Headers, found: dict[bytes, bytes]) -> Headers:
    """The headers of a body as it is, where another client would get it encoded."""
    kept = [header for header in headers if header[0].lower() != b"vary"]
    return [*kept, (b"vary", _varied(found))]


def without(headers: Headers, name: bytes) -> Headers:
    return [header for header in headers if header[0].lower() != name]


def without_digests(headers: Headers) -> Headers:
    """Of trailers: a digest in them is of the body before it was encoded."""
    return [header for header in headers if header[0].lower() not in _DIGESTS]


def weakened(headers: Headers) -> Headers:
    """The headers with the tag by which the client knows what it got encoded."""
    return [(name, weak(value) if name.lower() == b"etag" else value) for name, value in headers]


def weak(etag: bytes) -> bytes:
    """Encoded bytes are not those that a strong tag stands for."""
    return etag if etag.startswith(b"W/") else b"W/" + etag


def _varied(found: dict[bytes, bytes]) -> bytes:
    value = found.get(b"vary")
    if not value:
        return b"Accept-Encoding"
    names = [name.strip() for name in value.lower().split(b",")]
    return value if b"*" in names or b"accept-encoding" in names else value + b", Accept-Encoding"
