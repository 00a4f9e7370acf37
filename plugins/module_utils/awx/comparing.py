# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether an object of AWX is as wanted, so that awx.awx need not be asked to make it so.

What AWX has is shown in the form of what is wanted. Where that is not equal, awx.awx compares field by field.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.omnimind.platform.plugins.module_utils.awx.ownership import Found

Item = Mapping[str, Any]

ENCRYPTED = "$encrypted$"
# What is only for the plan.
_OWN = ("refers", "key")
_PLAIN = {
    "organizations": ("galaxy_credentials",),
    "credential_types": ("kind", "inputs", "injectors"),
    "execution_environments": ("image", "pull"),
    "projects": ("scm_type", "scm_url", "scm_branch", "scm_update_on_launch"),
    "inventories": ("kind",),
    "inventory_sources": ("source", "source_path", "overwrite", "overwrite_vars", "update_on_launch"),
    "job_templates": (
        "playbook", "job_type", "ask_job_type_on_launch", "ask_diff_mode_on_launch", "ask_verbosity_on_launch",
        "ask_limit_on_launch", "allow_simultaneous", "survey_enabled", "survey",
    ),
    "workflow_job_templates": ("allow_simultaneous",),
}  # fmt: skip
_REFERENCES = {
    "execution_environments": ("organization", "credential"),
    "projects": ("organization", "credential"),
    "inventories": ("organization",),
    "inventory_sources": ("inventory", "source_project"),
    "job_templates": ("organization", "project", "inventory", "execution_environment"),
    "workflow_job_templates": ("organization",),
}


def unlike(kind: str, items: Sequence[Item], found: Found) -> list[Item]:
    """Those that AWX lacks or has otherwise."""
    names = [item["name"] for item in items]
    seen = [_seen(kind, item) for item in found.get(kind, ()) if item["name"] in names]
    return [item for item in items if {name: item[name] for name in item if name not in _OWN} not in seen]


def _seen(kind: str, item: Item) -> dict[str, Any]:
    """What AWX has, in the form of what is wanted."""
    names = {name: _name(item, name) for name in _REFERENCES.get(kind, ())}
    plain = {name: item.get(name) for name in ("name", "description", *_PLAIN.get(kind, ()))}
    return {**plain, **names, **_MORE.get(kind, lambda _item: {})(item)}


def _name(item: Item, reference: str) -> str:
    return item["summary_fields"].get(reference, {}).get("name", "")


def _of_template(item: Item) -> dict[str, Any]:
    return {
        "credentials": sorted(one["name"] for one in item["summary_fields"].get("credentials", ())),
        "extra_vars": _variables(item.get("extra_vars", "")),
        "told": item["told"],
    }


def _variables(text: str) -> Any:
    """Variables of a template as JSON; another text, such as YAML of somebody's hand, is none of ours."""
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


_MORE: dict[str, Callable[[Item], dict[str, Any]]] = {
    "job_templates": _of_template,
    "workflow_job_templates": lambda item: {"told": item["told"]},
    "notification_templates": lambda item: {"channels": item["notification_configuration"].get("channels")},
}


def credential_unlike(wanted: Item, inputs: Mapping[str, Any], found: Found) -> bool:
    """Whether a credential differs, as far as AWX shows it: of a secret it shows that there is one."""
    return not any(
        item["name"] == wanted["name"]
        and item["description"] == wanted["description"]
        and _name(item, "organization") == wanted["organization"]
        and _name(item, "credential_type") == wanted["type"]
        and set(item["inputs"]) == set(inputs)
        and all(value in (ENCRYPTED, inputs[name]) for name, value in item["inputs"].items())
        for item in found.get("credentials", ())
    )


def nodes_unlike(workflow: str, nodes: Sequence[Item], found: Found) -> bool:
    """Whether the steps of a workflow are others, or others follow them."""
    present = [
        node
        for node in found.get("workflow_job_template_nodes", ())
        if node["summary_fields"]["workflow_job_template"]["name"] == workflow
    ]
    identifiers = {node["id"]: node["identifier"] for node in present}
    seen = {node["identifier"]: _seen_node(node, identifiers) for node in present}
    wanted: dict[str, dict[str, Any]] = {}
    for node in nodes:
        step = {name: value for name, value in node.items() if name not in ("name", "workflow", "identifier")}
        wanted.setdefault(node["identifier"], {}).update(step)
    return seen != wanted


def _seen_node(node: Item, identifiers: Mapping[int, str]) -> dict[str, Any]:
    template = node["summary_fields"].get("unified_job_template", {})
    step: dict[str, Any] = {"success_nodes": [identifiers.get(number) for number in node["success_nodes"]]}
    if "timeout" in template:
        return {**step, "approval_node": {key: template.get(key) for key in ("name", "description", "timeout")}}
    chosen = {"job_type": node["job_type"]} if node["job_type"] else {}
    return {**step, "unified_job_template": template.get("name"), **chosen}
