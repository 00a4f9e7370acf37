"""From a request to what it is answered: access, options, and the operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import decoding, deleting, listing
from .access import Access, Account
from .api import APPLY, Api
from .calls import Call
from .errors import ApiError, method_not_allowed
from .requests import Address, dry_run_of, verb_of
from .scaling import scale_of, scaled

Object = dict[str, Any]


class Answering:
    """Operations by method and address."""

    def __init__(self, api: Api, access: Access) -> None:
        self.api, self.access = api, access

    def answer(
        self,
        account: Account,
        method: str,
        address: Address,
        query: Mapping[str, str],
        body: Any,
        content_type: str,
        agent: str,
    ) -> tuple[int, Object, list[str]]:
        """Status, object and warnings of everything but a watch; ApiError."""
        kind, namespace, name = address.kind, address.namespace, address.name
        verb = verb_of(method, address, query)
        self.access.check(account, verb, kind, namespace, name, address.part)
        # Of a deletion that has options in its body the API reads none in the query.
        if verb in ("delete", "deletecollection") and body:
            query = {name: value for name, value in query.items() if name not in deleting.OPTIONS}
        call = self._call(account, query, body, agent)
        if verb == "get":
            found = self.api.read(kind, namespace, name)
            return 200, scale_of(found) if address.part == "scale" else found, []
        if verb == "list":
            return 200, listing.listed(self.api.store, kind, namespace, query), []
        self._check_content_type(method, content_type)
        if kind.namespaced and not namespace and verb != "list":
            raise method_not_allowed()
        if address.part == "scale":
            return 200, self._scale(method, address, body, call, content_type), call.warnings
        if verb == "create":
            if address.part == "eviction":
                options, _dry = deleting.read_options((body or {}).get("deleteOptions"), {})
                return 201, self.api.evict(namespace, name, body, options, call), call.warnings
            return 201, self.api.create(kind, namespace, body, call), call.warnings
        if verb == "update":
            return 200, self.api.replace(kind, namespace, name, body, call, address.part), call.warnings
        if verb == "patch":
            if content_type == APPLY and "fieldManager" not in query:
                words = "fieldManager: Required value: is required for apply patch"
                raise ApiError(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {words}')
            found, new = self.api.patch(kind, namespace, name, content_type, body, call, address.part)
            return 201 if new else 200, found, call.warnings
        options, _dry = deleting.read_options(body, query)
        if verb == "delete":
            return 200, self.api.delete(kind, namespace, name, options, call), []
        return 200, self._delete_all(address, query, options, call), []

    def _delete_all(self, address: Address, query: Mapping[str, str], options: deleting.Options, call: Call) -> Object:
        found = listing.listed(self.api.store, address.kind, address.namespace, query)
        for one in found["items"]:
            metadata = one["metadata"]
            self.api.delete(address.kind, metadata.get("namespace", ""), metadata["name"], options, call)
        return found

    def _scale(self, method: str, address: Address, body: Any, call: Call, content_type: str) -> Object:
        kind, namespace, name = address.kind, address.namespace, address.name
        with self.api.store.lock:
            found = self.api.read(kind, namespace, name)
            scale = body if method == "PUT" else self.api.patched(kind, scale_of(found), content_type, body)
            return scale_of(self.api.replace(kind, namespace, name, scaled(found, scale), call))

    @staticmethod
    def _call(account: Account, query: Mapping[str, str], body: Any, agent: str) -> Call:
        told = [query["dryRun"]] if query.get("dryRun") else dry_run_of(body)
        if any(one != "All" for one in told):
            words = f'dryRun: Unsupported value: "{told[0]}": supported values: "All"'
            raise ApiError(422, "Invalid", f'CreateOptions.meta.k8s.io "" is invalid: {words}')
        validation = query.get("fieldValidation") or "Warn"
        if validation not in ("Strict", "Warn", "Ignore"):
            words = f'fieldValidation: Unsupported value: "{validation}": supported values: "Ignore", "Strict", "Warn"'
            raise ApiError(422, "Invalid", f'CreateOptions.meta.k8s.io "" is invalid: {words}')
        manager = query.get("fieldManager") or agent.split("/")[0] or "unknown"
        return Call(account.name, manager, bool(told), validation, query.get("force", "").lower() in ("true", "1"))

    @staticmethod
    def _check_content_type(method: str, content_type: str) -> None:
        if method in ("POST", "PUT") and content_type not in ("application/json", "application/yaml", ""):
            words = (
                "the body of the request was in an unknown format - accepted media types include: application/json, "
            )
            raise ApiError(415, "UnsupportedMediaType", words + "application/yaml, application/vnd.kubernetes.protobuf")


def read_body(content: bytes, content_type: str) -> Any:
    return decoding.parse(content, content_type) if content else None


def review_address(parts: list[str]) -> bool:
    """Whether a path is where an account asks what it may do."""
    return parts == ["apis", "authorization.k8s.io", "v1", "selfsubjectaccessreviews"]
