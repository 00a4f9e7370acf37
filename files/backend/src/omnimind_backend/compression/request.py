"""What a request says about codings, and the request as the application may see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from omnimind_backend.compression.settings import CompressionSettings

_READ = frozenset({b"accept-encoding", b"if-none-match", b"if-range", b"range"})
_WEAK_TAG = re.compile(rb'W/("[^"]*")')


@dataclass(slots=True)
class Request:
    """Of one request.

    Args:
        accept: all of Accept-Encoding, None without one.
        excluded: whether its path is to be left alone.
        weak_tags: the strong forms of tags that the client knows as weak.
    """

    head: bool
    accept: bytes | None
    excluded: bool
    weak_tags: tuple[bytes, ...] = ()


def read(scope: dict[str, Any], settings: CompressionSettings) -> tuple[Request, dict[str, Any]]:
    """The request, and the scope for the application.

    That is the very same scope, but for three rare cases:

    * If-None-Match with a weak tag also names the strong one: an application that knows only its own tag, and compares
      text, answers 304 all the same.
    * Range with an If-Range that is no strong tag (a date, a weak tag) is taken away from a client that may hold the
      first part of an encoded body: a part of another coding would corrupt it. It gets the whole, as RFC 9110 allows.
    * http.response.zerocopysend is not offered: a file descriptor cannot be encoded.
    """
    found: dict[bytes, bytes] = {}
    for header in scope["headers"]:
        if header[0] in _READ:
            name, value = header
            found[name] = value if name not in found else found[name] + b", " + value
    excluded = bool(settings.excluded_paths) and settings.excludes(scope["path"])
    request = Request(scope["method"] == "HEAD", found.get(b"accept-encoding"), excluded)
    if excluded:
        return request, scope
    if len(found) > 1 or (found and request.accept is None):
        scope = _with_preconditions(scope, found, request)
    extensions = scope.get("extensions")
    if request.accept and extensions and "http.response.zerocopysend" in extensions:
        offered = {name: value for name, value in extensions.items() if name != "http.response.zerocopysend"}
        scope = {**scope, "extensions": offered}
    return request, scope


def _with_preconditions(scope: dict[str, Any], found: dict[bytes, bytes], request: Request) -> dict[str, Any]:
    headers = scope["headers"]
    known = found.get(b"if-none-match", b"")
    tags = tuple(_WEAK_TAG.findall(known))
    if tags:
        request.weak_tags = tuple(tag for tag in tags if tag not in _WEAK_TAG.sub(b"", known))
        headers = [header for header in headers if header[0] != b"if-none-match"]
        headers.append((b"if-none-match", b", ".join((known, *request.weak_tags))))
    if_range = found.get(b"if-range")
    if request.accept and b"range" in found and if_range is not None and not if_range.strip().startswith(b'"'):
        headers = [header for header in headers if header[0] not in (b"range", b"if-range")]
    return scope if headers is scope["headers"] else {**scope, "headers": headers}
