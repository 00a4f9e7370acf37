"""Plays of single tasks against a cluster, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from integration.ansible_run import run
from integration.kubernetes.cluster import Cluster, Object

MODULE = "kubernetes.core.k8s"


def play(cluster: Cluster, tmp_path: Path, *tasks: tuple[str, Object], check: bool = False) -> list[dict[str, Any]]:
    """The results of tasks, each a module with its arguments; none of them stops the play."""
    answers = tmp_path / "answers.json"
    steps: list[Object] = [
        {"name": f"Task {index}", module: arguments, "register": f"task{index}", "ignore_errors": True}
        for index, (module, arguments) in enumerate(tasks)
    ]
    told = "{{ [" + ", ".join(f"task{index}" for index in range(len(tasks))) + "] | to_json }}"
    copy = {"content": told, "dest": str(answers), "mode": "0600"}
    steps.append({"name": "Answers are kept", "ansible.builtin.copy": copy, "check_mode": False})
    playbook = tmp_path / "play.yml"
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    playbook.write_text(
        yaml.safe_dump(
            [{"hosts": "localhost", "gather_facts": False, "connection": "local", "vars": variables, "tasks": steps}]
        )
    )
    command = ["ansible-playbook", "-i", "localhost,", str(playbook), *(["--check"] if check else [])]
    # The client keeps what it has discovered in a file of everybody's directory.
    done = run(command, K8S_AUTH_KUBECONFIG=str(cluster.kubeconfig), TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(answers.read_text())


def here(manifest: Object, namespace: str) -> Object:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}
