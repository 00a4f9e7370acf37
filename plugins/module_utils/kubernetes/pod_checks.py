# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Variables of roles that make pods, told before anything changes. Each complaint names the variable at fault."""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .errors import ManifestError
from .fields import read_mapping
from .quantities import read_quantities, read_quantity

_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LABEL = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
# A Service is a name of DNS, and pods of a StatefulSet have a label with its name and a hash.
_LONGEST = 52


def pod_complaints(variables: Mapping[str, Any]) -> list[str]:
    """Of `namespace`, `name`, `part_of`, `image`, `resources`."""
    return [
        *_name_complaints("namespace", variables["namespace"], 63),
        *_name_complaints("name", variables["name"], _LONGEST - len("-client")),
        *_label_complaints(variables["part_of"]),
        *_image_complaints(variables["image"]),
        *_resource_complaints(variables["resources"]),
    ]


def number_complaints(numbers: Mapping[str, Any]) -> list[str]:
    """Numbers that must be more than nothing. Up to ansible-core 2.18 those of a mapping come as texts."""
    return [
        f"{name}: {value} is not possible; right would be a whole number of 1 or more"
        for name, value in numbers.items()
        if not str(value).isdecimal() or int(value) < 1
    ]


def namespace_complaints(namespace: str, there: bool) -> list[str]:
    """A namespace is made with its quotas and policies before anything is in it."""
    return [] if there else [f"namespace: there is no namespace {namespace}; right would be to make it first"]


def quantity_complaints(name: str, value: Any) -> list[str]:
    """An amount that must be more than nothing."""
    try:
        return [] if read_quantity(name, value) else [f"{name}: {value!r} is nothing; right would be such as 4Gi"]
    except ManifestError as error:
        return [error.message]


def _name_complaints(variable: str, value: str, longest: int) -> list[str]:
    if _NAME.fullmatch(value) and len(value) <= longest:
        return []
    words = f"at most {longest} small letters, digits and '-', a letter first"
    return [f"{variable}: {value!r} is no name here; right would be {words}, such as omnimind"]


def _label_complaints(value: str) -> list[str]:
    return [] if _LABEL.fullmatch(value) else [f"part_of: {value!r} is no value of a label; right would be omnimind"]


def _image_complaints(image: str) -> list[str]:
    if image and not re.search(r"\s", image):
        return []
    return [f"image: {image!r} is no image; right would be a name with a tag or a digest"]


def _resource_complaints(resources: Mapping[str, Any]) -> list[str]:
    try:
        fields = read_mapping("resources", resources, ("requests", "limits", "claims"))
        asked, most = (read_quantities(f"resources.{name}", fields.get(name)) for name in ("requests", "limits"))
    except ManifestError as error:
        return [error.message]
    found = [
        f"resources.{part}.memory: it is missing, and a pod without it is the first to go, or takes a node with it"
        for part, amounts in (("requests", asked), ("limits", most))
        if "memory" not in amounts
    ]
    return found + [
        f"resources.requests.{name}: {resources['requests'][name]} is more than limits, {resources['limits'][name]}"
        for name in asked
        if name in most and asked[name] > most[name]
    ]
