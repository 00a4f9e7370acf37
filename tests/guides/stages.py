"""Where the commands of pages are run: each stage has a copy of the tree, and what its pages take for granted."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml
from guides import hosts
from guides.known import variables
from guides.pages import ROOT, Example
from guides.plan import PagePlan
from hosts.engine import engine_with_images
from hosts.machine import require, run
from integration.kubernetes.manifests import workload
from integration.kubernetes.redis_kubelet import RedisKubelet
from kubernetes_double import KubernetesDouble

PATIENCE = 900  # seconds for one command
UP_WITHIN = 60  # seconds, for one that stays
FOUND_NO_HOST = re.compile(r"PLAY RECAP \*+\s*\Z")  # of a playbook, which takes that for success
# What a vault would hold.
VAULT = {
    name: name
    for name in (
        "vault_redis_password", "vault_shop_password", "vault_reports_password", "vault_exporter_password",
        "vault_replication_password", "vault_monitoring_password", "vault_watcher_password",
        "vault_redis_password_of_april", "vault_grafana_password", "vault_grafana_admin_password",
        "vault_pagerduty_key",
    )
} | {"vault_slack_url": "https://hooks.invalid/services/planted"}  # fmt: skip
# The page replaces april's password by may's, which is the one that there is.
VAULT["vault_redis_password_of_may"] = VAULT["vault_redis_password"]


class Stage:
    """A context manager; what it started is gone afterwards."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.environment: dict[str, str] = {}
        self._in_force: dict[Path, str] = {}
        self._session: list[str] = []  # what the page's shell has come to
        self._done: dict[tuple[str, str], subprocess.CompletedProcess[str]] = {}

    def __enter__(self) -> Stage:
        scratch = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="guides")))
        run(str(ROOT / ".ci" / "tree"), str(scratch))
        self.directory = scratch / "ansible_collections" / "omnimind" / "platform"
        self.home, self.bin = scratch / "home", scratch / "bin"
        self.home.mkdir()
        self.bin.mkdir()
        installed = self.home / ".ansible" / "collections"
        installed.mkdir(parents=True)
        (installed / "ansible_collections").symlink_to(scratch / "ansible_collections")
        self._give_tools()
        self.environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(scratch), "ANSIBLE_NOCOLOR": "1", "HOME": str(self.home),
            "PATH": os.pathsep.join([str(self.bin), str(Path(sys.prefix, "bin")), os.environ["PATH"]]),
        }  # fmt: skip
        try:
            self._set_up()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *unused: object) -> None:
        self._stack.close()

    def _give_tools(self) -> None:
        """What `make` would install into the tree is that of this Python."""
        tools = self.directory / ".venv"
        tools.mkdir()
        for name in ("bin", "lib", "pyvenv.cfg"):
            (tools / name).symlink_to(Path(sys.prefix, name))
        for stamp in (".runtime", ".tests"):
            (tools / stamp).touch()

    def _set_up(self) -> None:
        """For stages that have more than the tree."""

    def _command(self, script: str, host: str) -> list[str]:
        """That runs a script here, or on a host of the stage."""
        assert not host, f"this stage has no {host}"
        return ["bash", "-o", "pipefail", "-c", script]

    @contextmanager
    def page(self, plan: PagePlan) -> Iterator[None]:
        """What the page's plan has ready is there; afterwards the directory is as it was before."""
        with ExitStack() as stack:
            stack.callback(self._forget_files)
            for name, text in plan.files.items():
                self._write(name, plan.resolved(text))
            self._session = []
            self._staying = stack.enter_context(ExitStack())
            for script in plan.before:
                if script in plan.stays:
                    self.stay(plan.resolved(script), plan, plan.stays[script])
                else:
                    self._must(script, plan)
            yield
            self._forget_files()
            for script in plan.after:
                self._must(script, plan)

    def _must(self, script: str, plan: PagePlan) -> None:
        """Run it, whatever was run before."""
        done = self._run(plan.resolved(script), plan, "")
        assert done.returncode == 0 and not FOUND_NO_HOST.search(done.stdout), f"{script}\n{done.stdout[-8000:]}"

    def take(self, example: Example, plan: PagePlan) -> None:
        """A file that the example says it is, or variables of a role, is in force from now on; plays are played, and
        tasks where the plan says on which hosts."""
        content = example_content(example.text)
        if example.file:
            self._write(example.file, example.text)
        elif isinstance(content, dict) and set(content) <= set(variables()):
            self._write(f"inventories/vms/group_vars/all/page-{example.line:04}.yml", example.text)
        elif isinstance(content, list) and ("hosts" in content[0] or plan.tasks_on):
            beginning = f"- hosts: {plan.tasks_on}\n  gather_facts: false\n  tasks:\n"
            tasks = beginning + textwrap.indent(example.text, "    ")
            playbook = self.home / f"page-{example.line:04}.yml"
            playbook.write_text(example.text if "hosts" in content[0] else tasks, encoding="utf-8")
            self._must(f"ansible-playbook -i inventories/vms {playbook}", plan)

    def run(self, script: str, plan: PagePlan, host: str = "") -> subprocess.CompletedProcess[str]:
        """What has been run well with the same inventories is not run again."""
        inventories = {str(path): text for path, text in self._in_force.items() if "inventories" in path.parts}
        key = f"{host}: {self._session}: {script}", repr(sorted(inventories.items()))
        done = self._done.get(key) or self._run(script, plan, host)
        if done.returncode == 0:
            self._done[key] = done
        if script.startswith(("cd ", "export ")):
            self._session.append(script)
        return done

    def _run(self, script: str, plan: PagePlan, host: str) -> subprocess.CompletedProcess[str]:
        process = subprocess.Popen(
            self._command("\n".join([*self._session, script]), host), cwd=self.directory, env=self._surroundings(plan),
            # Without a terminal whoever asks for a password reads the answer.
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        answers = plan.answers.get(script) or plan.answers.get(script.split()[0], "")
        try:
            output, _errors = process.communicate(answers, timeout=PATIENCE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # with all that it started
            raise
        return subprocess.CompletedProcess(script, process.returncode, output)

    def stay(self, script: str, plan: PagePlan, is_up: str) -> None:
        """A command that does not end by itself goes on until the page ends; return when `is_up` succeeds."""
        process = subprocess.Popen(
            self._command(script, ""), cwd=self.directory, env=self._surroundings(plan), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._staying.callback(_end, process)
        deadline = time.monotonic() + UP_WITHIN
        while self._run(is_up, plan, "").returncode:
            assert process.poll() is None, f"{script} ended with exit status {process.returncode}"
            assert time.monotonic() < deadline, f"{script} is not up: {is_up}"
            time.sleep(0.2)

    def _surroundings(self, plan: PagePlan) -> dict[str, str]:
        return {**os.environ, **self.environment, **plan.environment}

    def _write(self, name: str, text: str) -> None:
        path = self.home / name.removeprefix("~/") if name.startswith("~/") else self.directory / name
        if path.is_dir() or path.exists() and path not in self._in_force:
            path = path.with_name(f"page-{path.name}")  # Beside the example's own.
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        self._in_force[path] = text

    def _forget_files(self) -> None:
        for path in self._in_force:
            path.unlink(missing_ok=True)
        self._in_force.clear()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(30)


class _Loader(yaml.SafeLoader):
    """Takes Ansible's own tags."""


for _tag in ("!unsafe", "!vault"):
    _Loader.add_constructor(_tag, lambda loader, node: loader.construct_scalar(node))


def example_content(text: str) -> Any:
    return yaml.load(text, _Loader)


class Tree(Stage):
    """Nothing but the tree, and a picture of somebody's."""

    def _set_up(self) -> None:
        from PIL import Image

        Image.effect_noise((1600, 1200), 64).convert("RGB").save(self.directory / "photo.jpg")


class HostsStage(Stage):
    """The hosts of inventories/vms."""

    def _set_up(self) -> None:
        engine = self._stack.enter_context(engine_with_images())
        self.environment |= engine
        # What the guides use on the machine that somebody works from.
        require(amtool="prometheus-alertmanager", curl="curl", jq="jq", ping="iputils-ping", promtool="prometheus")
        site = self._stack.enter_context(hosts.Hosts(engine))
        self._here = site.here
        wheels = ROOT / ".cache" / "backend_image" / "wheels"
        self._fetch_wheels(wheels)
        # The hosts' network has no way to an index.
        self.environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)}
        site.give_wheels(wheels)
        example = self.directory / "inventories" / "vms"
        (example / "stage.yml").write_text(hosts.inventory())
        # A directory instead of a file, so that what a page says stands beside it.
        everywhere = example / "group_vars" / "all.yml"
        given = everywhere.read_text()
        everywhere.unlink()
        everywhere.with_suffix("").mkdir()
        (everywhere.with_suffix("") / "main.yml").write_text(given)
        (everywhere.with_suffix("") / "vault.yml").write_text(yaml.safe_dump(VAULT))
        ssh = self.bin / "ssh"
        ssh.write_text(
            textwrap.dedent("""\
            #!/bin/sh
            # A shell on a host of the stage, as ssh gives one.
            host=$1; shift
            exec docker exec "$host" sh -c "$*"
            """)
        )
        ssh.chmod(0o755)

    def _fetch_wheels(self, wheels: Path) -> None:
        words = f"lock={ROOT}/files/backend/requirements.txt directory={wheels} python=3.11 machine=x86_64"
        module = ["-m", "omnimind.platform.python_wheelhouse", "-a", words]
        run("ansible", "localhost", *module, environment=self.environment)

    def _command(self, script: str, host: str) -> list[str]:
        shell = ["bash", "-o", "pipefail", "-c", script]
        if host:
            auth = f"REDISCLI_AUTH={VAULT['vault_redis_password']}"
            return ["docker", "exec", "--interactive", "--env", auth, f"{host}.{hosts.DOMAIN}", *shell]
        return [*self._here, *shell]


class DockerStage(Stage):
    """A Docker engine on this machine, which is the host of the guide to the image."""

    def _set_up(self) -> None:
        self.environment |= self._stack.enter_context(engine_with_images())
        here = {
            "ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False,
            # Archives and wheels of an earlier run are used again, as the images of test hosts are.
            "backend_image_directory": str(ROOT / ".cache" / "backend_image"),
        }  # fmt: skip
        # The page's host is there before the page names it: the base images are made by then.
        inventory = {"all": {"vars": here}, "backend_image": {"hosts": {"builder.example.com": None}}}
        (self.directory / "inventories/vms/stage.yml").write_text(yaml.safe_dump(inventory))
        self._stack.callback(self._remove_images)

    def _remove_images(self) -> None:
        found = run("docker", "image", "ls", "--quiet", "omnimind-backend", environment=self.environment).split()
        if found:
            run("docker", "image", "rm", "--force", *set(found), environment=self.environment)


class KubernetesStage(Stage):
    """The API of a cluster with three workers, a gateway and name servers, where pods of Redis are real servers."""

    NETWORK = "127.89"  # of pods, on loopback

    def _set_up(self) -> None:
        double = self._stack.enter_context(KubernetesDouble(network=self.NETWORK))
        double.add_nodes("worker-1", "worker-2", "worker-3", zones=True)
        double.create("Namespace", {"metadata": {"name": "gateway-system"}})
        double.create("Deployment", workload("Deployment", "gateway"), "gateway-system")
        servers = workload("Deployment", "dns")
        servers["spec"]["template"]["metadata"]["labels"]["k8s-app"] = "kube-dns"
        double.create("Deployment", servers, "kube-system")
        redis = self.home.with_name("redis")
        redis.mkdir()
        self._stack.enter_context(RedisKubelet(double, redis))
        self.environment["K8S_AUTH_KUBECONFIG"] = str(double.kubeconfig(self.home / "kubeconfig"))
        # Everybody but those of the cluster, which is on loopback.
        pagers = {"pagers": {"cidrs": ["0.0.0.0/0"], "except": ["127.0.0.0/8"]}}
        variables = self.directory / "inventories/kubernetes/host_vars/omnimind.yml"
        variables.parent.mkdir()
        variables.write_text(yaml.safe_dump(VAULT | {"k8s_security_peers": pagers}))


STAGES: dict[str, type[Stage]] = {
    "tree": Tree,
    "kubernetes": KubernetesStage,
    "docker": DockerStage,
    "hosts": HostsStage,
}
