# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that AWX shall hold, compared with what it holds by name and by owner.

Here it is decided what is handed to awx.awx, what goes, and what is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.omnimind.platform.plugins.module_utils.awx import comparing, ownership, templates
from ansible_collections.omnimind.platform.plugins.module_utils.awx import credentials as held
from ansible_collections.omnimind.platform.plugins.module_utils.awx.ownership import Found, marked

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
    made = {} if variables["state"] == "absent" else _made(variables, brought, options)
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
        for node in _nodes_of(made, workflow["name"])
        if comparing.nodes_unlike(workflow["name"], _nodes_of(made, workflow["name"]), found)
    ]
    return due


def _made(
    variables: Variables, brought: Mapping[str, Any], options: templates.Options
) -> dict[str, list[dict[str, Any]]]:
    """Every object, by kind in the order of making. `refers` are kinds and names of those that it must find."""
    names = _Names(
        variables,
        templates.wanted_templates(brought["templates"], variables["more_templates"], variables["inventories"]),
    )
    return {
        "organizations": [
            {
                **names.named(names.organization, "The platform."),
                "galaxy_credentials": variables["galaxy_credentials"],
            }
        ],
        "credential_types": [
            {
                **names.named(names.credential[key], "Secrets of the platform, as variables."),
                **held.secrets_type(variables["secrets"]),
            }
            for key in names.credential
            if key == held.SECRETS
        ],
        "credentials": [_credential(key, names) for key in names.credential],
        "execution_environments": [
            {
                **names.owned(names.environment, "What jobs run in."),
                "image": variables["image"],
                "pull": variables["image_pull"],
                **_with_credential("registry", names),
            }
        ],
        "projects": [
            {
                **names.owned(names.project, "Playbooks and inventories."),
                "scm_type": "git",
                "scm_url": variables["project_url"],
                "scm_branch": variables["project_branch"],
                "scm_update_on_launch": variables["project_update_on_launch"],
                **_with_credential("source_control", names),
            }
        ],
        "inventories": [
            {**names.owned(f"{names.name} {key}", "Hosts, as the project says."), "kind": ""}
            for key in variables["inventories"]
        ],
        "inventory_sources": [
            _source(f"{names.name} {key}", path, names) for key, path in variables["inventories"].items()
        ],
        "notification_templates": [
            {**names.named(slack, "Who is told."), "channels": variables["slack_channels"]} for slack in names.slack
        ],
        "job_templates": [_job_template(template, names, options) for template in names.templates.values()],
        **_workflows(brought["workflows"], names),
    }


class _Names:
    """What everything is called.

    Attributes:
        templates: job templates by key, as described.
        credential: names of credentials by key, of those that there are values for.
        slack: the notification, or none.
    """

    def __init__(self, variables: Variables, wanted: Mapping[str, templates.Template]) -> None:
        self.variables, self.templates = variables, wanted
        self.name, self.organization = variables["name"], variables["organization"]
        self.project, self.environment = f"{self.name} playbooks", f"{self.name} environment"
        self.slack = [f"{self.name} Slack"] if variables["slack_token"] else []
        given = held.given(variables["credentials"], variables["secrets"])
        self.credential = {key: held.credential_name(key, self.name, variables["secrets"]) for key in given}

    def named(self, name: str, description: str) -> dict[str, Any]:
        return {"name": name, "description": marked(description, self.name)}

    def owned(self, name: str, description: str) -> dict[str, Any]:
        return {**self.named(name, description), "organization": self.organization}

    def told(self, *more: str) -> dict[str, list[str]]:
        """Who is told of what."""
        successes = self.slack if self.variables["slack_successes"] else []
        return {
            "notification_templates_error": self.slack,
            "notification_templates_success": successes,
            **{kind: self.slack for kind in more},
        }


def _credential(key: str, names: _Names) -> dict[str, Any]:
    return {
        **names.owned(names.credential[key], "A login or secrets of the platform."),
        "key": key,
        "type": held.credential_type_name(key, names.name, names.variables["secrets"]),
        "refers": [("credential_types", names.credential[key])] if key == held.SECRETS else [],
    }


