"""What an object must be before AWX keeps it."""

from __future__ import annotations

import copy
import json
from typing import Any

from . import credentials, notifications
from .errors import ApiError, invalid
from .kinds import KINDS, Field
from .store import Object, Store


def checked(store: Store, kind: str, body: dict[str, Any], old: Object | None = None) -> Object:
    """The fields of an object that is made or changed by a request."""
    content = {}
    for name, field in KINDS[kind].fields.items():
        if name in body:
            content[name] = _value(store, name, field, body[name])
        elif old is not None:
            content[name] = copy.deepcopy(old[name])
        elif field.required:
            raise invalid(name, "This field is required.")
        else:
            content[name] = copy.deepcopy(field.default)
    _check_kind(store, kind, content, old)
    _check_unique(store, kind, content, old)
    return content


def _value(store: Store, name: str, field: Field, value: Any) -> Any:
    if field.kind:
        if value in (None, "") and not field.required:
            return None
        if store.find(field.kind, value) is None:
            raise invalid(name, f'Invalid pk "{value}" - object does not exist.')
        return value
    if value is None and field.type is str:
        raise invalid(name, "This field may not be null.")
    if not isinstance(value, field.type) or (isinstance(value, bool) and field.type is int):
        raise invalid(name, f"Not a valid value: {value!r}")
    if field.required and value == "":
        raise invalid(name, "This field may not be blank.")
    if field.choices and value not in (*field.choices, "", None):
        raise invalid(name, f'"{value}" is not a valid choice.')
    return copy.deepcopy(value)


def _check_unique(store: Store, kind: str, content: Object, old: Object | None) -> None:
    unique = KINDS[kind].unique
    if unique == ("id",):
        return
    for other in store.objects[kind].values():
        if other is not old and all(other[name] == content[name] for name in unique):
            raise ApiError(400, {"__all__": [f"{KINDS[kind].type} with this {' and '.join(unique)} already exists."]})


def _check_kind(store: Store, kind: str, content: Object, old: Object | None) -> None:
    if kind == "credential_types":
        credentials.check_type(store, content, old)
    elif kind == "credentials":
        credentials.check_credential(store, content, old)
    elif kind == "notification_templates":
        notifications.check_notification(content, old)
    elif kind == "job_templates":
        _check_template(store, content)
    elif kind == "projects":
        _check_project(store, content)
    elif kind == "inventory_sources" and content["source"] == "scm" and not content["source_project"]:
        raise invalid("source_project", "Project required for scm type sources.")
    elif kind == "workflow_job_template_nodes":
        _check_node(store, content)


def _check_template(store: Store, content: Object) -> None:
    project = store.find("projects", content["project"])
    if project is None:
        raise invalid("project", "Job Templates must have a project assigned.")
    if content["inventory"] is None and not content["ask_inventory_on_launch"]:
        raise invalid("inventory", "You must either set a default value or ask to prompt on launch.")
    if not content["playbook"]:
        raise invalid("playbook", "Must select playbook for project.")
    if content["playbook"] not in project["playbook_files"] and not project["allow_override"]:
        raise invalid("playbook", "Playbook not found for project.")
    if content["extra_vars"]:
        json.loads(content["extra_vars"])
    # AWX takes it from the project, whatever is sent.
    content["organization"] = project["organization"]


def _check_project(store: Store, content: Object) -> None:
    if content["scm_type"] and not content["scm_url"]:
        raise invalid("scm_url", "This field is required.")
    credential = store.find("credentials", content["credential"])
    kind = store.find("credential_types", credential["credential_type"]) if credential else None
    if kind and kind["kind"] != "scm":
        raise invalid("credential", "Credential kind must be 'scm'.")


def _check_node(store: Store, content: Object) -> None:
    template = store.find("unified_job_templates", content["unified_job_template"])
    if content["job_type"] and template and not template.get("ask_job_type_on_launch"):
        raise invalid("job_type", "Field is not configured to prompt on launch.")
