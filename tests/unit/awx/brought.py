"""What the collection brings to AWX, and what its roles say of the variables that are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.omnimind.platform.plugins.lookup import role_options
from ansible_collections.omnimind.platform.plugins.module_utils.awx import surveys

ROOT = Path(__file__).resolve().parents[3]
BROUGHT = yaml.safe_load((ROOT / "roles" / "awx" / "files" / "templates.yml").read_text(encoding="utf-8"))
TEMPLATES: dict[str, dict[str, Any]] = BROUGHT["templates"]
OPTIONS: dict[str, dict[str, Any]] = {
    **role_options.LookupModule().run([str(ROOT / "roles")])[0],
    **BROUGHT["playbook_options"],
}
# Each question with its template's key, and as AWX has it.
ASKED = [
    (key, question, surveys.survey([question], OPTIONS)["spec"][0])
    for key, template in TEMPLATES.items()
    for question in template.get("survey", [])
]
IDS = [f"{key}-{question['variable']}" for key, question, _element in ASKED]


def plays(playbook: str) -> Iterator[dict[str, Any]]:
    """The plays of a playbook, and of those that it imports."""
    for play in yaml.safe_load((ROOT / playbook).read_text(encoding="utf-8")):
        imported = play.get("ansible.builtin.import_playbook")
        yield from plays(f"playbooks/{imported}") if imported else [play]


def roles_run(playbook: str) -> dict[str, dict[str, Any]]:
    """Roles that a playbook runs, with the variables that it sets for them."""
    found: dict[str, dict[str, Any]] = {}
    for play in plays(playbook):
        tasks = [task for task in play.get("tasks", []) if "ansible.builtin.import_role" in task]
        named = [(task["ansible.builtin.import_role"]["name"], task.get("vars", {})) for task in tasks]
        named += [(role["role"], role.get("vars", {})) for role in play.get("roles", [])]
        for name, variables in named:
            found.setdefault(name.removeprefix("omnimind.platform."), {}).update(variables)
    return found


def uses(variable: str) -> list[str]:
    """Lines of roles and playbooks in which a variable is used."""
    files = [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("roles/*/vars/*.yml"), *ROOT.glob("playbooks/*.yml")]
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    # Neither comments nor messages use what they name.
    return [line for line in lines if re.search(rf"\b{variable}\b", line) and not line.startswith(("#", "fail_msg:"))]
