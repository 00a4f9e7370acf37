# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads fields of a manifest as strictly as the API can: one that is misspelt must not pass for one that is absent."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from .errors import ManifestError


def read_mapping(where: str, value: Any, known: Sequence[str] = (), required: Sequence[str] = ()) -> Mapping[str, Any]:
    """A mapping without the fields that are null, as the API takes those for absent; ManifestError if it is none.

    Args:
        where: the path, such as `NetworkPolicy shop/web: spec.ingress[0]`.
        known: the fields that there are; empty when any may be.
        required: those of them that must be there.
    """
    if not isinstance(value, Mapping):
        raise ManifestError(where, f"it is a mapping, not {value!r}")
    for name in value:
        if not isinstance(name, str) or (known and name not in known):
            raise ManifestError(f"{where}.{name}", f"there is no such field; {meant(name, known)}")
    present = {name: content for name, content in value.items() if content is not None}
    for name in required:
        if name not in present:
            raise ManifestError(f"{where}.{name}", "it is missing")
    return present


def read_list(where: str, value: Any) -> Sequence[Any]:
    """A list; ManifestError if it is none."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise ManifestError(where, f"it is a list, not {value!r}")
    return value


def read_labels(where: str, value: Any) -> dict[str, str]:
    """Labels, whose values are texts; ManifestError if they are not. What is absent has none."""
    labels = read_mapping(where, {} if value is None else value)
    for name, content in labels.items():
        if not isinstance(content, str):
            raise ManifestError(f"{where}.{name}", f"a label is a text, not {content!r}")
    return dict(labels)


def is_number(value: Any) -> bool:
    """Whether it is a whole number, if of a type that Ansible has for its own; a boolean is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def meant(name: Any, known: Sequence[str]) -> str:
    """What ends a complaint about a name that is none of those that are known."""
    close = get_close_matches(str(name), known, n=1)
    return f"is it {close[0]}?" if close else f"there are {', '.join(known)}"
