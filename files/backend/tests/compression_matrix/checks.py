"""What cases look at beyond status, coding, body and headers. Each gives what is wrong, "" for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compression_matrix.bodies import JSON
from compression_matrix.client import Decoder, Reply

Check = Callable[[Reply, Any], str]
_LATEST = 0.08  # seconds from sending an event to reading it; the next one is sent after 0.1
_NOT_COMPARED = ("date", "connection")


def has(name: str) -> Check:
    return lambda reply, _ask: "" if reply.get(name) else f"no {name}"


def headers_within(seconds: float) -> Check:
    def check(reply: Reply, _ask: Any) -> str:
        return "" if reply.headers_after < seconds else f"headers after {reply.headers_after:.2f} s"

    return check


def prompt(reply: Reply, _ask: Any) -> str:
    """Each event can be read before the next one is sent."""
    decoder = Decoder(reply.coding)
    text, seen = b"", 0
    for when, data in reply.arrivals:
        text += decoder.feed(data)
        events = text.split(b"\n\n")[:-1]
        for event in events[seen:]:
            late = when - float(event.split()[1])
            if late > _LATEST:
                return f"event {seen + 1} after {late * 1000:.0f} ms"
            seen += 1
    if seen != 4 or not decoder.ended or not reply.complete:
        return f"{seen} events, {'complete' if reply.complete else 'incomplete'}"
    return ""


def no_end(reply: Reply, _ask: Any) -> str:
    """The coding must not say that all is there, whatever the server makes of it."""
    decoder = Decoder(reply.coding)
    decoder.feed(reply.body)
    return "the coding says that it is complete" if decoder.ended else ""


def weak_tag(reply: Reply, _ask: Any) -> str:
    etag = reply.get("etag") or ""
    return "" if etag.startswith("W/") else f"etag: {etag}"


def head_like_get(reply: Reply, ask: Any) -> str:
    """All headers are those of the GET."""
    get = _get_instead(ask)
    wanted, found = (sorted(h for h in r.headers if h[0] not in _NOT_COMPARED) for r in (get, reply))
    # A server need not say of a body that it does not send how that is framed.
    wanted, found = ([h for h in headers if h[0] != "transfer-encoding"] for headers in (wanted, found))
    return "" if wanted == found else f"{sorted(set(found) ^ set(wanted))}"


def head_does_not_lie(reply: Reply, ask: Any) -> str:
    """A length that cannot be known is not told; all else is as in the GET."""
    get = _get_instead(ask)
    lengths = [r.get("content-length") for r in (reply, get)]
    if lengths[0] not in (None, lengths[1]):
        return f"content-length {lengths[0]}, but GET has {lengths[1]}"
    differing = {h for h in reply.headers if h[0] not in (*_NOT_COMPARED, "transfer-encoding")} - set(get.headers)
    return f"{sorted(differing)}" if differing else ""


def _get_instead(ask: Any) -> Reply:
    return ask(*ask.last[:2], "GET")


def resume(validator: str) -> Check:
    """With the first half of an encoded answer, and its validator: a part of the plain file would corrupt it."""

    def check(reply: Reply, ask: Any) -> str:
        value = reply.get(validator)
        if value is None:
            return ""
        again = ask("/file/short.txt", (*ask.last[1], ("Range", "bytes=1000-"), ("If-Range", value)))
        if again.status == 200 and again.decoded == JSON:
            return ""
        return f"{again.status}, content-encoding {again.coding}"

    return check


def resume_identity(reply: Reply, ask: Any) -> str:
    """With the first half of a plain answer, the rest of it."""
    ranged = (("Range", "bytes=1000-"), ("If-Range", reply.get("etag") or ""), ("Accept-Encoding", "gzip"))
    again = ask("/file/short.txt", ranged)
    if again.status == 206 and again.coding is None and again.body == JSON[1000:]:
        return ""
    return f"{again.status}, content-encoding {again.coding}"
