"""Every YAML example of every page is valid: inventories, variables, tasks and plays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from guides.known import variables
from guides.pages import ROOT, Example, examples, pages
from guides.stages import example_content
from quality.test_documentation import KINDS, declared
from quality.tools import NAME, playbooks, run

EXAMPLES = [example for page in pages() for example in examples(page)]
IDS = [f"{example.page}:{example.line}" for example in EXAMPLES]
# Data that no role takes as such: by the first key, what takes it.
OTHERS = {
    "codings": "files/backend",
    "components": "filter network_policies",
    "minor_changes": "antsibull-changelog",
    "plugin": "an inventory plugin",
    "vault_redis_password": "ansible-vault",
}
# Of a task, beside its module.
KEYWORDS = {
    "become", "changed_when", "delegate_to", "environment", "failed_when", "loop", "name", "register", "retries",
    "run_once", "tags", "until", "vars", "when",
}  # fmt: skip
VARIABLES, INVENTORY, TASKS, PLAYS = "variables", "inventory", "tasks", "plays"


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_example(example: Example) -> None:
    content = example_content(example.text)
    kind = kind_of(content)
    assert kind, "neither an inventory, nor variables of a role, nor tasks, nor plays: OTHERS here says what it is"
    assert list(complaints(kind, content)) == []


def kind_of(content: Any) -> str:
    if isinstance(content, list):
        return PLAYS if "hosts" in content[0] else TASKS
    if next(iter(content)) in OTHERS:
        return OTHERS[next(iter(content))]
    if all(isinstance(group, dict) and set(group) <= {"hosts", "vars", "children"} for group in content.values()):
        return INVENTORY
    return VARIABLES if set(content) & set(variables()) else ""


def complaints(kind: str, content: Any) -> Iterator[str]:
    if kind == VARIABLES:
        yield from wrong_variables(content)
    elif kind == INVENTORY:
        for group in content.values():
            for own in [group.get("vars") or {}, *(group.get("hosts") or {}).values()]:
                yield from wrong_variables(own or {})
    elif kind == TASKS:
        yield from wrong_tasks(content)
    elif kind == PLAYS:
        for play in content:
            yield from wrong_tasks(play["tasks"])


def wrong_variables(given: dict[str, Any]) -> Iterator[str]:
    """Names that no role has, and values of another type or not among the choices; templates are left out."""
    known = variables()
    for name, value in given.items():
        if name not in known:
            yield f"no role has a variable {name}"
        elif "{{" not in json.dumps(value):
            found = ArgumentSpecValidator({name: known[name]}).validate({name: value})
            yield from found.error_messages


def wrong_tasks(tasks: list[dict[str, Any]]) -> Iterator[str]:
    for task in tasks:
        (module,) = modules([task])
        arguments = task[module]
        if isinstance(arguments, dict):
            known = documentation()[module]["doc"]["options"]
            names = {one for name, option in known.items() for one in (name, *option.get("aliases", []))}
            yield from (f"{module} has no option {name}" for name in arguments if name not in names)
            missing = [name for name, option in known.items() if option.get("required")]
            yield from (f"{module} needs {name}" for name in missing if name not in arguments)


def modules(tasks: list[dict[str, Any]]) -> set[str]:
    return {name for task in tasks for name in set(task) - KEYWORDS}


@cache
def documentation() -> dict[str, dict[str, Any]]:
    """Of all modules in examples: asked for once."""
    found: set[str] = set()
    for content in (example_content(one.text) for one in EXAMPLES):
        if kind_of(content) == TASKS:
            found |= modules(content)
        elif kind_of(content) == PLAYS:
            found |= modules([task for play in content for task in play["tasks"]])
    said = run("ansible-doc", "--json", *sorted(found))
    return json.loads(said[said.index("{") :])


def test_pages_name_nothing_that_there_is_not() -> None:
    """Also where a sentence has the name alone."""
    there = {f"{NAME}.{playbook.removeprefix('playbooks/').removesuffix('.yml')}" for playbook in playbooks()}
    there |= {name for kind in KINDS for name in declared(kind)}
    for page in pages():
        named = set(re.findall(rf"\b{NAME}[.]\w+", (ROOT / page).read_text(encoding="utf-8")))
        assert named <= there, f"{page}: {named - there}"
