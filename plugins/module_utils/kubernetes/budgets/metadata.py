# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every object has: a kind, a name, a namespace, and perhaps a controller."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ..errors import ManifestError
from ..fields import read_labels, read_list, read_mapping


@dataclass(frozen=True)
class Owner:
    """The one object that makes a pod anew when it goes."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Metadata:
    """`where` is the beginning of what complaints say, such as `Pod shop/web-1: `."""

    where: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, Any]
    owner: Optional[Owner]
    terminating: bool


def read_metadata(manifest: Any, kinds: Sequence[str] = ()) -> Metadata:
    """Of an object of one of these kinds (any, when there are none); ManifestError if it is not one."""
    thing = kinds[0] if kinds else "object"
    fields = read_mapping(thing, manifest, required=("kind", "metadata"))
    kind = fields["kind"]
    if kinds and kind not in kinds:
        raise ManifestError(f"{thing}.kind", f"it is {' or '.join(kinds)}, not {kind!r}")
    metadata = read_mapping(f"{kind}: metadata", fields["metadata"], required=("name",))
    name, namespace = metadata["name"], metadata.get("namespace", "default")
    for field, value in (("name", name), ("namespace", namespace)):
        if not isinstance(value, str) or not value:
            raise ManifestError(f"{kind}: metadata.{field}", f"it is a name, not {value!r}")
    where = f"{kind} {namespace}/{name}: "
    return Metadata(
        where,
        namespace,
        name,
        read_labels(f"{where}metadata.labels", metadata.get("labels")),
        read_mapping(f"{where}metadata.annotations", metadata.get("annotations", {})),
        _controller(f"{where}metadata.ownerReferences", metadata.get("ownerReferences", [])),
        "deletionTimestamp" in metadata,
    )


def _controller(where: str, value: Any) -> Optional[Owner]:
    for index, entry in enumerate(read_list(where, value)):
        reference = read_mapping(f"{where}[{index}]", entry, required=("kind", "name"))
        if reference.get("controller"):
            return Owner(str(reference["kind"]), str(reference["name"]))
    return None
