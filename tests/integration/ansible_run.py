"""Runs modules and playbooks as a user does, in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# What modules run with. Of managed hosts it may be an older one than ours.
MODULE_PYTHON = os.environ.get("MODULE_PYTHON", sys.executable)


def run_module(name: str, arguments: dict[str, Any], *options: str) -> dict[str, Any]:
    """The answer of a module on this host, `failed` in it as in a registered variable, and as `output` the
    text that a user sees: a diff is only there."""
    command = ["ansible", "localhost", "-m", f"omnimind.platform.{name}", "-a", json.dumps(arguments), *options]
    command += ["-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={MODULE_PYTHON}"]
    environment = {"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal"}
    done = run(command, **environment)
    assert " => {" in done.stdout, done.stdout + done.stderr
    answer = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index(" => {") + 4 :])[0]
    return {"failed": "FAILED!" in done.stdout, "output": done.stdout + done.stderr, **answer}


def run_playbook(
    playbook: str, inventory: Path, *options: str, command: str | Path = "ansible-playbook", **environment: str
) -> subprocess.CompletedProcess[str]:
    return run([str(command), "-i", str(inventory), str(ROOT / "playbooks" / playbook), *options], **environment)


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    surroundings = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **environment}
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
