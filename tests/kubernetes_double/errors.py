"""Refusals, in the API's own words and shape (`Status`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .kinds import Kind


class ApiError(Exception):
    """What the server answers instead of an object."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "code": code,
        }
        if reason:
            self.status["reason"] = reason
        if details:
            self.status["details"] = details


@dataclass(frozen=True)
class Complaint:
    """What is wrong with one field."""

    field: str
    reason: str
    words: str


def shown(value: Any) -> str:
    """A value as messages have it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def invalid_value(field: str, value: Any, detail: str) -> Complaint:
    return Complaint(field, "FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}")


def required(field: str, detail: str = "") -> Complaint:
    return Complaint(field, "FieldValueRequired", "Required value" + (f": {detail}" if detail else ""))


def forbidden_field(field: str, detail: str) -> Complaint:
    return Complaint(field, "FieldValueForbidden", f"Forbidden: {detail}")


def unsupported(field: str, value: Any, supported: Sequence[str]) -> Complaint:
    known = ", ".join(map(shown, supported))  # in the order of the API's own code, since 1.36 at the latest
    return Complaint(field, "FieldValueNotSupported", f"Unsupported value: {shown(value)}: supported values: {known}")


def _about(kind: Kind, name: str) -> dict[str, Any]:
    about = {"name": name, "group": kind.group, "kind": kind.plural}
    return {key: value for key, value in about.items() if value}


def invalid(kind: Kind, name: str, complaints: Iterable[Complaint]) -> ApiError:
    found = list(complaints)
    texts = [f"{complaint.field}: {complaint.words}" for complaint in found]
    listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    causes = [{"reason": one.reason, "message": one.words, "field": one.field} for one in found]
    details = {**_about(kind, name), "kind": kind.kind, "causes": causes}
    return ApiError(422, "Invalid", f"{kind.group_kind} {shown(name)} is invalid: {listed}", details)


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def not_found(kind: Kind, name: str) -> ApiError:
    return ApiError(404, "NotFound", f"{kind.resource} {shown(name)} not found", _about(kind, name))


def no_such_resource() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource")


def method_not_allowed() -> ApiError:
    return ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def already_exists(kind: Kind, name: str) -> ApiError:
    return ApiError(409, "AlreadyExists", f"{kind.resource} {shown(name)} already exists", _about(kind, name))


def modified_meanwhile(kind: Kind, name: str) -> ApiError:
    words = "the object has been modified; please apply your changes to the latest version and try again"
    message = f"Operation cannot be fulfilled on {kind.resource} {shown(name)}: {words}"
    return ApiError(409, "Conflict", message, _about(kind, name))


def precondition_failed(kind: Kind, name: str, what: str, wanted: str, found: str) -> ApiError:
    words = f"Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}"
    message = f"Operation cannot be fulfilled on {kind.resource} {shown(name)}: {words}"
    return ApiError(409, "Conflict", message, _about(kind, name))


def forbidden(kind: Kind, name: str, words: str) -> ApiError:
    message = f"{kind.resource} {shown(name)} is forbidden: {words}"
    return ApiError(403, "Forbidden", message, _about(kind, name))


def unsupported_patch(accepted: Sequence[str]) -> ApiError:
    words = "the body of the request was in an unknown format - accepted media types include: "
    return ApiError(415, "UnsupportedMediaType", words + ", ".join(accepted))
