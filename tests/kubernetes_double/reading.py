"""Makes an object of a body: what is unknown is refused or told, names agree with the address."""

from __future__ import annotations

from typing import Any

from .calls import Call
from .decoding import Decoder, WrongType
from .errors import ApiError, bad_request, shown
from .kinds import Kind
from .schemas import Schemas

Object = dict[str, Any]


def read_object(schemas: Schemas, kind: Kind, body: Any, call: Call) -> Object:
    """An object that was sent as a whole; 400."""
    if not isinstance(body, dict):
        raise bad_request("the object provided is unrecognized (must be of type " + kind.kind + ")")
    wanted = {"apiVersion": kind.api_version, "kind": kind.kind}
    for name, title in (("apiVersion", "API version"), ("kind", "kind")):
        told = body.get(name, wanted[name])
        if told != wanted[name]:
            raise bad_request(f"the {title} in the data ({told}) does not match the expected {title} ({wanted[name]})")
    prefix = f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '
    decoder = Decoder(schemas)
    try:
        found = decoder.decode(schemas.of(kind), body)
    except WrongType as error:
        raise bad_request(f"{prefix}{error}") from error
    if decoder.complaints and call.validation == "Strict":
        raise bad_request(f"{prefix}strict decoding error: {', '.join(decoder.complaints)}")
    for text in decoder.complaints:
        call.warn(text)
    return {**wanted, **found, "metadata": found.get("metadata", {})}


def read_patched(schemas: Schemas, kind: Kind, patched: Any, patch: Any, call: Call) -> Object:
    """What a patch made of an object; 422 when the patch brought what there is not."""
    decoder = Decoder(schemas)
    try:
        found = decoder.decode(schemas.of(kind), patched)
    except WrongType as error:
        raise bad_request(str(error)) from error
    if decoder.complaints and call.validation == "Strict":
        words = f"strict decoding error: {', '.join(decoder.complaints)}"
        raise ApiError(422, "Invalid", f' "" is invalid: patch: Invalid value: {shown(shown(patch))}: {words}')
    for text in decoder.complaints:
        call.warn(text)
    return found


def read_applied(schemas: Schemas, kind: Kind, body: Any, title: str) -> Object:
    """What is to be applied; the schema is enforced here whatever the request says, with another error (500)."""
    if not isinstance(body, dict):
        raise bad_request("error decoding YAML: the body is no object")
    for name, value in (("apiVersion", kind.api_version), ("kind", kind.kind)):
        if body.get(name) != value:
            raise bad_request(
                f"Incorrect version specified in apply patch. Specified {name} {body.get(name)}, expected {value}"
            )
    if body.get("metadata", {}).get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")
    decoder = Decoder(schemas)
    try:
        found = decoder.decode(schemas.of(kind), body)
    except WrongType as error:
        raise ApiError(500, "", f"failed to create typed patch object ({title}): {error}") from error
    unknown = [text.split('"')[1] for text in decoder.complaints]
    if unknown:
        told = "\n  ".join(f".{path}: field not declared in schema" for path in unknown)
        words = told if len(unknown) == 1 else f"errors:\n  {told}"
        raise ApiError(
            500, "", f"failed to create typed patch object ({title}; {kind.api_version}, Kind={kind.kind}): {words}"
        )
    return found