def _with_credential(key: str, names: _Names) -> dict[str, Any]:
    name = names.credential.get(key, "")
    return {"credential": name, "refers": [("credentials", name)] if name else []}


def _source(inventory: str, path: str, names: _Names) -> dict[str, Any]:
    return {
        **names.named(inventory, "Read anew before each job, from the project as it is."),
        "inventory": inventory,
        "source": "scm",
        "source_project": names.project,
        "source_path": path,
        "overwrite": True,
        "overwrite_vars": True,
        "update_on_launch": True,
        "refers": [("inventories", inventory), ("projects", names.project)],
    }


def _job_template(template: templates.Template, names: _Names, options: templates.Options) -> dict[str, Any]:
    made = templates.job_template(template, names.name, options)
    taken = sorted(names.credential[key] for key in held.OF_JOBS if key in names.credential and _takes(template, key))
    return {
        **made,
        "organization": names.organization,
        "project": names.project,
        "execution_environment": names.environment,
        "credentials": taken,
        "told": names.told(),
        "refers": [
            ("projects", names.project),
            ("execution_environments", names.environment),
            ("inventories", made["inventory"]),
            *_all("notification_templates", names.slack),
            *_all("credentials", taken),
        ],
    }


def _workflows(workflows: Mapping[str, Any], names: _Names) -> dict[str, list[dict[str, Any]]]:
    """Workflows of which every template is there, and their nodes."""
    flows = {
        f"{names.name}: {workflow['title']}": workflow
        for workflow in workflows.values()
        if templates.possible(workflow["nodes"], names.templates)
    }
    timeout = names.variables["approval_timeout"]
    return {
        "workflow_job_templates": [
            {
                **names.owned(flow, workflow["description"]),
                "allow_simultaneous": False,
                "told": names.told("notification_templates_approvals"),
                "refers": [
                    ("projects", names.project),
                    *_all("notification_templates", names.slack),
                    *_all("job_templates", _templates_of(workflow, names)),
                ],
            }
            for flow, workflow in flows.items()
        ],
        "nodes": [
            {"name": f"{flow} {node['identifier']}", "workflow": flow, **node}
            for flow, workflow in flows.items()
            for node in templates.workflow_nodes(workflow["nodes"], names.templates, names.name, names.project, timeout)
        ],
    }


def _all(kind: str, names: Sequence[str]) -> list[tuple[str, str]]:
    return [(kind, name) for name in names]


def _takes(template: templates.Template, key: str) -> bool:
    """Logins are given to those that need them, secrets to all."""
    return key in template.get("needs", ["machine"]) or key in ("vault", held.SECRETS)


def _templates_of(workflow: Mapping[str, Any], names: _Names) -> list[str]:
    chosen = [names.templates[node["template"]] for node in workflow["nodes"] if "template" in node]
    return [templates.template_name(template, names.name) for template in chosen]


def _nodes_of(made: Mapping[str, Sequence[Mapping[str, Any]]], workflow: str) -> list[Mapping[str, Any]]:
    return [node for node in made["nodes"] if node["workflow"] == workflow]


def _waiting(made: Mapping[str, Sequence[Mapping[str, Any]]], found: Found) -> dict[tuple[str, str], str]:
    """A sentence for what awx.awx cannot rehearse: what is not there, and what refers to such."""
    waiting: dict[tuple[str, str], str] = {}
    for kind, items in made.items():
        for item in items if kind != "nodes" else ():
            if not ownership.there(found, kind, item["name"]):
                waiting[kind, item["name"]] = f"{kind}: {item['name']!r} would be made"
            elif any(tuple(one) in waiting for one in item.get("refers", ())):
                waiting[kind, item["name"]] = f"{kind}: {item['name']!r} would be changed"
    return waiting


def _may_keep(organization: str, found: Found, name: str) -> bool:
    """One that others have made is used as it is."""
    return all(ownership.ours(item, name) for item in found.get("organizations", ()) if item["name"] == organization)
