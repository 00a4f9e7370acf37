"""The platform in AWX from nothing to all of it and back, one step after the other."""

from __future__ import annotations

import json
from typing import Any

from integration.awx.client import Awx
from integration.awx.platform import IMAGE, REPOSITORY, WANTED, Platform, changed, only
from integration.waiting import eventually

TITLES = {template["title"] for template in WANTED.values()}
FOREIGN, DRAIN, REPORT = "of others", "Empty nodes of Kubernetes", "Report on the Redis Cluster"
KINDS = (
    "job_templates", "workflow_job_templates", "inventories", "projects", "execution_environments", "credentials",
    "credential_types", "notification_templates", "organizations",
)  # fmt: skip


def test_check_mode_tells_and_does_nothing(platform: Platform) -> None:
    done = platform.run("--check")
    assert changed(done) == ["What would be made is told"]
    told = " ".join(done.stdout.replace("''", "'").split())
    for title in TITLES:
        assert f"job_templates '{platform.called(title)}' would be made" in told
    assert not any(platform.ours(kind) for kind in KINDS)


def test_first_run_makes_all_of_it(platform: Platform, awx: Awx) -> None:
    assert changed(platform.run())
    assert platform.ours("job_templates") == TITLES
    assert platform.ours("workflow_job_templates") == {"Roll out with approval"}
    assert platform.ours("inventories") == {"hosts", "kubernetes"}
    assert platform.ours("credentials") >= {"SSH", "Vault", "Kubernetes"}
    assert awx.one("execution_environments", f"{platform.name} environment")["image"] == IMAGE
    project = awx.one("projects", f"{platform.name} playbooks")
    assert (project["scm_url"], project["scm_update_on_launch"]) == (REPOSITORY, False)
    sources = {one["source_path"] for one in awx.all("inventory_sources", name__startswith=platform.name)}
    assert sources == {"inventories/vms", "inventories/kubernetes"}


def test_templates_have_the_credentials_that_they_need(platform: Platform) -> None:
    """And no secret in a variable of theirs."""
    for title, login in (("Verify the platform", "SSH"), (DRAIN, "Kubernetes")):
        template = platform.template(title)
        names = {
            one["name"].removeprefix(platform.name).split()[0] for one in template["summary_fields"]["credentials"]
        }
        assert names == {login, "Vault", "secrets"}
        assert json.loads(template["extra_vars"]) == {}


def test_secrets_reach_jobs_as_variables(platform: Platform, awx: Awx) -> None:
    (kind,) = awx.all("credential_types", name__startswith=platform.name)
    assert kind["injectors"] == {
        "extra_vars": {name: f"{{{{ {name} }}}}" for name in platform.variables["awx_secrets"]}
    }
    assert all(field["secret"] for field in kind["inputs"]["fields"])
    for credential in awx.all("credentials", name__startswith=platform.name):
        assert platform.secret not in json.dumps(credential)


def test_workflow_waits_for_an_approval_before_it_changes_anything(platform: Platform, awx: Awx) -> None:
    workflow = awx.one("workflow_job_templates", platform.called("Roll out with approval"))
    nodes = {
        one["id"]: one for one in awx.all("workflow_job_template_nodes", workflow_job_template=str(workflow["id"]))
    }
    followers = {number for node in nodes.values() for number in node["success_nodes"]}
    (node,) = (one for one in nodes.values() if one["id"] not in followers)
    steps = [node]
    while node["success_nodes"]:
        (follower,) = node["success_nodes"]
        node = nodes[follower]
        steps.append(node)
    assert [one["identifier"] for one in steps] == ["sync", "rehearse", "approve", "roll_out", "verify"]
    assert [one["job_type"] for one in steps] == [None, "check", None, "run", None]
    assert "workflow_approval_templates" in steps[2]["related"]["unified_job_template"]


def test_who_is_told(platform: Platform, awx: Awx) -> None:
    def told(kind: str, name: str, what: str) -> list[str]:
        number = awx.one(kind, platform.called(name))["id"]
        return [one["name"] for one in awx.all(f"{kind}/{number}/notification_templates_{what}")]

    slack = [f"{platform.name} Slack"]
    assert told("job_templates", "Roll out the platform", "error") == slack
    assert told("job_templates", "Roll out the platform", "success") == []
    assert told("workflow_job_templates", "Roll out with approval", "approvals") == slack


def test_second_run_changes_nothing(platform: Platform, awx: Awx) -> None:
    """It asks AWX to read the project again, and asks modules for nothing else."""
    if awx.double:
        awx.double.forget_log()
    assert changed(platform.run()) == []
    if awx.double:
        assert awx.double.changes() == [f"POST /api/v2/projects/{_project(platform, awx)}/update/"]
        # The lookup, and the module of the project: none for anything else.
        assert awx.double.asked("/api/v2/organizations/") == 2


