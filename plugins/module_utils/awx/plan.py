# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that AWX shall hold, compared with what it holds by name and by owner.

Here it is decided what is handed to awx.awx, what goes, and what is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.omnimind.platform.plugins.module_utils.awx import comparing, objects, ownership, templates
from ansible_collections.omnimind.platform.plugins.module_utils.awx import credentials as held
from ansible_collections.omnimind.platform.plugins.module_utils.awx.ownership import Found

Plan = dict[str, Any]
Variables = Mapping[str, Any]

# In the order of making; nodes come with their workflows.
_KINDS = (
    "organizations",
    "credential_types",
    "execution_environments",
    "projects",
    "inventories",
    "inventory_sources",
    "notification_templates",
    "job_templates",
    "workflow_job_templates",
)


def complaints(variables: Variables, brought: Mapping[str, Any], options: templates.Options) -> Iterator[str]:
    """What is wrong with the variables of the role, by their names without its own."""
    if variables["state"] == "absent":
        return
    wanted = templates.wanted_templates(brought["templates"], variables["more_templates"], variables["inventories"])
    yield from templates.template_complaints(wanted, variables["inventories"], options)
    if not variables["project_url"]:
        yield "project_url: it is empty; right would be the repository of playbooks and inventories, as git clones it"
    if not variables["image"]:
        yield "image: it is empty; right would be the execution environment's image, as the hosts of AWX pull it"
    if bool(variables["slack_token"]) != bool(variables["slack_channels"]):
        yield "slack_token and slack_channels: one is empty; give both, or none"
    for key, path in variables["inventories"].items():
        if not path or path.startswith("/"):
            yield f"inventories: {key} has {path!r}; right would be a path in the project, such as inventories/vms"
    yield from held.credential_complaints(variables["credentials"], variables["secrets"], _needed(variables, wanted))


def _needed(variables: Variables, wanted: Mapping[str, templates.Template]) -> dict[str, str]:
    """Credentials that something cannot do without."""
    needed = {
        key: f"{template.get('title')!r} reaches nothing"
        for template in reversed(list(wanted.values()))
        for key in template.get("needs", ["machine"])
    }
    if variables["project_url"].startswith(("git@", "ssh://")):
        needed["source_control"] = "AWX cannot read awx_project_url"
    return needed


def plan(
    variables: Variables, brought: Mapping[str, Any], options: templates.Options, found: Found, check: bool
) -> Plan:
    """What is handed to awx.awx because it is not as wanted, kind by kind; `leaving`, `announced` and `complaints`.

    In check mode awx.awx finds nothing by name that is yet to be made: what refers to such is announced instead.
    """
    name = variables["name"]
    made = {} if variables["state"] == "absent" else objects.wanted_objects(variables, brought, options)
    wanted = {kind: [item["name"] for item in items] for kind, items in made.items() if kind in ownership.KINDS}
    waiting = _waiting(made, found) if check else {}
    due = _due(variables, made, found)
    return {
        **{kind: [one for one in items if (kind, one["name"]) not in waiting] for kind, items in due.items()},
        "nodes": [node for node in due["nodes"] if ("workflow_job_templates", node["workflow"]) not in waiting],
        "stale_nodes": [
            {"identifier": identifier, "workflow": workflow["name"]}
            for workflow in made.get("workflow_job_templates", [])
            for identifier in templates.stale_nodes(found, workflow["name"], _nodes_of(made, workflow["name"]))
        ],
        "leaving": ownership.leaving(found, wanted, name),
        "leaving_organizations": [] if made else ownership.leaving_organization(found, name),
        "announced": list(waiting.values()),
        "complaints": list(ownership.foreign_complaints(found, wanted, name)),
    }


def _due(variables: Variables, made: Mapping[str, Sequence[comparing.Item]], found: Found) -> dict[str, list[Any]]:
    """What is not as wanted, and what has to be told to AWX again."""
    due: dict[str, list[Any]] = {kind: comparing.unlike(kind, made.get(kind, ()), found) for kind in _KINDS}
    due["organizations"] = [one for one in due["organizations"] if _may_keep(one["name"], found, variables["name"])]
    inputs = {**variables["credentials"], held.SECRETS: variables["secrets"]}
    if variables["update_secrets"]:
        due["notification_templates"] = list(made.get("notification_templates", ()))
    if variables["project_sync"]:
        due["projects"] = list(made.get("projects", ()))
    due["credentials"] = [
        one
        for one in made.get("credentials", ())
        if variables["update_secrets"] or comparing.credential_unlike(one, inputs[one["key"]], found)
    ]
    due["nodes"] = [
        node
        for workflow in made.get("workflow_job_templates", ())
        if comparing.nodes_unlike(workflow["name"], _nodes_of(made, workflow["name"]), found)
        for node in _nodes_of(made, workflow["name"])
    ]
    return due


def _nodes_of(made: Mapping[str, Sequence[Mapping[str, Any]]], workflow: str) -> list[Mapping[str, Any]]:
    return [node for node in made["nodes"] if node["workflow"] == workflow]


def _waiting(made: Mapping[str, Sequence[Mapping[str, Any]]], found: Found) -> dict[tuple[str, str], str]:
    """A sentence for what awx.awx cannot rehearse: what is not there, and what refers to such."""
    waiting: dict[tuple[str, str], str] = {}
    for kind, items in made.items():
        for item in items if kind != "nodes" else ():
            if not ownership.there(found, kind, item["name"]):
                waiting[kind, item["name"]] = f"{kind} {item['name']!r} would be made"
            elif any(tuple(one) in waiting for one in item.get("refers", ())):
                waiting[kind, item["name"]] = f"{kind} {item['name']!r} would be changed"
    return waiting


def _may_keep(organization: str, found: Found, name: str) -> bool:
    """One that others have made is used as it is."""
    return all(ownership.ours(item, name) for item in found.get("organizations", ()) if item["name"] == organization)
