"""What AWX is told: completed surveys, complaints without secrets, and whose an object is."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.omnimind.platform.plugins.module_utils.awx import ownership, plan, surveys, templates
from ansible_collections.omnimind.platform.plugins.module_utils.awx.answers import listed
from ansible_collections.omnimind.platform.plugins.module_utils.awx.connection import connection_complaints
from unit.awx.brought import BROUGHT, OPTIONS

SECRET = "such-a-secret"
KEY = "\n".join([f"-----{word} PRIVATE KEY-----" if word else "c2VjcmV0" for word in ("BEGIN", "", "END")])
GOOD: dict[str, Any] = {
    "state": "present",
    "organization": "Us",
    "name": "Us",
    "project_url": "https://git.example.com/platform.git",
    "project_branch": "main",
    "project_update_on_launch": False,
    "project_sync": False,
    "galaxy_credentials": [],
    "inventories": {"hosts": "inventories/vms", "kubernetes": "inventories/kubernetes"},
    "image": "ee:1",
    "image_pull": "missing",
    "credentials": {
        "machine": {"username": "deploy", "ssh_key_data": KEY},
        "kubernetes": {"host": "https://192.0.2.1", "bearer_token": SECRET},
    },
    "secrets": {"vault_redis_password": SECRET},
    "update_secrets": False,
    "more_templates": {},
    "approval_timeout": 0,
    "slack_token": "",
    "slack_channels": [],
    "slack_successes": False,
}


def made(found: dict[str, Any] | None = None, check: bool = False, **changed: Any) -> dict[str, Any]:
    return plan.plan({**GOOD, **changed}, BROUGHT, OPTIONS, found or {}, check)


def complaints(**changed: Any) -> list[str]:
    return list(plan.complaints({**GOOD, **changed}, BROUGHT, OPTIONS))


def test_good_variables_are_not_complained_of() -> None:
    assert complaints() == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"project_url": ""}, "project_url: it is empty"),
        ({"project_url": "git@git.example.com:platform.git"}, "source_control is missing"),
        ({"image": ""}, "image: it is empty"),
        (
            {"credentials": {"kubernetes": GOOD["credentials"]["kubernetes"]}},
            "machine is missing, without which 'Roll out",
        ),
        ({"credentials": {"machine": GOOD["credentials"]["machine"]}}, "kubernetes is missing"),
        ({"credentials": {**GOOD["credentials"], "machine": {"username": "deploy"}}}, "machine lacks a value"),
        ({"credentials": {**GOOD["credentials"], "machine": {"ssh_key_data": SECRET}}}, "is no private key"),
        ({"credentials": {**GOOD["credentials"], "moon": {}}}, "moon is none of"),
        ({"secrets": {"vault_redis_password": ""}}, "vault_redis_password is empty"),
        ({"secrets": {"vault-redis": SECRET}}, "vault-redis is not the name"),
        ({"slack_token": SECRET}, "slack_token and slack_channels"),
        ({"inventories": {"hosts": "/etc/hosts"}}, "path in the project"),
        ({"more_templates": {"own": {"title": "Own"}}}, "own lacks"),
        (
            {
                "more_templates": {
                    "verify": {**BROUGHT["templates"]["verify"], "survey": [{"variable": "moon", "question": "?"}]}
                }
            },
            "moon is a variable of no role",
        ),
        (
            {"more_templates": {"own": {**BROUGHT["templates"]["verify"], "inventory": "moon"}}},
            "inventory moon, which is not in awx_inventories",
        ),
    ],
)
def test_what_cannot_be_right_is_refused_without_a_secret(changed: dict[str, Any], words: str) -> None:
    found = complaints(**changed)
    assert any(words in text for text in found), found
    assert SECRET not in str(found)


def test_without_an_inventory_its_templates_and_credentials_are_not_wanted() -> None:
    changed = {"inventories": {"hosts": "inventories/vms"}, "credentials": {"machine": GOOD["credentials"]["machine"]}}
    assert complaints(**changed) == []
    assert not [one for one in made(**changed)["job_templates"] if one["inventory"] != "Us hosts"]


def test_no_value_of_a_secret_is_in_the_plan() -> None:
    assert SECRET not in str(made(slack_token=SECRET, slack_channels=["platform"]))


def test_what_refers_to_something_new_is_announced_in_check_mode() -> None:
    """awx.awx would look for it by name, and fail."""
    project = {"name": "Us playbooks", "description": ownership.marked("Playbooks and inventories.", "Us")}
    told = made({"projects": [{**project, "summary_fields": {}}]}, check=True)
    assert "projects 'Us playbooks' would be made" not in told["announced"]
    assert "inventories 'Us hosts' would be made" in told["announced"]
    assert not any(told[kind] for kind in ("job_templates", "workflow_job_templates", "nodes", "inventories"))


def test_an_object_of_others_is_complained_of_and_never_leaves() -> None:
    theirs = {"name": "Us: Verify the platform", "description": "theirs", "summary_fields": {}, "told": {}}
    told = made({"job_templates": [theirs]})
    assert "AWX has 'Us: Verify the platform' already" in told["complaints"][0]
    assert made({"job_templates": [theirs]}, state="absent")["leaving"]["job_templates"] == []


def test_ours_of_another_name_stays() -> None:
    """Two platforms in one AWX, of which one's name begins with the other's."""
    other = {"name": "Us too: Old", "description": ownership.marked("Old.", "Us too")}
    own = {"name": "Us: Old", "description": ownership.marked("Old.", "Us")}
    assert [one["name"] for one in made({"job_templates": [other, own]})["leaving"]["job_templates"]] == ["Us: Old"]


def test_an_organization_with_something_of_others_in_it_stays() -> None:
    ours = {"id": 1, "name": "Us", "description": ownership.marked("The platform.", "Us"), "summary_fields": {}}
    theirs = {"name": "theirs", "description": "", "organization": 1}
    assert made({"organizations": [ours]}, state="absent")["leaving_organizations"] == ["Us"]
    assert made({"organizations": [ours], "credentials": [theirs]}, state="absent")["leaving_organizations"] == []
    assert made({"organizations": [{**ours, "description": ""}]}, state="absent")["leaving_organizations"] == []


def test_steps_are_made_last_first_and_an_approval_is_linked_on_its_own() -> None:
    nodes = templates.workflow_nodes(
        BROUGHT["workflows"]["roll_out"]["nodes"], BROUGHT["templates"], "Us", "Us playbooks", 0
    )
    assert [node["identifier"] for node in nodes] == ["verify", "roll_out", "approve", "approve", "rehearse", "sync"]
    assert not any("approval_node" in node and "success_nodes" in node for node in nodes)


def test_a_question_has_everything_that_awx_keeps() -> None:
    option = {
        "type": "list",
        "elements": "str",
        "choices": ["a", "b"],
        "default": ["a", "b"],
        "description": "Which. More.",
    }
    assert surveys.survey([{"variable": "x", "question": "Which?"}], {"x": option})["spec"] == [
        {
            "question_name": "Which?",
            "question_description": "Which.",
            "variable": "x",
            "type": "multiselect",
            "required": False,
            "choices": ["a", "b"],
            "min": None,
            "max": None,
            "default": "a\nb",
        }
    ]


@pytest.mark.parametrize("kind", ["dict", "raw"])
def test_what_awx_cannot_ask_for_is_refused(kind: str) -> None:
    assert "AWX cannot ask for" in next(surveys.unasked([{"variable": "x", "question": "?"}], {"x": {"type": kind}}))


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        ("", []),
        (None, []),
        ("a", ["a"]),
        ("a, b,c", ["a", "b", "c"]),
        ("a\nb\r\n", ["a", "b"]),
        (["a", "b c"], ["a", "b c"]),
    ],
)
def test_names_in_one_text(answer: Any, parts: list[str]) -> None:
    assert listed(answer) == parts


def test_a_connection_is_given_by_variable_or_environment() -> None:
    given = {"controller_host": "https://awx.example.com", "controller_oauthtoken": SECRET}
    assert list(connection_complaints(given, {})) == []
    assert list(connection_complaints({}, {name.upper(): value for name, value in given.items()})) != []
    assert list(connection_complaints({}, {"CONTROLLER_HOST": "a", "CONTROLLER_OAUTH_TOKEN": SECRET})) == []
    assert "CONTROLLER_HOST" in next(connection_complaints({}, {}))
    assert "make a token" in [*connection_complaints({"controller_host": "a"}, {})][0]
    assert "host is no part" in next(connection_complaints({**given, "host": ""}, {}))


def test_secrets_are_sent_again_only_when_that_is_asked_for() -> None:
    """AWX shows that there is one, and not which."""
    login = {"username": "deploy", "ssh_key_data": "$encrypted$"}
    there = {
        "name": "Us SSH",
        "description": ownership.marked("A login or secrets of the platform.", "Us"),
        "inputs": login,
        "summary_fields": {"organization": {"name": "Us"}, "credential_type": {"name": "Machine"}},
    }
    assert "Us SSH" not in [one["name"] for one in made({"credentials": [there]})["credentials"]]
    assert "Us SSH" in [one["name"] for one in made({"credentials": [there]}, update_secrets=True)["credentials"]]
    renamed = {**there, "inputs": {**login, "username": "root"}}
    assert "Us SSH" in [one["name"] for one in made({"credentials": [renamed]})["credentials"]]
