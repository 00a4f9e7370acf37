"""Launching a job template: what is asked, what is accepted, and with which variables the job would run."""

from __future__ import annotations

import json
from typing import Any

from .errors import ApiError
from .store import Object
from .surveys import errors_in


def questions(template: Object) -> list[dict[str, Any]]:
    return template["survey_spec"].get("spec", []) if template["survey_enabled"] else []


def needed(template: Object) -> dict[str, Any]:
    """What AWX says before a launch."""
    return {
        "variables_needed_to_start": [one["variable"] for one in questions(template) if one["required"]],
        "survey_enabled": bool(questions(template)),
        "ask_job_type_on_launch": template["ask_job_type_on_launch"],
    }


def launched(template: Object, request: dict[str, Any]) -> dict[str, Any]:
    """The job, with the variables of template, survey and answers, each before the one before it."""
    answers = request.get("extra_vars") or {}
    answers = json.loads(answers) if isinstance(answers, str) else answers
    spec = questions(template)
    errors = [text for element in spec for text in errors_in(element, answers)]
    if errors:
        raise ApiError(400, {"variables_needed_to_start": errors})
    asked = {element["variable"] for element in spec}
    accepted = {name: value for name, value in answers.items() if name in asked or template["ask_variables_on_launch"]}
    defaults = {
        element["variable"]: element["default"]
        for element in spec
        if element.get("default") is not None and not [*errors_in(element, {element["variable"]: element["default"]})]
    }
    job_type = request.get("job_type") if template.get("ask_job_type_on_launch") else None
    return {
        "name": template["name"],
        "status": "pending",
        "job_type": job_type or template.get("job_type", "run"),
        "playbook": template.get("playbook", ""),
        "extra_vars": json.dumps({**json.loads(template["extra_vars"] or "{}"), **defaults, **accepted}),
        "ignored_fields": {"extra_vars": {name: answers[name] for name in answers if name not in accepted}},
    }
