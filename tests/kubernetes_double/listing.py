"""Lists, page by page where that is asked for, and what a watch tells."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .errors import ApiError, bad_request
from .kinds import Kind
from .selectors import Matcher, field_matcher, label_matcher
from .store import Store

Object = dict[str, Any]
_LONGEST_WATCH = 1800.0
_LOOK = 0.2  # seconds until a watch looks whether it is to end


def matcher(kind: Kind, namespace: str, query: Mapping[str, str]) -> Matcher:
    """What a query selects."""
    tests = [label_matcher(query.get("labelSelector", "")), field_matcher(kind, query.get("fieldSelector", ""))]
    return lambda found: namespace in ("", found["metadata"].get("namespace", "")) and all(
        test(found) for test in tests
    )


def listed(store: Store, kind: Kind, namespace: str, query: Mapping[str, str]) -> Object:
    """A list as the API gives it."""
    chosen = matcher(kind, namespace, query)
    with store.lock:
        found = [one for one in store.view(kind, namespace) if chosen(one)]
        version = str(store.version)
    start, limit = _start(query), int(query.get("limit") or 0)
    page = found[start : start + limit] if limit else found[start:]
    metadata: Object = {"resourceVersion": version}
    left = len(found) - start - len(page)
    if left:
        metadata["continue"] = urlsafe_b64encode(json.dumps({"start": start + len(page)}).encode()).decode()
        metadata["remainingItemCount"] = left
    # Items of the API's own kinds say not again what they are.
    hidden = ("kind", "apiVersion") if kind.package else ()
    items = [{name: value for name, value in one.items() if name not in hidden} for one in page]
    return {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata, "items": items}


def _start(query: Mapping[str, str]) -> int:
    if not query.get("continue"):
        return 0
    try:
        return int(json.loads(urlsafe_b64decode(query["continue"]))["start"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request("continue key is not valid") from error


def watched(
    store: Store, kind: Kind, namespace: str, query: Mapping[str, str], ended: Callable[[], bool]
) -> Iterator[Object]:
    """Events from a version on, until the time is over; without a version what is there comes first."""
    if "sendInitialEvents" in query:
        words = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
        raise ApiError(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: {words}')
    chosen = matcher(kind, namespace, query)
    until = time.monotonic() + float(query.get("timeoutSeconds") or _LONGEST_WATCH)
    given = query.get("resourceVersion", "")
    if not given.isdecimal() and given:
        raise bad_request(f'Invalid value: "{given}": resourceVersion is not a number')
    return _events(store, kind, namespace, chosen, int(given or 0), until, ended)


def _events(
    store: Store, kind: Kind, namespace: str, chosen: Matcher, seen: int, until: float, ended: Callable[[], bool]
) -> Iterator[Object]:
    with store.lock:
        first = [one for one in store.view(kind, namespace) if chosen(one)] if not seen else []
        forgotten = store.forgotten
        seen = seen or store.version
    for one in first:
        yield {"type": "ADDED", "object": one}
    if seen < forgotten:
        message = f"too old resource version: {seen} ({forgotten})"
        yield {"type": "ERROR", "object": ApiError(410, "Expired", message).status}
        return
    while not ended():
        with store.changed:
            new = list(store.since(seen))
            rest = until - time.monotonic()
            if not new and rest > 0:
                store.changed.wait(min(rest, _LOOK))
        for one in new:
            seen = one.version
            event = _event(one, kind, chosen)
            if event:
                yield event
        if rest <= 0:
            return


def _event(one: Any, kind: Kind, chosen: Matcher) -> Object | None:
    """As it looks to somebody who sees only what is chosen: what is no longer chosen is gone."""
    if one.kind != kind:
        return None
    before, after = bool(one.former and chosen(one.former)), one.type != "DELETED" and chosen(one.object)
    if before and after:
        return {"type": "MODIFIED", "object": one.object}
    if after:
        return {"type": "ADDED", "object": one.object}
    return {"type": "DELETED", "object": one.object} if before else None
