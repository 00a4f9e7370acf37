"""One request: what its address means, what it asks for, and the log of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import method_not_allowed, no_such_resource
from .kinds import BY_PATH, Kind


@dataclass(frozen=True)
class Logged:
    """A request that was answered."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int
    user: str

    @property
    def changes(self) -> bool:
        """Whether it was sent to change something: anything but a reading, or a rehearsal of a change."""
        return self.method not in ("GET", "HEAD") and not self.rehearses

    @property
    def rehearses(self) -> bool:
        if self.method == "DELETE" and self.body:
            return "All" in dry_run_of(self.body)
        return self.query.get("dryRun") == "All" or "All" in dry_run_of(self.body)


def dry_run_of(body: Any) -> list[str]:
    """What DeleteOptions say about it, those inside of an Eviction too."""
    if not isinstance(body, dict):
        return []
    options = body.get("deleteOptions", body)
    told = options.get("dryRun") if isinstance(options, dict) else None
    return told if isinstance(told, list) else []


@dataclass(frozen=True)
class Address:
    """What a path names. `part` is a subresource."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    part: str = ""


def address_of(parts: list[str]) -> Address:
    """From the parts of a path under /api/v1 or /apis/GROUP/VERSION; 404."""
    if parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    else:
        group, version, rest = parts[1], parts[2], parts[3:]
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and (group, version, rest[2]) in BY_PATH:
        namespace, rest = rest[1], rest[2:]
    kind = BY_PATH.get((group, version, rest[0]))
    if kind is None or len(rest) > 3 or (namespace and not kind.namespaced):
        raise no_such_resource()
    name, part = (*rest[1:], "", "")[:2]
    if part and part not in kind.subresources or name and kind.namespaced and not namespace:
        raise no_such_resource()
    return Address(kind, namespace, name, part)


def verb_of(method: str, address: Address, query: Mapping[str, str]) -> str:
    """As rules of access name it; 405."""
    if method in ("GET", "HEAD"):
        if query.get("watch") in ("true", "1", "True"):
            return "watch"
        return "get" if address.name else "list"
    deleting = "delete" if address.name else "deletecollection"
    verbs = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": deleting}
    # A new object has no address yet; an eviction is made under that of its pod.
    misplaced = bool(address.name) != (address.part == "eviction") if method == "POST" else not address.name
    if method not in verbs or (misplaced and method != "DELETE"):
        raise method_not_allowed()
    return verbs[method]