def test_answers_are_judged_before_a_job_starts(platform: Platform, awx: Awx) -> None:
    number = platform.template(DRAIN)["id"]
    assert awx.ask("GET", f"job_templates/{number}/launch")[1]["variables_needed_to_start"] == ["k8s_drain_nodes"]
    for answers, words in (
        ({}, "'k8s_drain_nodes' value missing"),
        ({"k8s_drain_nodes": ""}, "too small"),
        ({"k8s_drain_nodes": "a", "k8s_drain_timeout": 0}, "too small (must be at least 1)"),
        ({"k8s_drain_nodes": "a", "k8s_drain_timeout": 100000}, "too large"),
        ({"k8s_drain_nodes": "a", "k8s_drain_delete_emptydir_data": "maybe"}, "expected to be one of"),
    ):
        status, answer = awx.ask("POST", f"job_templates/{number}/launch", {"extra_vars": answers})
        assert status == 400 and words in str(answer["variables_needed_to_start"])


def test_a_job_has_answers_and_defaults_as_variables(platform: Platform, awx: Awx) -> None:
    """What nobody was asked for is ignored. Not of a real AWX, where a job would run."""
    if awx.double is None:
        return
    request = {"extra_vars": {"k8s_drain_nodes": "a, b", "k8s_drain_force": True}, "job_type": "check"}
    status, job = awx.ask("POST", f"job_templates/{platform.template(DRAIN)['id']}/launch", request)
    assert (status, job["job_type"], job["ignored_fields"]) == (201, "check", {"extra_vars": {"k8s_drain_force": True}})
    asked = {"k8s_drain_nodes": "a, b", "k8s_drain_timeout": 600, "k8s_drain_delete_emptydir_data": "false"}
    assert json.loads(job["extra_vars"]) == asked


def test_what_was_changed_by_hand_is_as_declared_again(platform: Platform, awx: Awx) -> None:
    """A survey is compared key by key; what is no longer wanted goes, what others made stays."""
    drain = platform.template(DRAIN)
    spec = awx.ask("GET", f"job_templates/{drain['id']}/survey_spec")[1]
    other = {**spec, "spec": [{**spec["spec"][0], "max": 5}, *spec["spec"][1:]]}
    assert awx.ask("POST", f"job_templates/{drain['id']}/survey_spec", other)[0] == 200
    copied = ("project", "inventory", "playbook", "job_type", "organization")
    foreign = {"name": platform.called(FOREIGN), **{name: drain[name] for name in copied}}
    assert awx.ask("POST", "job_templates", foreign)[0] == 201
    done = platform.run(awx_more_templates=only(*WANTED.keys() - {"redis_report"}))
    assert changed(done) == ["Templates are there", "Templates that nobody wants are gone"]
    assert awx.ask("GET", f"job_templates/{drain['id']}/survey_spec")[1] == spec
    assert platform.ours("job_templates") == (TITLES - {REPORT}) | {FOREIGN}


def test_a_secret_more_is_a_type_of_its_own(platform: Platform, awx: Awx) -> None:
    """AWX lets nobody change the fields of a type that is used: templates change over, and the old one goes."""
    before = platform.ours("credential_types")
    platform.variables["awx_secrets"] = {**platform.variables["awx_secrets"], "vault_grafana_password": platform.secret}
    platform.variables["awx_more_templates"] = only("verify", "kubernetes_drain")
    _remove_all_but(platform, awx, {"Verify the platform", DRAIN})
    assert changed(platform.run())
    (after,) = platform.ours("credential_types")
    assert {after} != before
    assert {after} < platform.ours("credentials")
    assert after in str(platform.template(DRAIN)["summary_fields"]["credentials"])


def test_absent_takes_all_of_it_away_and_nothing_of_others(platform: Platform, awx: Awx) -> None:
    assert changed(platform.run(awx_state="absent"))
    gone = [kind for kind in KINDS if kind not in ("job_templates", "organizations")]
    # A real AWX deletes some things later.
    assert eventually(lambda: not any(platform.ours(kind) for kind in gone), 60)
    assert platform.ours("job_templates") == {FOREIGN}
    foreign = platform.template(FOREIGN)
    assert awx.ask("DELETE", f"job_templates/{foreign['id']}")[0] == 204
    organization = ["The organization is gone, where nothing of others is in it"]
    assert changed(platform.run(awx_state="absent")) == organization
    assert eventually(lambda: not platform.ours("organizations"), 60)


def _project(platform: Platform, awx: Awx) -> Any:
    return awx.one("projects", f"{platform.name} playbooks")["id"]


def _remove_all_but(platform: Platform, awx: Awx, titles: set[str]) -> None:
    for template in awx.all("job_templates", name__startswith=platform.name):
        if template["name"] not in {platform.called(title) for title in titles | {FOREIGN}}:
            assert awx.ask("DELETE", f"job_templates/{template['id']}")[0] == 204
    for workflow in awx.all("workflow_job_templates", name__startswith=platform.name):
        assert awx.ask("DELETE", f"workflow_job_templates/{workflow['id']}")[0] == 204
