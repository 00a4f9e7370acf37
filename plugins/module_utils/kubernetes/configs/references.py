# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which ConfigMaps pods need, by all the ways in which they can name one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..resources import ENDED

Object = Mapping[str, Any]

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")


def referred_to(objects: Iterable[Object]) -> set[str]:
    """Names of the ConfigMaps that these pods, and what makes pods, refer to. A pod that has ended needs none."""
    return {name for one in objects if not _has_ended(one) for name in _named_in(_pod_spec(one))}


def _has_ended(found: Object) -> bool:
    return found["kind"] == "Pod" and (found.get("status") or {}).get("phase") in ENDED


def _pod_spec(found: Object) -> Object:
    spec = found.get("spec") or {}
    return spec if found["kind"] == "Pod" else (spec.get("template") or {}).get("spec") or {}


def _named_in(spec: Object) -> Iterator[str]:
    for source in _sources(spec):
        name = (source or {}).get("name")
        if name:
            yield name


def _sources(spec: Object) -> Iterator[Any]:
    for volume in spec.get("volumes") or ():
        yield volume.get("configMap")
        for part in (volume.get("projected") or {}).get("sources") or ():
            yield part.get("configMap")
    for container in (one for group in _CONTAINERS for one in spec.get(group) or ()):
        for everything in container.get("envFrom") or ():
            yield everything.get("configMapRef")
        for variable in container.get("env") or ():
            yield (variable.get("valueFrom") or {}).get("configMapKeyRef")
