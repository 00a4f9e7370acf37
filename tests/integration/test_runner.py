"""A Redis Cluster rolled out as AWX does it: by ansible-runner, in the execution environment, over SSH."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hosts.machine import require
from integration.execution_environments import image
from integration.runner import PASSPHRASE, PASSWORD, Controller, Job

# Answers of a survey, each with the type that AWX gives it.
ANSWERS = {
    "redis_cluster_password": PASSWORD,
    "redis_cluster_ports": [7000, 7001],
    "redis_cluster_replicas": 1,
    "redis_cluster_anti_affinity": "required",
    "redis_cluster_node_timeout": 3000,
}
NODES = {f"198.18.51.1{host}:{port}" for host in (1, 2, 3) for port in (7000, 7001)}


@pytest.fixture(scope="module")
def controller(docker: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Controller]:
    require(**{"ssh-keygen": "openssh-client"})
    with image(docker):
        controller = Controller(docker, tmp_path_factory.mktemp("controller"))
        try:
            controller.start()
            yield controller
        finally:
            controller.stop()


@pytest.fixture(scope="module")
def refused(controller: Controller) -> Job:
    """More replicas than there are nodes for, and a variable that the role does not have."""
    wrong = {**ANSWERS, "redis_cluster_replicas": 7, "redis_cluster_replica": 1}
    return controller.stream("redis", wrong)


@pytest.fixture(scope="module")
def prepared(controller: Controller, refused: Job) -> Job:
    """Nodes run, each for itself: what AWX calls a job with skipped tags."""
    return controller.run("redis", ANSWERS, "--skip-tags", "redis_cluster_form,redis_cluster_verify")


@pytest.fixture(scope="module")
def planned(controller: Controller, prepared: Job) -> Job:
    return controller.run("redis", ANSWERS, "--check", "--diff")


@pytest.fixture(scope="module")
def formed(controller: Controller, planned: Job) -> Job:
    return controller.stream("redis", ANSWERS)


@pytest.fixture(scope="module")
def repeated(controller: Controller, formed: Job) -> Job:
    return controller.run("redis", ANSWERS)


@pytest.fixture(scope="module")
def reported(controller: Controller, formed: Job) -> Job:
    return controller.stream("redis_report", {**ANSWERS, "redis_cluster_report_keep": True})


def acts(job: Job) -> list[dict[str, Any]]:
    """The plan that the job's events carry."""
    (result,) = job.results("redis_cluster")
    return result["plan"]


def test_a_bad_answer_is_refused(refused: Job) -> None:
    assert refused.rc != 0
    assert "redis_cluster_replicas" in refused.failures and "redis_cluster_replica " in refused.failures
    assert refused.stats["failures"] and not refused.stats["changed"]


def test_events_carry_the_plan(prepared: Job, planned: Job) -> None:
    assert prepared.rc == 0, prepared.output
    assert planned.rc == 0, planned.output
    plan = acts(planned)
    owned = {act["node"] for act in plan if act["action"] == "own"}
    follow = {act["node"]: act["master"] for act in plan if act["action"] == "follow"}
    assert len(owned) == len(follow) == 3 and owned | follow.keys() == NODES
    assert all(node.split(":")[0] != master.split(":")[0] for node, master in follow.items())


def test_the_plan_is_what_happens(planned: Job, formed: Job, record_property: Any) -> None:
    assert formed.rc == 0, formed.output
    assert acts(formed) == acts(planned)
    (result,) = formed.results("redis_cluster")
    assert result["cluster"]["healthy"]
    record_property("measured", f"cluster of six nodes formed from an execution environment: {result['elapsed_ms']} ms")


def test_a_second_run_changes_nothing(repeated: Job) -> None:
    assert repeated.rc == 0, repeated.output
    assert repeated.stats["changed"] == {}
    assert repeated.stats["ok"].keys() == {"host1", "host2", "host3"}
    assert acts(repeated) == []


def test_the_report_is_an_artifact(reported: Job) -> None:
    assert reported.rc == 0, reported.output
    artifacts = reported.stats["artifact_data"]
    figures = artifacts["redis_cluster_figures"]
    assert figures["healthy"] and (figures["shards"], figures["nodes_alive"]) == (3, 6)
    page = artifacts["redis_cluster_report"]
    assert page.startswith("<!DOCTYPE html>") and all(node in page for node in NODES)


@pytest.mark.parametrize("secret", [PASSWORD, PASSPHRASE, "OPENSSH PRIVATE KEY"])
def test_no_artifact_holds_a_secret(
    secret: str, refused: Job, prepared: Job, planned: Job, formed: Job, repeated: Job, reported: Job
) -> None:
    """Neither events nor output, nor the command that is kept with them."""
    for job in (refused, prepared, planned, formed, repeated, reported):
        assert job.files_with("redis_cluster"), "artifacts are where they are looked for"
        assert job.files_with(secret) == []
