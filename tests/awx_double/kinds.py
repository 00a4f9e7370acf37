"""The kinds of objects, with the fields that can be written. A field that is not known is ignored, as AWX does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

JOB_TYPES = ("run", "check")
ASKED = (
    "scm_branch", "diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory",
    "credential", "execution_environment", "labels", "forks", "job_slice_count", "timeout", "instance_groups",
)  # fmt: skip
NOTIFIED = ("notification_templates_started", "notification_templates_success", "notification_templates_error")


@dataclass(frozen=True)
class Field:
    """What a field holds.

    Attributes:
        type: of the value.
        default: of an object that is made without it.
        kind: of what it refers to, by id.
        cascade: whether the object goes with what it refers to; else the field becomes null.
    """

    type: type | tuple[type, ...] = str
    default: Any = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    kind: str = ""
    cascade: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of objects.

    Attributes:
        type: what `type` of an object says.
        unique: fields that no two objects have alike.
        associations: lists of other objects, with their kinds.
        deletion: the status code that answers a deletion.
    """

    type: str
    fields: dict[str, Field]
    unique: tuple[str, ...] = ("name",)
    associations: dict[str, str] = field(default_factory=dict)
    deletion: int = 204


NAME, TEXT, NO, ZERO = Field(required=True), Field(), Field(bool, False), Field(int, 0)
NAMED = {"name": NAME, "description": TEXT}


def _to(kind: str, required: bool = False, cascade: bool = False) -> Field:
    return Field(int, None, required, kind=kind, cascade=cascade)


_TEMPLATE = {
    **NAMED,
    "organization": _to("organizations"),
    "inventory": _to("inventories"),
    "extra_vars": TEXT,
    "limit": TEXT,
    "scm_branch": TEXT,
    "job_tags": TEXT,
    "skip_tags": TEXT,
    "survey_enabled": NO,
    "allow_simultaneous": NO,
    **{f"ask_{name}_on_launch": NO for name in ASKED},
}
_NOTIFICATIONS = {name: "notification_templates" for name in NOTIFIED}
_LINKS = {name: "workflow_job_template_nodes" for name in ("success_nodes", "failure_nodes", "always_nodes")}

KINDS = {
    "organizations": Kind(
        "organization",
        {**NAMED, "max_hosts": ZERO, "default_environment": _to("execution_environments")},
        associations=_NOTIFICATIONS
        | {"notification_templates_approvals": "notification_templates", "galaxy_credentials": "credentials"},
    ),
    "credential_types": Kind(
        "credential_type",
        {**NAMED, "kind": Field(required=True), "managed": NO, "inputs": Field(dict, {}), "injectors": Field(dict, {})},
        ("name", "kind"),
    ),
    "credentials": Kind(
        "credential",
        {
            **NAMED,
            "organization": _to("organizations", cascade=True),
            "credential_type": _to("credential_types", required=True),
            "inputs": Field(dict, {}),
        },
        ("name", "organization", "credential_type"),
    ),
    "execution_environments": Kind(
        "execution_environment",
        {
            **NAMED,
            "image": NAME,
            "pull": Field(choices=("always", "missing", "never")),
            "organization": _to("organizations", cascade=True),
            "credential": _to("credentials"),
        },
    ),
    "projects": Kind(
        "project",
        {
            **NAMED,
            "organization": _to("organizations", cascade=True),
            "scm_type": Field(choices=("git", "svn", "insights", "archive")),
            "scm_url": TEXT,
            "scm_branch": TEXT,
            "scm_update_on_launch": NO,
            "allow_override": NO,
            "credential": _to("credentials"),
            "default_environment": _to("execution_environments"),
        },
        ("name", "organization"),
        _NOTIFICATIONS,
    ),
    "inventories": Kind(
        "inventory",
        {
            **NAMED,
            "organization": _to("organizations", required=True, cascade=True),
            "kind": Field(choices=("smart", "constructed")),
            "host_filter": Field((str, type(None)), None),
            "variables": TEXT,
        },
        ("name", "organization"),
        deletion=202,
    ),
    "inventory_sources": Kind(
        "inventory_source",
        {
            **NAMED,
            "inventory": _to("inventories", required=True, cascade=True),
            "source": Field(required=True, choices=("file", "scm", "ec2", "constructed")),
            "source_project": _to("projects"),
            "source_path": TEXT,
            "overwrite": NO,
            "overwrite_vars": NO,
            "update_on_launch": NO,
        },
        ("name", "inventory"),
    ),
    "notification_templates": Kind(
        "notification_template",
        {
            **NAMED,
            "organization": _to("organizations", required=True, cascade=True),
            "notification_type": Field(required=True, choices=("slack",)),
            "notification_configuration": Field(dict, {}),
            "messages": Field((dict, type(None)), None),
        },
        ("name", "organization"),
    ),
    "job_templates": Kind(
        "job_template",
        {
            **_TEMPLATE,
            "job_type": Field(default="run", choices=JOB_TYPES),
            "project": _to("projects"),
            "playbook": TEXT,
            "execution_environment": _to("execution_environments"),
            "forks": ZERO,
            "verbosity": ZERO,
            "timeout": ZERO,
            "diff_mode": NO,
            "become_enabled": NO,
        },
        ("name", "organization"),
        _NOTIFICATIONS | {"credentials": "credentials"},
    ),
    "workflow_job_templates": Kind(
        "workflow_job_template",
        _TEMPLATE,
        ("name", "organization"),
        _NOTIFICATIONS | {"notification_templates_approvals": "notification_templates"},
    ),
    "workflow_job_template_nodes": Kind(
        "workflow_job_template_node",
        {
            "identifier": TEXT,
            "workflow_job_template": _to("workflow_job_templates", required=True, cascade=True),
            "unified_job_template": _to("unified_job_templates"),
            "extra_data": Field(dict, {}),
            "job_type": Field((str, type(None)), None, choices=JOB_TYPES),
            "all_parents_must_converge": NO,
        },
        ("identifier", "workflow_job_template"),
        _LINKS,
    ),
    "workflow_approval_templates": Kind("workflow_approval_template", {**NAMED, "timeout": ZERO}, ("id",)),
    "project_updates": Kind("project_update", {}, ("id",)),
    "jobs": Kind("job", {}, ("id",)),
}

# What can be a node of a workflow.
UNIFIED = ("job_templates", "workflow_job_templates", "projects", "inventory_sources", "workflow_approval_templates")


def members(kind: str) -> tuple[str, ...]:
    """Kinds whose objects an address of this kind shows."""
    return UNIFIED if kind == "unified_job_templates" else (kind,)
