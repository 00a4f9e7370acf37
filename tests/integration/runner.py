"""Jobs as AWX runs them: ansible-runner, a private data directory of their own, and the execution environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.ansible_run import ROOT
from integration.execution_environments import IMAGE

HOSTS = ROOT / "tests" / "integration" / "runner_hosts" / "hosts.yml"
NETWORK = "omnimind-runner"
USER = "awx"
# What a pod of AWX on Kubernetes runs as: some user without a name, of the group root.
NOBODYS_UID = 1000650000
PASSWORD, PASSPHRASE = "told in a survey only", "told by a credential only"
INVENTORY = {
    "redis": {
        "hosts": {
            f"host{number}": {"ansible_host": f"198.18.51.1{number}", "redis_cluster_zone": zone}
            for number, zone in ((1, "a"), (2, "b"), (3, "c"))
        }
    }
}
# As AWX sets them for a job.
ENVIRONMENT = {
    "ANSIBLE_COLLECTIONS_PATH": (
        "/runner/requirements_collections:~/.ansible/collections:/usr/share/ansible/collections"
    ),
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_SSH_CONTROL_PATH_DIR": "/runner/cp",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
    "ANSIBLE_FORCE_COLOR": "True",
    "JOB_ID": "51",
}
_SSH_SERVER = f"""
set -e
apt-get install --yes --no-install-recommends openssh-server >/dev/null
useradd --create-home --shell /bin/bash {USER}
echo '{USER} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{USER}
install -d -m 0700 -o {USER} /home/{USER}/.ssh
cat > /home/{USER}/.ssh/authorized_keys
systemctl start ssh
"""


@dataclass(frozen=True)
class Job:
    """A job that has ended, by what it left."""

    directory: Path  # of its artifacts

    @property
    def rc(self) -> int:
        return int((self.directory / "rc").read_text())

    @property
    def output(self) -> str:
        return (self.directory / "stdout").read_text(encoding="utf-8")

    @property
    def events(self) -> list[dict[str, Any]]:
        """In their order."""
        files = (self.directory / "job_events").glob("*-*.json")
        events = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return sorted(events, key=lambda event: event["counter"])

    def of_kind(self, *kinds: str) -> Iterator[dict[str, Any]]:
        """The data of events of these kinds."""
        return (event["event_data"] for event in self.events if event["event"] in kinds)

    def results(self, action: str) -> list[dict[str, Any]]:
        """What a module of the collection answered, host by host."""
        ended = self.of_kind("runner_on_ok", "runner_on_failed")
        return [data["res"] for data in ended if data["task_action"] == f"omnimind.platform.{action}"]

    @property
    def stats(self) -> dict[str, Any]:
        """The last word of the run: counts by host, and what plays hand on."""
        return next(self.of_kind("playbook_on_stats"))

    @property
    def failures(self) -> str:
        """What failed tasks say."""
        return "\n".join(str(data["res"].get("msg")) for data in self.of_kind("runner_on_failed"))

    def files_with(self, word: str) -> list[str]:
        """Names of the files of artifacts that hold a word."""
        files = [path for path in self.directory.rglob("*") if path.is_file()]
        return [path.name for path in files if word.encode() in path.read_bytes()]


class Controller:
    """Starts hosts, and jobs on them."""

    def __init__(self, docker: dict[str, str], scratch: Path) -> None:
        self.environment, self.scratch, self.jobs = {**os.environ, **docker}, scratch, 0
        self.key = scratch / "key"
        self.project = scratch / "tree" / "ansible_collections" / "omnimind" / "platform"

    def start(self) -> None:
        """A project as AWX has it, from the repository; a key with a passphrase; hosts that let it in."""
        self._run(str(ROOT / ".ci" / "tree"), str(self.scratch / "tree"))
        self._run("ssh-keygen", "-q", "-t", "ed25519", "-N", PASSPHRASE, "-C", "", "-f", str(self.key))
        self._play("create.yml")
        public = self.key.with_suffix(".pub").read_text()
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda number: self.on_host(number, "sh", "-c", _SSH_SERVER, told=public), (1, 2, 3)))

    def stop(self) -> None:
        self._play("destroy.yml")

    def on_host(self, number: int, *command: str, told: str = "") -> str:
        """What a command prints on a host."""
        return self._run("docker", "exec", "--interactive", f"omnimind-runner-{number}", *command, told=told)

    def run(self, playbook: str, survey: dict[str, Any], *options: str) -> Job:
        """A job by `ansible-runner run`: playbooks run in a container, ansible-runner here."""
        isolation = {
            "process_isolation": True,
            "process_isolation_executable": "docker",
            "container_image": IMAGE,
            "container_options": [f"--network={NETWORK}"],
        }
        directory = self._directory(survey, options, isolation)
        command = ["ansible-runner", "run", str(directory), "--playbook", f"playbooks/{playbook}.yml", "--ident", "job"]
        self._pipe([*command, "--quiet"])
        return Job(directory / "artifacts" / "job")

    def stream(self, playbook: str, survey: dict[str, Any], *options: str) -> Job:
        """A job as a pod of AWX has it: sent to a worker in a container that has nothing, which sends events back."""
        directory = self._directory(survey, options, {})
        answers = self.scratch / f"{directory.name}-answers"
        send = ["ansible-runner", "transmit", str(directory), "--playbook", f"playbooks/{playbook}.yml"]
        work = [
            "docker", "run", "--rm", "--interactive", "--network", NETWORK, "--user", f"{NOBODYS_UID}:0", IMAGE,
            "ansible-runner", "worker", "--private-data-dir", "/runner",
        ]  # fmt: skip
        receive = ["ansible-runner", "process", str(answers), "--ident", "job"]
        with open(self.scratch / f"{directory.name}.stream", "wb") as stream:
            subprocess.run([*send, "--ident", "job"], env=self.environment, stdout=stream, check=True)
        with open(stream.name, "rb") as sent:
            worked = self._pipe(work, stdin=sent)
        self._pipe(receive, input=worked.stdout)
        return Job(answers / "artifacts" / "job")

    def _pipe(self, command: list[str], **streams: Any) -> subprocess.CompletedProcess[bytes]:
        """Run what ends with the exit status of a job, whichever that is."""
        return subprocess.run(command, env=self.environment, capture_output=True, check=False, timeout=600, **streams)

    def _directory(self, survey: dict[str, Any], options: tuple[str, ...], settings: dict[str, Any]) -> Path:
        """A private data directory, new for each job."""
        self.jobs += 1
        directory = self.scratch / f"job-{self.jobs}"
        files = {
            "inventory/hosts.json": json.dumps(INVENTORY),
            "env/extravars": json.dumps(survey),
            "env/envvars": json.dumps(ENVIRONMENT),
            "env/settings": json.dumps(settings),
            "env/passwords": json.dumps({r"Enter passphrase for .*:\s*?$": PASSPHRASE}),
            "env/ssh_key": self.key.read_text(),
            "env/cmdline": " ".join(["--user", USER, *options]),
        }
        for name, content in files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        (directory / "cp").mkdir()
        shutil.copytree(self.project, directory / "project")
        return directory

    def _play(self, playbook: str) -> None:
        environment = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        command = ["ansible-playbook", "-i", str(HOSTS), str(ROOT / "molecule" / "shared" / playbook)]
        self._run(*command, **environment)

    def _run(self, *command: str, told: str = "", **environment: str) -> str:
        everything = {**self.environment, **environment}
        done = subprocess.run(
            command, cwd=ROOT, env=everything, input=told, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}:\n{done.stdout}\n{done.stderr}"
        return done.stdout
