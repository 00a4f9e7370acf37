# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All objects that AWX shall hold, by kind, under the names that they have there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.omnimind.platform.plugins.module_utils.awx import credentials as held
from ansible_collections.omnimind.platform.plugins.module_utils.awx import templates
from ansible_collections.omnimind.platform.plugins.module_utils.awx.ownership import marked

Variables = Mapping[str, Any]


def wanted_objects(
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
