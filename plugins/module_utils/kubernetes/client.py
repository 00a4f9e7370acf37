# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks the API of a cluster for what modules need. Objects are plain mappings, as the API has them.

Every write is sent with fieldValidation=Strict: by default the API takes a misspelt field for one that is absent.
"""
from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Any, List, Optional

from .connection import Connection
from .errors import ApiRefusal, ClusterUnreachable
from .forwarding import PROTOCOL, forwarded
from .resources import RESOURCES, title
from .sending import Object, Sender, no_kubernetes

_PAGE = 500
_MERGE = "application/merge-patch+json"
_MANAGER = "omnimind.platform"  # who owns, in `managedFields`, what is written from here


class Client:
    """One cluster.

    Args:
        connection: how it is reached.
        read_only: every write is a rehearsal then (dryRun=All), and nothing else can be sent.
        warn: is called with what the API warns of.
    """

    def __init__(
        self, connection: Connection, read_only: bool = False, warn: Callable[[str], None] = lambda text: None
    ) -> None:
        self._sender = Sender(connection, read_only, warn)

    @property
    def host(self) -> str:
        return self._sender.host

    def reach(self) -> str:
        """Make sure that the cluster answers and knows us, before anything is changed; return its version."""
        try:
            return self._sender.send("GET", "/version", "the version of the cluster cannot be read")["gitVersion"]
        except ApiRefusal as refusal:
            why = f"{refusal.message}. Check host and kubeconfig"
            raise ClusterUnreachable(f"what answers at {self.host} lets nobody in: {why}") from refusal
        except (KeyError, TypeError) as error:
            raise no_kubernetes(self.host) from error

    def list(
        self,
        kind: str,
        namespace: Optional[str] = None,
        label_selector: Optional[str] = None,
        field_selector: Optional[str] = None,
    ) -> List[Object]:
        """Every object of a kind, of one namespace or of all."""
        resource = RESOURCES[kind]
        chosen = {"labelSelector": label_selector, "fieldSelector": field_selector}
        path, act = resource.path(namespace), f"{resource.plural} cannot be listed"
        found: List[Object] = []
        following: Optional[str] = None
        while True:
            try:
                page = self._sender.send("GET", path, act, query={**chosen, "limit": _PAGE, "continue": following})
            except ApiRefusal as refusal:
                if refusal.status != 410 or not following:
                    raise
                # The first page is too old by now: all of them at once cannot be.
                page, found = self._sender.send("GET", path, act, query=chosen), []
            # Items of a list do not say what they are.
            found += [{"apiVersion": resource.api_version, "kind": kind, **item} for item in page.get("items") or []]
            following = page.get("metadata", {}).get("continue")
            if not following:
                return found

    def get(self, kind: str, name: str, namespace: Optional[str] = None) -> Optional[Object]:
        """An object; None when there is none."""
        try:
            return self._sender.send(
                "GET", RESOURCES[kind].path(namespace, name), f"{title(kind, name, namespace)} cannot be read"
            )
        except ApiRefusal as refusal:
            if refusal.status == 404:
                return None
            raise

    def read(self, path: str, act: str) -> Object:
        """What the API answers at a path, such as one of discovery."""
        return self._sender.send("GET", path, act)

    def may(self, verb: str, kind: str, namespace: Optional[str] = None) -> bool:
        """Whether our account is allowed to do something, in a namespace or in the whole cluster."""
        resource, review = RESOURCES[kind], RESOURCES["SelfSubjectAccessReview"]
        asked = {"verb": verb, "group": resource.group, "resource": resource.plural}
        if namespace:
            asked["namespace"] = namespace
        body = {"apiVersion": review.api_version, "kind": review.kind, "spec": {"resourceAttributes": asked}}
        # Nothing is ever kept of a review; so it may be sent where nothing may be changed.
        act = f"whether {resource.plural} may be reached cannot be asked"
        answer = self._sender.send("POST", review.path(), act, body, {"dryRun": "All"})
        return bool(answer.get("status", {}).get("allowed"))

    def create(self, manifest: Mapping[str, Any], dry_run: bool = False) -> Object:
        """Make an object; return it as the API has filled it in."""
        kind, name, namespace = _identity(manifest)
        path = RESOURCES[kind].path(namespace)
        return self._write("POST", path, f"{title(kind, name, namespace)} cannot be created", manifest, dry_run)

    def replace(self, manifest: Mapping[str, Any], dry_run: bool = False) -> Object:
        """Put an object in the place of the one that is there, so that nothing of that stays.

        With a `metadata.resourceVersion` only if it has not been changed since (ApiRefusal with status 409).
        """
        kind, name, namespace = _identity(manifest)
        path = RESOURCES[kind].path(namespace, name)
        return self._write("PUT", path, f"{title(kind, name, namespace)} cannot be replaced", manifest, dry_run)

    def patch(
        self, kind: str, name: str, changes: Mapping[str, Any], namespace: Optional[str] = None, dry_run: bool = False
    ) -> Object:
        """Lay changes over an object: null removes a field, a list is replaced."""
        path = RESOURCES[kind].path(namespace, name)
        act = f"{title(kind, name, namespace)} cannot be changed"
        return self._write("PATCH", path, act, changes, dry_run, content_type=_MERGE)

    def delete(
        self, kind: str, name: str, namespace: Optional[str] = None, uid: Optional[str] = None, dry_run: bool = False
    ) -> bool:
        """Remove an object, with a `uid` only that very one (409); whether there was any."""
        body: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if uid:
            body["preconditions"] = {"uid": uid}
        act = f"{title(kind, name, namespace)} cannot be removed"
        return self._gone("DELETE", RESOURCES[kind].path(namespace, name), act, body, dry_run)

    def evict(
        self,
        name: str,
        namespace: str,
        uid: Optional[str] = None,
        grace_period: Optional[int] = None,
        dry_run: bool = False,
    ) -> bool:
        """Ask for a pod to go, if its budget allows (429 when not); whether there was such a pod."""
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if uid:
            options["preconditions"] = {"uid": uid}
        if grace_period is not None:
            options["gracePeriodSeconds"] = grace_period
        metadata = {"name": name, "namespace": namespace}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata, "deleteOptions": options}
        act = f"{title('Pod', name, namespace)} cannot be evicted"
        return self._gone("POST", RESOURCES["Pod"].path(namespace, name, "eviction"), act, body, dry_run)

    def forward(self, name: str, namespace: str, port: int, timeout: float) -> socket.socket:
        """A socket to a port of a pod, at its loopback address, that is connected within `timeout` seconds.

        OSError when that cannot be now, as of a pod that is gone; ApiRefusal when we may not. That nobody listens there
        is only told when it is read.
        """
        act = f"port {port} of {title('Pod', name, namespace)} cannot be reached"
        path = f"{RESOURCES['Pod'].path(namespace, name, 'portforward')}?ports={port}"
        return forwarded(self._sender.upgrade(path, act, PROTOCOL, timeout), act)

    def _gone(self, method: str, path: str, act: str, body: Object, dry_run: bool) -> bool:
        try:
            self._write(method, path, act, body, dry_run, strict=False)
        except ApiRefusal as refusal:
            if refusal.status == 404:
                return False
            raise
        return True

    def _write(
        self,
        method: str,
        path: str,
        act: str,
        body: Mapping[str, Any],
        dry_run: bool,
        content_type: str = "application/json",
        strict: bool = True,
    ) -> Object:
        query = {"fieldValidation": "Strict", "fieldManager": _MANAGER} if strict else {}
        body = dict(body)
        if dry_run or self._sender.read_only:
            query["dryRun"] = "All"
            if method == "DELETE":
                body["dryRun"] = ["All"]  # of a deletion with a body the API reads nothing else
        return self._sender.send(method, path, act, body, query, content_type)


def _identity(manifest: Mapping[str, Any]) -> Any:
    """Kind, name and namespace, which is None for what is in none."""
    metadata = manifest["metadata"]
    return manifest["kind"], metadata["name"], metadata.get("namespace")
