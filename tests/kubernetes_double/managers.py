"""Keeps `metadata.managedFields` true through updates and applies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import ApiError
from .kinds import Kind
from .ownership import Fields, Path, paths_of, readable, tree_of

Object = dict[str, Any]


@dataclass(frozen=True)
class Manager:
    """Who writes, and how: `operation` is Apply or Update."""

    name: str
    operation: str
    subresource: str = ""


Owned = dict[Manager, set[Path]]


def owners_of(found: Object) -> Owned:
    """What each manager owns of an object."""
    entries = found["metadata"].get("managedFields") or []
    return {
        Manager(entry.get("manager", ""), entry["operation"], entry.get("subresource", "")): paths_of(entry["fieldsV1"])
        for entry in entries
    }


def with_owners(kind: Kind, found: Object, owned: Owned, former: Object | None, now: str) -> Object:
    """The object with its managers written into it; what is as it was keeps its time."""
    before = (
        {} if former is None else {_identity(entry): entry for entry in former["metadata"].get("managedFields") or []}
    )
    entries = []
    for manager, paths in owned.items():
        if not paths:
            continue
        entry = {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": kind.api_version,
            "time": now,
            "fieldsType": "FieldsV1",
            "fieldsV1": tree_of(paths),
        }
        if manager.subresource:
            entry["subresource"] = manager.subresource
        same = before.get(_identity(entry))
        entries.append(same if same and same["fieldsV1"] == entry["fieldsV1"] else entry)
    metadata = {name: value for name, value in found["metadata"].items() if name != "managedFields"}
    return {**found, "metadata": {**metadata, **({"managedFields": entries} if entries else {})}}


def _identity(entry: Object) -> tuple[str, ...]:
    return entry.get("manager", ""), entry["operation"], entry.get("subresource", "")


def after_update(fields: Fields, former: Object | None, updated: Object, manager: Manager) -> Owned:
    """Who owns what after a write that is no apply: what it changed is the writer's alone."""
    old = {} if former is None else fields.values(former)
    new = fields.values(updated)
    changed = {path for path, value in new.items() if path not in old or old[path] != value}
    owned = {} if former is None else owners_of(former)
    kept = {other: {path for path in paths if path in new} - changed for other, paths in owned.items()}
    kept[manager] = kept.get(manager, set()) | changed
    return kept


def after_apply(fields: Fields, live: Object, applied: Object, manager: Manager, force: bool) -> tuple[Object, Owned]:
    """The object with what is applied, and who owns what then; 409 when it is another's and not forced."""
    owned = owners_of(live)
    wanted, there = fields.values(applied), fields.values(live)
    others = {other: paths for other, paths in owned.items() if other != manager}
    lost = {path for path, value in wanted.items() if path in there and there[path] != value}
    disputed = {other: sorted(paths & lost) for other, paths in others.items() if paths & lost}
    if disputed and not force:
        raise _conflict(disputed)
    others = {other: paths - lost for other, paths in others.items()}
    shared = set().union(*others.values()) if others else set()
    dropped = owned.get(manager, set()) - set(wanted) - shared
    return fields.without(fields.merge(live, applied), dropped), {**others, manager: set(wanted)}


def _conflict(disputed: dict[Manager, list[Path]]) -> ApiError:
    causes = [
        {"reason": "FieldManagerConflict", "message": f'conflict with "{other.name}"', "field": readable(path)}
        for other, paths in disputed.items()
        for path in paths
    ]
    words = f"conflict{'s' if len(causes) > 1 else ''}"
    if len(causes) == 1:
        message = f"Apply failed with 1 {words}: {causes[0]['message']}: {causes[0]['field']}"
    else:
        by_manager = "\n".join(
            f'conflicts with "{other.name}":\n' + "\n".join(f"- {readable(path)}" for path in paths)
            for other, paths in disputed.items()
        )
        message = f"Apply failed with {len(causes)} {words}: {by_manager}"
    return ApiError(409, "Conflict", message, {"causes": causes})
