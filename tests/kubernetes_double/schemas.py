"""The API's own schemas, from the package kubernetes-validate: what fields there are, and how lists are merged."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from .kinds import Kind

Schema = dict[str, Any]
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
# Of an object that has no schema: its metadata are like everybody's.
_CUSTOM: Schema = {
    "type": "object",
    "properties": {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": "#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"},
    },
    "x-keeps-unknown": True,
}


class Schemas:
    """Those of one version of Kubernetes, such as 1.36."""

    def __init__(self, version: str) -> None:
        self.definitions = _definitions(version)

    def of(self, kind: Kind) -> Schema:
        return self.definitions[kind.definition] if kind.definition else _CUSTOM

    def resolve(self, schema: Schema | None) -> Schema:
        """Without `$ref`; `x-kubernetes-*` beside it win. What is not known is an empty schema."""
        if not schema or "$ref" not in schema:
            return schema or {}
        name = schema["$ref"].rsplit("/", 1)[1]
        beside = {key: value for key, value in schema.items() if key.startswith("x-kubernetes-")}
        return {**self.definitions[name], "x-name": name, **beside}

    def child(self, schema: Schema, name: str) -> Schema:
        """The schema of a field, or of a value of a map."""
        found = schema.get("properties", {}).get(name)
        if found is None and isinstance(schema.get("additionalProperties"), dict):
            found = schema["additionalProperties"]
        return self.resolve(found)

    def items(self, schema: Schema) -> Schema:
        return self.resolve(schema.get("items"))


@lru_cache
def _definitions(version: str) -> dict[str, Schema]:
    path = files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local" / "_definitions.json"
    return json.loads(path.read_text(encoding="utf-8"))["$defs"]


def types_of(schema: Schema) -> tuple[str, ...]:
    """The types that a value may have, without null; none when any."""
    found = schema.get("type", ())
    return tuple(name for name in ([found] if isinstance(found, str) else found) if name != "null")


def is_map(schema: Schema) -> bool:
    """Whether it is a mapping with keys of the user, in which nothing is as good as absent."""
    return "additionalProperties" in schema and "properties" not in schema
