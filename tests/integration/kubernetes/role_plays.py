"""Roles played against a cluster, as a user plays them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from integration.ansible_run import run
from integration.kubernetes.cluster import Cluster

_NAMED = ("created", "replaced", "removed", "labels")


@dataclass(frozen=True)
class Played:
    """What became of every task of a play, by its name without the role's."""

    tasks: dict[str, dict[str, Any]]
    output: str

    @property
    def failure(self) -> str:
        """The message of the task that failed; empty when none did."""
        return next((str(one.get("msg")) for one in self.tasks.values() if one.get("failed")), "")

    @property
    def changed(self) -> list[str]:
        return [name for name, one in self.tasks.items() if one.get("changed")]

    @property
    def done(self) -> dict[str, dict[str, Any]]:
        """By tasks that changed something, what they say of it."""
        return {name: {key: self.tasks[name].get(key) for key in _NAMED} for name in self.changed}


def play_role(
    cluster: Cluster, tmp_path: Path, role: str, *options: str, kubeconfig: Path | None = None, **variables: Any
) -> Played:
    """Play a role with these of its variables, whose names are without the role's."""
    playbook = tmp_path / f"{role}.yml"
    given = {f"{role}_{name}": value for name, value in variables.items()}
    play = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}", **given},
        "roles": [f"omnimind.platform.{role}"],
    }
    playbook.write_text(yaml.safe_dump([play]))
    done = run(
        ["ansible-playbook", "-i", "localhost,", str(playbook), *options],
        ANSIBLE_STDOUT_CALLBACK="ansible.posix.json",
        K8S_AUTH_KUBECONFIG=str(kubeconfig or cluster.kubeconfig),
        TMPDIR=str(tmp_path),
    )
    assert "{" in done.stdout, done.stdout + done.stderr
    told = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{\n") :])[0]
    tasks = {
        task["task"]["name"].rpartition(" : ")[2]: task["hosts"]["localhost"]
        for one in told["plays"]
        for task in one["tasks"]
        if "localhost" in task["hosts"]
    }
    return Played(tasks, done.stdout + done.stderr)
