"""What cases look at beyond status, coding, body and headers. Each gives what is wrong, "" for nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compression_matrix.bodies import JSON
from compression_matrix.client import Decoder, Reply

Check = Callable[[Reply, Any], str]
_NOT_COMPARED = ("date", "connection")


def has(name: str) -> Check:
    return lambda reply, _ask: "" if reply.get(name) else f"no {name}"


def headers_within(seconds: float) -> Check:
    def check(reply: Reply, _ask: Any) -> str:
        return "" if reply.headers_after < seconds else f"headers after {reply.headers_after:.2f} s"

    return check


def prompt(reply: Reply, _ask: Any) -> str:
    """Each event can be read before the next one is sent; each tells when it was sent."""
    decoder = Decoder(reply.coding)
    text = b""
    read: list[float] = []
    for when, data in reply.arrivals:
        text += decoder.feed(data)
        read += [when] * (text.count(b"\n\n") - len(read))
    sent = [float(event.split()[1]) for event in text.split(b"\n\n")[:-1]]
    if len(sent) != 4 or not decoder.ended or not reply.complete:
        return f"{len(sent)} events, {'complete' if reply.complete else 'incomplete'}"
    late = [number for number, (when, following) in enumerate(zip(read, sent[1:]), start=1) if when >= following]
    return f"events {late} came after the next was sent" if late else ""


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
