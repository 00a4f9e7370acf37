"""Manifests against the schemas of several versions of Kubernetes, strictly."""

from __future__ import annotations

import json
from collections.abc import Iterable

import kubernetes_validate

VERSIONS = [f"1.{minor}" for minor in range(31, 37)]


def complaints(manifests: Iterable[str], version: str) -> list[str]:
    """Of each manifest that this version would not take, why."""
    found = []
    for text in manifests:
        manifest = json.loads(text)
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            found.append(f"{version} {manifest['kind']}: {error}")
    return found
