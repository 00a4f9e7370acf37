# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks the API of a cluster for what modules need. Objects are plain mappings, as the API has them.

Every write is sent with fieldValidation=Strict: by default the API takes a misspelt field for one that is absent.
"""
from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Dict, List, Optional

from .connection import Connection, open_api
from .errors import ApiRefusal, ClusterUnreachable, NotRehearsed
from .resources import RESOURCES, title

Object = Dict[str, Any]
_PAGE = 500
_MERGE = "application/merge-patch+json"


class Client:
    """One cluster.

    Args:
        connection: how it is reached.
        read_only: every write is a rehearsal then (dryRun=All), and nothing else can be sent.
    """

    def __init__(self, connection: Connection, read_only: bool = False) -> None:
        self.read_only = read_only
        self.warnings: List[str] = []
        self._timeout = connection.timeout
        self._api = open_api(connection)

    @property
    def host(self) -> str:
        return self._api.configuration.host

    def reach(self) -> str:
        """Make sure that the cluster answers and knows us, before anything is changed; return its version."""
        try:
            return self._send("GET", "/version", "the version of the cluster cannot be read")["gitVersion"]
        except ApiRefusal as refusal:
            raise ClusterUnreachable(refusal.message, status=refusal.status) from refusal
        except (KeyError, TypeError) as error:
            raise ClusterUnreachable(f"what answers at {self.host} is no Kubernetes. Check host and kubeconfig") from error

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
                page = self._send("GET", path, act, query={**chosen, "limit": _PAGE, "continue": following})
            except ApiRefusal as refusal:
                if refusal.status != 410 or not following:
                    raise
                # The first page is too old by now: all of them at once cannot be.
                page, found = self._send("GET", path, act, query=chosen), []
            # Items of a list do not say what they are.
            found += [{"apiVersion": resource.api_version, "kind": kind, **item} for item in page.get("items") or []]
            following = page.get("metadata", {}).get("continue")
            if not following:
                return found

    def get(self, kind: str, name: str, namespace: Optional[str] = None) -> Optional[Object]:
        """An object; None when there is none."""
        try:
            return self._send("GET", RESOURCES[kind].path(namespace, name), f"{title(kind, name, namespace)} cannot be read")
        except ApiRefusal as refusal:
            if refusal.status == 404:
                return None
            raise

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
        query = {"fieldValidation": "Strict"} if strict else {}
        if dry_run or self.read_only:
            query["dryRun"] = "All"
        return self._send(method, path, act, dict(body), query, content_type)

    def _send(
        self,
        method: str,
        path: str,
        act: str,
        body: Optional[Object] = None,
        query: Optional[Mapping[str, Any]] = None,
        content_type: str = "application/json",
    ) -> Object:
        """All that is ever sent goes through here. `act` begins the message of a refusal."""
        asked = [(name, value) for name, value in (query or {}).items() if value is not None]
        if self.read_only and method != "GET" and ("dryRun", "All") not in asked:
            raise NotRehearsed(f"{method} {path} would change something, and nothing may be changed now")
        try:
            answer = self._api.request(
                method,
                path,
                body=body,
                query_params=asked,
                header_params={},
                content_type=content_type,
                serialize=False,
                _request_timeout=(self._timeout, self._timeout),
            )
            content = answer.data
        # The library lets through what its transport raises, which differs from version to version.
        except Exception as error:  # pylint: disable=broad-except
            raise self._failure(error, act) from error
        self._note_warnings(answer.headers)
        try:
            return json.loads(content)
        except ValueError as error:
            raise ClusterUnreachable(f"what answers at {self.host} is no Kubernetes. Check host and kubeconfig") from error

    def _note_warnings(self, headers: Any) -> None:
        """Keep what the API warns of, such as pods that a stricter level of Pod Security would refuse."""
        for line in headers.getlist("Warning") if hasattr(headers, "getlist") else ():
            text = line.partition('"')[2].rpartition('"')[0].replace('\\"', '"').replace("\\\\", "\\")
            if text and text not in self.warnings:
                self.warnings.append(text)

    def _failure(self, error: Exception, act: str) -> Exception:
        """What a user must know about an error of the library."""
        status = getattr(error, "status", None)
        if not isinstance(status, int) or not status:
            why = str(getattr(error, "reason", "") or error).splitlines()[-1:] or [type(error).__name__]
            checks = "host, kubeconfig and context, proxy, and for TLS ca_cert and validate_certs"
            return ClusterUnreachable(f"the cluster at {self.host} cannot be reached: {why[0]}. Check {checks}")
        told = _status_of(error)
        if status == 401:
            checks = "api_key, client_cert, or the user of the context"
            return ClusterUnreachable(f"the cluster at {self.host} does not know these credentials (401). Check {checks}")
        details = told.get("details") or {}
        message = told.get("message") or f"HTTP {status} {getattr(error, 'reason', '')}".strip()
        return ApiRefusal(
            f"{act}: {message}",
            status,
            told.get("reason", ""),
            details.get("causes") or (),
            details.get("retryAfterSeconds") or 0,
        )


def _status_of(error: Any) -> Object:
    """The Status that the API explains itself with; empty when it does not."""
    body = getattr(error, "body", None)
    try:
        told = json.loads(body) if body else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _identity(manifest: Mapping[str, Any]) -> Any:
    """Kind, name and namespace, which is None for what is in none."""
    metadata = manifest["metadata"]
    return manifest["kind"], metadata["name"], metadata.get("namespace")
