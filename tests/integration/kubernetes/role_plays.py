"""Roles and playbooks played against a cluster, as a user plays them."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from integration.ansible_run import run
from integration.kubernetes.cluster import Cluster
from integration.warm_python import WarmPython

_NAMED = ("created", "replaced", "removed", "labels")


@dataclass(frozen=True)
class Played:
    """What became of every task of a play, by its name."""

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


@cache
def _python() -> Path:
    """Of all modules of all plays of this process."""
    directory = Path(tempfile.mkdtemp(prefix="warm"))
    atexit.register(shutil.rmtree, directory)
    python = WarmPython(directory)
    atexit.register(python.__exit__)
    return python.__enter__()


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
    played = play_playbook(cluster, tmp_path, playbook, "localhost,", *options, kubeconfig=kubeconfig)
    return Played({name.rpartition(" : ")[2]: one for name, one in played.tasks.items()}, played.output)


def play_playbook(
    cluster: Cluster, tmp_path: Path, playbook: Path, inventory: str, *options: str, kubeconfig: Path | None = None
) -> Played:
    """Play it for the only host of an inventory. Tasks are called as they are, with the role before them."""
    done = run(
        ["ansible-playbook", "-i", inventory, str(playbook), "-e", f"ansible_python_interpreter={_python()}", *options],
        ANSIBLE_STDOUT_CALLBACK="ansible.posix.json",
        K8S_AUTH_KUBECONFIG=str(kubeconfig or cluster.kubeconfig),
        TMPDIR=str(tmp_path),
    )
    assert "{" in done.stdout, done.stdout + done.stderr
    told = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{\n") :])[0]
    tasks = {
        task["task"]["name"]: result
        for one in told["plays"]
        for task in one["tasks"]
        for result in task["hosts"].values()
    }
    return Played(tasks, done.stdout + done.stderr)
