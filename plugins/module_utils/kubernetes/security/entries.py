# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Entries of a declaration: components, configuration, and manifests of what is about to be rolled out."""

from __future__ import annotations

from typing import Any, Dict, List

from ..configs.revisions import KEY
from ..errors import ManifestError
from ..fields import read_list, read_mapping
from ..network.declarations import read_declaration, read_name, read_strict_labels

Object = Dict[str, Any]
# Of every pod, and so of every selector, of this collection.
COMPONENT, PART_OF = "app.kubernetes.io/component", "app.kubernetes.io/part-of"
# Of every object that we make.
MANAGED_BY, MANAGER = "app.kubernetes.io/managed-by", "omnimind.platform"


def components_of(value: Any, part_of: str) -> Dict[str, Any]:
    """With the labels that all roles of this collection give, where the user gives none."""
    found = {}
    for name, entry in read_mapping("components", value).items():
        read_name(f"components.{name}", name)
        fields = read_mapping(f"components.{name}", {} if entry is None else entry, ("labels",))
        found[name] = {"labels": fields.get("labels", {PART_OF: part_of, COMPONENT: name})}
    read_declaration([], found, {})
    return found


def config_maps_of(value: Any) -> Dict[str, Any]:
    found = {}
    for name, files in read_mapping("config_maps", value).items():
        where = f"config_maps.{name}"
        read_name(where, name)
        for file, content in read_mapping(where, files).items():
            if not KEY.fullmatch(file):
                raise ManifestError(where, f"{file!r} is no name of a file: letters, digits, dots, dashes, underscores")
            if not isinstance(content, str):
                raise ManifestError(f"{where}.{file}", f"it is a text, not {content!r}")
        found[name] = dict(files)
    return found


def manifests_of(value: Any, namespace: str) -> List[Object]:
    """What is about to be rolled out, each with its namespace."""
    found = []
    for index, one in enumerate(read_list("manifests", value)):
        where = f"manifests[{index}]"
        fields = read_mapping(where, one, required=("kind", "metadata"))
        metadata = read_mapping(f"{where}.metadata", fields["metadata"], required=("name",))
        read_strict_labels(f"{where}.metadata.labels", metadata.get("labels"))
        found.append({**fields, "metadata": {"namespace": namespace, **metadata}})
    return found
