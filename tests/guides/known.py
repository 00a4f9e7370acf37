"""What the collection has that a command or an example may name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml
from ansible_collections.omnimind.platform.plugins.lookup import role_options
from guides.pages import ROOT


@cache
def variables() -> dict[str, dict[str, Any]]:
    """Options of all entry points of all roles, by name."""
    return role_options.LookupModule().run([str(ROOT / "roles")])[0]


@cache
def tags() -> frozenset[str]:
    """Of any task or play."""
    paths = [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("playbooks/*.yml")]
    return frozenset(tag for path in paths for tag in _tags_in(yaml.safe_load(path.read_text(encoding="utf-8"))))


def _tags_in(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _tags_in(one)
    elif isinstance(part, dict):
        own = part.get("tags") or []
        yield from [own] if isinstance(own, str) else own
        for one in part.values():
            yield from _tags_in(one)


@cache
def targets() -> frozenset[str]:
    """Of the Makefile."""
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    return frozenset(line.partition(":")[0] for line in lines if line[:1].isalpha())
