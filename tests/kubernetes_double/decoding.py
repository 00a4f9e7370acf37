"""Reads a body as the API server does: what it does not know is dropped with a word or refused, types must be right."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import yaml

from .errors import bad_request
from .quantities import canonical
from .schemas import INT_OR_STRING, QUANTITY, Schema, Schemas, is_map, types_of

_TYPES = {"string": str, "boolean": bool, "integer": int, "number": (int, float), "object": dict, "array": list}
_GO = {
    "string": "string",
    "boolean": "bool",
    "integer": "int32",
    "number": "float64",
    "object": "struct",
    "array": "[]",
}


class Body(dict):
    """A mapping that remembers which of its keys were there twice."""

    twice: tuple[str, ...] = ()


class WrongType(Exception):
    """A value is of no type that the field can have."""


def parse(content: bytes, content_type: str) -> Any:
    """The body of a request; 400 when it is neither JSON nor, where that is said, YAML."""
    try:
        if "yaml" in content_type:
            return yaml.safe_load(content)
        return json.loads(content, object_pairs_hook=_pairs)
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"error decoding the body: {error}") from error


def _pairs(pairs: list[tuple[str, Any]]) -> Body:
    body = Body(pairs)
    if len(body) < len(pairs):
        names = [name for name, _value in pairs]
        body.twice = tuple(name for name in body if names.count(name) > 1)
    return body


@dataclass
class Decoder:
    """Use one for one body; `complaints` are then what a strict server refuses."""

    schemas: Schemas
    complaints: list[str] = field(default_factory=list)

    def decode(self, schema: Schema, value: Any, path: str = "") -> Any:
        """The value as it is stored; WrongType."""
        schema = self.schemas.resolve(schema)
        if schema.get("x-name") == QUANTITY:
            return self._quantity(value, path)
        if schema.get("x-name") == INT_OR_STRING:
            if isinstance(value, bool) or not isinstance(value, (int, str)):
                raise WrongType(f"json: cannot unmarshal {_json_type(value)} into {path} of type intstr.IntOrString")
            return value
        self._check_type(schema, value, path)
        if isinstance(value, dict):
            return self._mapping(schema, value, path)
        if isinstance(value, list):
            inner = self.schemas.items(schema)
            return [self.decode(inner, one, f"{path}[{index}]") for index, one in enumerate(value)]
        return value

    def _mapping(self, schema: Schema, value: dict[str, Any], path: str) -> dict[str, Any]:
        for name in getattr(value, "twice", ()):
            self.complaints.append(f'duplicate field "{_under(path, name)}"')
        kept = {}
        for name, content in value.items():
            if not self._knows(schema, name):
                self.complaints.append(f'unknown field "{_under(path, name)}"')
            elif content is not None:
                inner = self.schemas.child(schema, name)
                decoded = self.decode(inner, content, _under(path, name))
                # Go leaves out what is empty where the field says so, which nearly all do; a custom kind is kept.
                empty = bool(inner) and (decoded == [] or (decoded == {} and is_map(inner)))
                if not empty or name in schema.get("required", ()):
                    kept[name] = decoded
        return kept

    @staticmethod
    def _knows(schema: Schema, name: str) -> bool:
        if "properties" not in schema or schema.get("x-keeps-unknown"):
            return True
        return name in schema["properties"]

    @staticmethod
    def _quantity(value: Any, path: str) -> str:
        try:
            return canonical(value)
        except ValueError as error:
            raise WrongType(f"{path}: {error}") from error

    @staticmethod
    def _check_type(schema: Schema, value: Any, path: str) -> None:
        allowed = types_of(schema)
        if not allowed or any(_is(value, name) for name in allowed):
            return
        raise WrongType(
            f"json: cannot unmarshal {_json_type(value)} into Go struct field {path} of type {_GO[allowed[0]]}"
        )


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and isinstance(value, bool) == (name == "boolean")


def _json_type(value: Any) -> str:
    names = {bool: "bool", str: "string", int: "number", float: "number", dict: "object", list: "array"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), "object")


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
