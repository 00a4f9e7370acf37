"""The role `awx` as a user runs it, with variables that a test may change."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
from pathlib import Path
from typing import Any

import yaml
from integration.ansible_run import ROOT, run
from integration.awx.client import REAL, Awx

REPOSITORY = os.environ.get("OMNIMIND_AWX_PROJECT", "https://git.example.com/platform.git")
IMAGE = os.environ.get("OMNIMIND_AWX_IMAGE", "images.example.com/omnimind-platform-ee:1.0.0")

TEMPLATES = yaml.safe_load((ROOT / "roles" / "awx" / "files" / "templates.yml").read_text(encoding="utf-8"))[
    "templates"
]
# A template costs a call of a module. Those that differ from others in words only, the double is not asked for.
ALIKE = (
    "redis_restart", "redis_upgrade", "redis_restore", "redis_sentinel_restart", "redis_sentinel_upgrade", "backend",
    "backend_rollback", "monitoring",
)  # fmt: skip
WANTED = {key: template for key, template in TEMPLATES.items() if REAL or key not in ALIKE}


def only(*keys: str) -> dict[str, Any]:
    """For awx_more_templates: nothing in place of every other template."""
    return {key: {} for key in TEMPLATES if key not in keys}


class Platform:
    """An organization with a name of its own, so that nothing of others is met."""

    def __init__(self, awx: Awx, directory: Path) -> None:
        self.awx, self.name, self._file = awx, f"Omnimind test {secrets.token_hex(3)}", directory / "awx.json"
        key = directory / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        self.secret = secrets.token_hex(8)
        self.variables: dict[str, Any] = {
            "awx_organization": self.name,
            "awx_name": self.name,
            "awx_project_url": REPOSITORY,
            "awx_image": IMAGE,
            "awx_credentials": {
                "machine": {"username": "deploy", "ssh_key_data": key.read_text()},
                "vault": {"vault_password": self.secret},
                "kubernetes": {"host": "https://192.0.2.1:6443", "bearer_token": self.secret},
            },
            "awx_secrets": {"vault_redis_password": self.secret, "vault_slack_url": self.secret},
            "awx_slack_token": self.secret,
            "awx_slack_channels": ["platform"],
            "awx_more_templates": only(*WANTED),
        }

    def run(self, *options: str, **changed: Any) -> subprocess.CompletedProcess[str]:
        """The playbook with these variables, `changed` in place of some. Whatever it says, no secret is in it."""
        self._file.write_text(json.dumps({**self.variables, **changed}))
        command = ["ansible-playbook", str(ROOT / "playbooks" / "awx.yml"), "-e", f"@{self._file}", *options]
        done = run(command, **self.awx.environment())
        assert self.secret not in done.stdout + done.stderr
        return done

    def called(self, title: str) -> str:
        return f"{self.name}: {title}"

    def template(self, title: str) -> dict[str, Any]:
        return self.awx.one("job_templates", self.called(title))

    def ours(self, kind: str) -> set[str]:
        """Names of all that is called as ours are, without the beginning."""
        found = self.awx.all(kind, name__startswith=self.name)
        return {item["name"].removeprefix(self.name).removeprefix(":").strip() for item in found}


def changed(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Tasks that changed something, of a run that succeeded."""
    assert done.returncode == 0, done.stdout + done.stderr
    tasks = re.split(r"^TASK \[(?:[\w.]+ : )?(.*)\] \**$", done.stdout, flags=re.MULTILINE)
    return [title for title, said in zip(tasks[1::2], tasks[2::2]) if re.search("^changed: ", said, re.MULTILINE)]
