"""What can be done to objects. The HTTP server and the controllers both come through here."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from typing import Any

from . import admission, budgets, immutability, rules
from .calls import Call, now, suffix
from .defaults import set_defaults
from .deleting import Options, delete, is_last_step
from .errors import (
    ApiError,
    already_exists,
    bad_request,
    forbidden,
    invalid,
    invalid_value,
    modified_meanwhile,
    not_found,
    precondition_failed,
    unsupported_patch,
)
from .kinds import BY_KIND, Kind
from .managers import Manager, Owned, after_apply, after_update, with_owners
from .ownership import Fields
from .patches import json_patch, merge_patch, strategic_merge
from .reading import read_applied, read_object, read_patched
from .schemas import Schemas
from .store import Store

Object = dict[str, Any]
JSON_PATCH, MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
STRATEGIC, APPLY = "application/strategic-merge-patch+json", "application/apply-patch+yaml"
_FROM_SERVER = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink")
# An update of these must say which version it was made from.
_CONDITIONAL = ("PodDisruptionBudget",)
_KEEPS_STATUS = ("Node",)  # of a new object: a kubelet registers its node with it


class Api:
    """Operations on the objects of one store."""

    def __init__(self, store: Store, schemas: Schemas) -> None:
        self.store, self.schemas = store, schemas

    def read(self, kind: Kind, namespace: str, name: str) -> Object:
        found = self.store.get(kind, namespace, name)
        if found is None:
            raise not_found(kind, name)
        return found

    def create(self, kind: Kind, namespace: str, body: Any, call: Call) -> Object:
        found = read_object(self.schemas, kind, body, call)
        self._place(found, kind, namespace)
        metadata = found["metadata"]
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + suffix()
        if metadata.get("resourceVersion"):
            raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
        with self.store.lock:
            self._check_namespace(kind, namespace, metadata.get("name", ""))
            if metadata.get("name") and self.store.get(kind, namespace, metadata["name"]):
                raise already_exists(kind, metadata["name"])
            return self._bear(kind, found, Manager(call.manager, "Update"), call)

    def replace(self, kind: Kind, namespace: str, name: str, body: Any, call: Call, part: str = "") -> Object:
        """`part` is a subresource, of which there is only status here."""
        found = read_object(self.schemas, kind, body, call)
        self._place(found, kind, namespace)
        if found["metadata"].setdefault("name", name) != name:
            told = found["metadata"]["name"]
            raise bad_request(f"the name of the object ({told}) does not match the name on the URL ({name})")
        with self.store.lock:
            former = self.read(kind, namespace, name)
            if not found["metadata"].get("resourceVersion") and (kind.kind in _CONDITIONAL or not kind.package):
                words = "must be specified for an update"
                raise invalid(kind, name, [invalid_value("metadata.resourceVersion", 0, words)])
            return self._update(kind, former, found, call, part)

    def patch(
        self, kind: Kind, namespace: str, name: str, how: str, patch: Any, call: Call, part: str = ""
    ) -> tuple[Object, bool]:
        """The object, and whether it is new."""
        with self.store.lock:
            if how == APPLY:
                return self._apply(kind, namespace, name, patch, call, part)
            former = self.read(kind, namespace, name)
            patched = self.patched(kind, former, how, patch)
            found = read_patched(self.schemas, kind, patched, patch, call)
            if found.get("metadata", {}).get("name") != name:
                raise bad_request("the name of the object does not match the name on the URL")
            return self._update(kind, former, found, call, part), False

    def patched(self, kind: Kind, former: Object, how: str, patch: Any) -> Any:
        """What one of the three patches without owners makes of an object."""
        plain: dict[str, Callable[[Object, Any], Any]] = {JSON_PATCH: json_patch, MERGE_PATCH: merge_patch}
        if kind.package:
            schema = self.schemas.of(kind)
            plain[STRATEGIC] = lambda target, one: strategic_merge(self.schemas, schema, target, one)
        if how not in plain:
            raise unsupported_patch([*plain, APPLY])
        return plain[how](former, patch)

    def delete(self, kind: Kind, namespace: str, name: str, options: Options, call: Call) -> Object:
        with self.store.lock:
            found = self.read(kind, namespace, name)
            for field, wanted in options.preconditions.items():
                if wanted and found["metadata"].get(field) != wanted:
                    title = "UID" if field == "uid" else "ResourceVersion"
                    raise precondition_failed(kind, name, title, wanted, found["metadata"].get(field, ""))
            return delete(self.store, kind, found, options, call.dry_run)

    def evict(self, namespace: str, name: str, body: Any, options: Options, call: Call) -> Object:
        budgets.check_eviction(name, body)
        with self.store.lock:
            pod = self.read(BY_KIND["Pod"], namespace, name)
            charged = budgets.grant(self.store, pod, now())
            if charged and not call.dry_run:
                self.store.put(BY_KIND["PodDisruptionBudget"], charged)
            self.delete(BY_KIND["Pod"], namespace, name, options, call)
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}

    def _apply(self, kind: Kind, namespace: str, name: str, body: Any, call: Call, part: str) -> tuple[Object, bool]:
        applied = read_applied(self.schemas, kind, body, f"{namespace}/{name}" if namespace else f"/{name}")
        metadata = applied.setdefault("metadata", {})
        if metadata.setdefault("name", name) != name:
            raise bad_request(
                f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
            )
        self._place(applied, kind, namespace)
        former = self.store.get(kind, namespace, name)
        if part == "" and "status" in kind.subresources:
            applied.pop("status", None)
        manager = Manager(call.manager, "Apply", part)
        fields = Fields(self.schemas, self.schemas.of(kind))
        if former is None:
            self._check_namespace(kind, namespace, name)
            owned: Owned = {manager: set(fields.values(applied))}
            return self._bear(kind, applied, manager, call, owned), True
        found, owned = after_apply(fields, former, applied, manager, call.force)
        return self._update(kind, former, found, call, part, owned), False

    def _bear(self, kind: Kind, found: Object, manager: Manager, call: Call, owned: Owned | None = None) -> Object:
        """Make a new object."""
        metadata = found["metadata"]
        for name in _FROM_SERVER:
            metadata.pop(name, None)
        metadata.update(uid=str(uuid.uuid4()), creationTimestamp=now())
        if kind.generation:
            metadata["generation"] = 1
        fields = Fields(self.schemas, self.schemas.of(kind))
        if "status" in kind.subresources and kind.kind not in _KEEPS_STATUS:
            found.pop("status", None)
        if owned is None:
            owned = after_update(fields, None, found, manager)
        set_defaults(kind.kind, found)
        first = _FIRST_STATUS.get(kind.kind)
        if first:
            found.setdefault("status", copy.deepcopy(first))
        self._judge(kind, None, found, call)
        found = with_owners(kind, found, owned, None, now())
        return found if call.dry_run else self.store.put(kind, found)

    def _update(
        self, kind: Kind, former: Object, found: Object, call: Call, part: str, owned: Owned | None = None
    ) -> Object:
        """Put a changed object in the place of the former one."""
        name, metadata = former["metadata"]["name"], found["metadata"]
        if (
            metadata.get("resourceVersion", former["metadata"]["resourceVersion"])
            != former["metadata"]["resourceVersion"]
        ):
            raise modified_meanwhile(kind, name)
        if metadata.get("uid", former["metadata"]["uid"]) != former["metadata"]["uid"]:
            raise precondition_failed(kind, name, "UID", metadata["uid"], former["metadata"]["uid"])
        found = self._only(kind, former, found, part)
        set_defaults(kind.kind, found)
        found = self._with_former(kind, former, found)
        if kind.generation and _intent(former) != _intent(found):
            found["metadata"]["generation"] += 1
        if part != "status":
            self._judge(kind, former, found, call)
        if owned is None:
            fields = Fields(self.schemas, self.schemas.of(kind))
            owned = after_update(fields, former, found, Manager(call.manager, "Update", part))
        found = with_owners(kind, found, owned, former, now())
        if found == former or call.dry_run:
            return found
        kept = self.store.put(kind, found)
        return self.store.remove(kind, kept) if is_last_step(kept) else kept

    @staticmethod
    def _only(kind: Kind, former: Object, found: Object, part: str) -> Object:
        """What a request may change: all but the status, or nothing else."""
        if part == "status":
            return {**copy.deepcopy(former), "status": found.get("status", {})}
        if "status" in kind.subresources:
            found = {name: value for name, value in found.items() if name != "status"}
            if "status" in former:
                found["status"] = former["status"]
        return found

    @staticmethod
    def _with_former(kind: Kind, former: Object, found: Object) -> Object:
        """With what is the server's, and with the order of fields that there was."""
        metadata = {name: value for name, value in found["metadata"].items() if name not in _FROM_SERVER}
        metadata.update({name: value for name, value in former["metadata"].items() if name in _FROM_SERVER})
        metadata["resourceVersion"] = former["metadata"]["resourceVersion"]
        if kind.kind == "Service" and not found["spec"].get("clusterIP"):
            found["spec"]["clusterIP"] = former["spec"].get("clusterIP", "")
        if kind.kind == "Pod" and former["spec"].get("nodeName") and "nodeName" not in found["spec"]:
            found["spec"]["nodeName"] = former["spec"]["nodeName"]
        return {**found, "metadata": metadata}

    def _judge(self, kind: Kind, former: Object | None, found: Object, call: Call) -> None:
        said = rules.complaints(kind, found)
        if former is not None:
            said += immutability.complaints(kind.kind, former, found)
        if said:
            raise invalid(kind, found["metadata"].get("name", ""), said)
        admission.admit(self.store, kind, found, former, call.warn)

    def _check_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        if not kind.namespaced:
            return
        found = self.store.get(BY_KIND["Namespace"], "", namespace)
        if found is None:
            raise not_found(BY_KIND["Namespace"], namespace)
        if found["metadata"].get("deletionTimestamp"):
            words = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise forbidden(kind, name, words)

    @staticmethod
    def _place(found: Object, kind: Kind, namespace: str) -> None:
        told = found["metadata"].get("namespace")
        if told and told != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if kind.namespaced:
            found["metadata"]["namespace"] = namespace


def _intent(found: Object) -> Object:
    return {name: value for name, value in found.items() if name not in ("metadata", "status", "apiVersion", "kind")}


_FIRST_STATUS: dict[str, Object] = {
    "Namespace": {"phase": "Active"},
    "Pod": {"phase": "Pending", "qosClass": "BestEffort"},
    "Service": {"loadBalancer": {}},
    "PodDisruptionBudget": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
    "PersistentVolumeClaim": {"phase": "Pending"},
}
