"""A role's defaults and its argument specification say the same thing."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from quality.tools import ROOT, roles

ROLES = roles()


def load(role: str, *path: str) -> dict[str, Any]:
    """The mapping in a YAML file of a role; empty where the file is absent or holds nothing."""
    file = ROOT.joinpath("roles", role, *path)
    return (yaml.safe_load(file.read_text(encoding="utf-8")) or {}) if file.exists() else {}


def specifications(role: str) -> dict[str, Any]:
    """Entry points of a role: name to specification."""
    return load(role, "meta", "argument_specs.yml").get("argument_specs", {})


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_the_specified_options(role: str) -> None:
    """Each default is an option of some entry point; an option without a default is required or says so."""
    defaults = load(role, "defaults", "main.yml")
    options: dict[str, Any] = {}
    for entry in specifications(role).values():
        options |= entry.get("options", {})
    assert set(defaults) <= set(options)
    for name, option in options.items():
        if name in defaults:
            assert not option.get("required"), f"{name} is required and has a default"
            if "default" in option:
                assert option["default"] == defaults[name], name
        else:
            assert option.get("required"), f"{name} is neither required nor in defaults/main.yml"


@pytest.mark.parametrize("role", ROLES)
def test_every_option_is_typed_and_described(role: str) -> None:
    entries = specifications(role)
    assert "main" in entries
    vague = [path for name, entry in entries.items() for path in vague_options(name, entry.get("options", {}))]
    assert not vague


def vague_options(where: str, options: dict[str, Any]) -> list[str]:
    """Paths of options at any depth without type or description, or lists without elements."""
    found = []
    for name, option in options.items():
        path = f"{where}.{name}"
        if not option.get("type") or not option.get("description"):
            found.append(path)
        if option.get("type") == "list" and not option.get("elements"):
            found.append(f"{path}: elements")
        found += vague_options(path, option.get("options", {}))
    return found


@pytest.mark.parametrize("role", ROLES)
def test_variables_begin_with_the_roles_name(role: str) -> None:
    names = [*load(role, "defaults", "main.yml"), *load(role, "vars", "main.yml")]
    assert [name for name in names if not name.lstrip("_").startswith(f"{role}_")] == []
