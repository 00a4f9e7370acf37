"""Objects as the API shows them."""

from __future__ import annotations

import copy
from typing import Any

from .credentials import shown_inputs
from .kinds import KINDS
from .notifications import shown_configuration
from .store import Object, Store

_PARTS = {
    "job_templates": ("launch", "survey_spec"),
    "workflow_job_templates": ("launch", "survey_spec", "workflow_nodes"),
    "projects": ("update", "playbooks"),
    "workflow_job_template_nodes": ("create_approval_template",),
}
_COUNTED = ("inventories", "projects", "job_templates")


def url(item: Object) -> str:
    return f"/api/v2/{item['kind_of']}/{item['id']}/"


def shown(store: Store, item: Object) -> dict[str, Any]:
    """The object with its relations; secrets are not in it."""
    kind = item["kind_of"]
    description = KINDS[kind]
    hidden = ("kind_of", "associated", "survey_spec", "playbook_files")
    content = {name: copy.deepcopy(value) for name, value in item.items() if name not in hidden}
    related = {part: f"{url(item)}{part}/" for part in (*_PARTS.get(kind, ()), *description.associations)}
    summary: dict[str, Any] = {}
    for name, field in description.fields.items():
        other = store.find(field.kind, item[name]) if field.kind and item[name] else None
        if other:
            related[name] = url(other)
            summary[name] = {key: other.get(key) for key in ("id", "name", "description")}
    if kind == "credentials":
        content["inputs"] = shown_inputs(store, item)
    if kind == "notification_templates":
        content["notification_configuration"] = shown_configuration(item)
    if kind == "organizations":
        summary["related_field_counts"] = {**_counts(store, item), "teams": 0, "users": 0, "admins": 0}
    if kind == "projects" and item["status"] in ("pending", "running"):
        summary["current_update"] = {"id": item["update"], "status": item["status"]}
    if kind == "job_templates":
        summary["credentials"] = [
            {key: one[key] for key in ("id", "name")}
            for one in store.all("credentials")
            if one["id"] in item["associated"]["credentials"]
        ]
    if kind == "workflow_job_template_nodes":
        content |= {name: list(numbers) for name, numbers in item["associated"].items()}
        approval = store.objects["workflow_approval_templates"].get(item["unified_job_template"])
        if approval:
            summary["unified_job_template"]["timeout"] = approval["timeout"]
    return {**content, "type": description.type, "url": url(item), "related": related, "summary_fields": summary}


def _counts(store: Store, organization: Object) -> dict[str, int]:
    return {kind: sum(one["organization"] == organization["id"] for one in store.all(kind)) for kind in _COUNTED}
