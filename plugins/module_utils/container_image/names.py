# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names of images as Docker takes them."""
from __future__ import annotations

import re

_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?|\[[0-9A-Fa-f:]+\](?::[0-9]+)?)"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"(?:{_DOMAIN}/)?{_COMPONENT}(?:/{_COMPONENT})*\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")


def repository_problem(name: str) -> str:
    """Why no repository can be called so; empty when one can."""
    if _REPOSITORY.match(name):
        return ""
    return f"{name!r} is no name of an image; right would be small letters and digits, such as omnimind-backend"


def tag_problem(tag: str) -> str:
    """Why no tag can be called so; empty when one can."""
    if _TAG.match(tag):
        return ""
    return f"{tag!r} is no tag; right would be up to 128 letters, digits, dots, dashes and underscores, such as 1.0.0"


def reference_problem(reference: str) -> str:
    """What is wrong with NAME:TAG; empty when nothing is."""
    name, tag = split(reference)
    return repository_problem(name) or tag_problem(tag)


def split(reference: str) -> tuple[str, str]:
    """Name and tag; `latest` where none is given. The port of a registry is no tag."""
    name, colon, tag = reference.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (reference, "latest")
