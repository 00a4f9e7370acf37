"""Deletion: at once, or with a grace, finalizers and dependents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .calls import now
from .errors import bad_request
from .kinds import KINDS, Kind
from .pods import is_finished
from .store import Store, copied

Object = dict[str, Any]
_FOREGROUND = "foregroundDeletion"
# What the query of a deletion may say, if there is nothing in its body.
OPTIONS = ("dryRun", "gracePeriodSeconds", "propagationPolicy")


@dataclass(frozen=True)
class Options:
    """How something is deleted."""

    grace: int | None = None
    propagation: str = "Background"
    preconditions: Mapping[str, str] = field(default_factory=dict)


def read_options(body: Any, query: Mapping[str, str]) -> tuple[Options, list[str]]:
    """From a DeleteOptions and the query; and what is to be a rehearsal of it."""
    fields = dict(body) if isinstance(body, dict) and body.get("kind", "DeleteOptions") == "DeleteOptions" else {}
    for name in ("gracePeriodSeconds", "propagationPolicy"):
        if name in query:
            fields[name] = query[name]
    grace = fields.get("gracePeriodSeconds")
    propagation = fields.get("propagationPolicy") or "Background"
    if propagation not in ("Foreground", "Background", "Orphan"):
        raise bad_request(
            f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "{propagation}"'
        )
    dry_run = fields.get("dryRun") or []
    return Options(None if grace is None else int(grace), propagation, fields.get("preconditions") or {}), dry_run


def delete(store: Store, kind: Kind, found: Object, options: Options, dry_run: bool) -> Object:
    """Remove it or mark it as going; return what the request is answered with."""
    if options.propagation == "Orphan" and not dry_run:
        _orphan(store, found["metadata"]["uid"])
    grace = _grace(kind, found, options)
    finalizers = list(found["metadata"].get("finalizers", []))
    if options.propagation == "Foreground" and _dependents(store, found["metadata"]["uid"]):
        finalizers = list(dict.fromkeys([*finalizers, _FOREGROUND]))
    if grace or finalizers or kind.kind == "Namespace":
        going = _marked(kind, found, grace, finalizers)
        return going if dry_run or going == found else store.put(kind, going)
    if not dry_run:
        store.remove(kind, found)
    about = {
        "name": found["metadata"]["name"],
        "group": kind.group,
        "kind": kind.plural,
        "uid": found["metadata"]["uid"],
    }
    details = {name: value for name, value in about.items() if value}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def is_last_step(found: Object) -> bool:
    """Whether nothing keeps an object that is going; a pod goes when its kubelet is done with it."""
    metadata = found["metadata"]
    return bool(metadata.get("deletionTimestamp")) and not (
        metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds") or found["kind"] == "Namespace"
    )


def collect(store: Store) -> bool:
    """What the garbage collector does in one round; whether it did anything."""
    there = {found["metadata"]["uid"] for kind in KINDS for found in store.view(kind)}
    done = False
    for kind in KINDS:
        for found in store.view(kind):
            owners = found["metadata"].get("ownerReferences", [])
            if owners and not any(one["uid"] in there for one in owners):
                done |= _go(store, kind, found, "Background")
            elif _FOREGROUND in found["metadata"].get("finalizers", []):
                done |= _finish_foreground(store, kind, found)
    return done


def _go(store: Store, kind: Kind, found: Object, propagation: str) -> bool:
    if found["metadata"].get("deletionTimestamp"):
        return False
    delete(store, kind, found, Options(propagation=propagation), dry_run=False)
    return True


def _finish_foreground(store: Store, kind: Kind, found: Object) -> bool:
    dependents = _dependents(store, found["metadata"]["uid"])
    if dependents:
        begun = [_go(store, inner, one, "Foreground") for inner, one in dependents]
        return True in begun
    found = copied(found)
    found["metadata"]["finalizers"] = [one for one in found["metadata"]["finalizers"] if one != _FOREGROUND]
    if is_last_step(found):
        store.remove(kind, found)
    else:
        store.put(kind, found)
    return True


def _grace(kind: Kind, found: Object, options: Options) -> int:
    """Seconds; none for what is no pod, and for a pod that no kubelet has or that is over."""
    if kind.kind != "Pod" or not found["spec"].get("nodeName") or is_finished(found):
        return 0
    return found["spec"]["terminationGracePeriodSeconds"] if options.grace is None else options.grace


def _marked(kind: Kind, found: Object, grace: int, finalizers: list[str]) -> Object:
    metadata = {**found["metadata"]}
    metadata.setdefault("deletionTimestamp", now())
    metadata["deletionGracePeriodSeconds"] = min(grace, metadata.get("deletionGracePeriodSeconds", grace))
    if finalizers:
        metadata["finalizers"] = finalizers
    if kind.kind == "Namespace":
        return {**found, "metadata": metadata, "status": {**found.get("status", {}), "phase": "Terminating"}}
    return {**found, "metadata": metadata}


def _dependents(store: Store, uid: str) -> list[tuple[Kind, Object]]:
    return [
        (kind, found) for kind in KINDS for found in store.view(kind)
        if any(one["uid"] == uid for one in found["metadata"].get("ownerReferences", []))
    ]  # fmt: skip


def _orphan(store: Store, uid: str) -> None:
    for kind, found in copied(_dependents(store, uid)):
        rest = [one for one in found["metadata"]["ownerReferences"] if one["uid"] != uid]
        found["metadata"].pop("ownerReferences")
        if rest:
            found["metadata"]["ownerReferences"] = rest
        store.put(kind, found)
