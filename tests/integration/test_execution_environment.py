"""The execution environment: what is in it, what is not, and whom it runs for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from integration.ansible_run import ROOT
from integration.execution_environments import IMAGE, image, make

PINS = ("requirements.txt", "requirements-test.txt")
# Where a build could leave what it was told; the rest is what packages brought, as they brought it.
WRITTEN = ("etc/", "home/", "opt/", "output/", "root/", "runner/", "tmp/", "usr/local/bin/", "var/")
# Whoever the container is started as: the user of the image, root, and one that AWX makes up.
USERS = ("1000:0", "0:0", "1000650000:0")


class Engine:
    """Docker's client with the execution environment."""

    def __init__(self, docker: dict[str, str]) -> None:
        self.docker = docker

    def __call__(self, *words: str) -> str:
        done = subprocess.run(
            ["docker", *words], env={**os.environ, **self.docker}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"docker {' '.join(words)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def inside(self, *command: str, user: str = "1000:0") -> str:
        return self("run", "--rm", "--network", "none", "--user", user, IMAGE, *command)


@pytest.fixture(scope="module")
def engine(docker: dict[str, str], said: str) -> Engine:
    return Engine(docker)


@pytest.fixture(scope="module")
def said(docker: dict[str, str]) -> Iterator[str]:
    """What `make ee` printed."""
    with image(docker) as said:
        yield said


@pytest.fixture(scope="module")
def archive(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files of the image, as a tar."""
    container = engine("create", IMAGE)
    path = tmp_path_factory.mktemp("image") / "files.tar"
    try:
        engine("export", "--output", str(path), container)
    finally:
        engine("rm", container)
    return path


def own_words() -> set[str]:
    """What only this machine says: where its pip and its proxies are, and where it works."""
    pip = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    proxies = [value for name, value in os.environ.items() if name.lower().endswith("_proxy")]
    apt = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True)
    said = "\n".join([pip.stdout, apt.stdout, *proxies])
    addresses = [urlsplit(address) for address in re.findall(r"(?:https?|file)://[^\s'\"]+", said)]
    return {str(ROOT), *(address.hostname or address.path for address in addresses)} - {"", "localhost", "127.0.0.1"}


def test_it_says_what_it_holds(said: str, engine: Engine, record_property: Any) -> None:
    record_property("measured", f"execution environment: {said.splitlines()[0]}, {said.splitlines()[1].strip()}")
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    definition = yaml.safe_load((ROOT / "execution-environment.yml").read_text(encoding="utf-8"))
    assert f"omnimind.platform {galaxy['version']}" in said
    for package in ("ansible_core", "ansible_runner"):
        assert definition["dependencies"][package]["package_pip"].replace("==", " ") in said
    assert engine.inside("ansible-galaxy", "collection", "list", "omnimind.platform").endswith(galaxy["version"])


def test_versions_are_those_that_the_tests_run_with(engine: Engine) -> None:
    """Of all Python packages, those that others bring included."""
    frozen = engine.inside("python3", "-m", "pip", "freeze", "--path", "/usr/local/lib/python3.11/dist-packages")
    inside = {line.lower() for line in frozen.splitlines()}
    pins = {line.lower() for name in PINS for line in (ROOT / name).read_text(encoding="utf-8").splitlines()}
    assert inside - pins == {"dumb-init==1.2.5"}


def test_the_engine_has_it_now(docker: dict[str, str], said: str) -> None:
    again = make(docker)
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith(f"{IMAGE}: the engine has it")


@pytest.mark.parametrize("user", USERS)
def test_any_user_can_run_a_job(engine: Engine, user: str) -> None:
    """With a name and a home that can be written to, which ssh and Ansible ask for."""
    ask = "id -un && cd && pwd && touch here && ansible-runner --version && ssh -V && ssh-agent true && git --version"
    name, home, runner = engine.inside("sh", "-c", ask, user=user).splitlines()[:3]
    assert name == ("root" if user == "0:0" else user.split(":")[0])
    assert home == ("/root" if user == "0:0" else "/runner")
    assert runner == "2.4.3"


def test_modules_and_playbooks_of_the_collection_are_found(engine: Engine) -> None:
    names = engine.inside("ansible-doc", "--list", "omnimind.platform")
    assert "omnimind.platform.redis_cluster " in names
    play = engine.inside("ansible-playbook", "-i", "host,", "omnimind.platform.redis", "--list-tasks")
    assert "All nodes are one cluster" in play


def test_python_finds_what_modules_import(engine: Engine) -> None:
    ask = "import kubernetes, kubernetes_validate, redis, requests, ansible_runner; print(redis.__version__)"
    assert engine.inside("python3", "-c", ask)


def test_nothing_of_this_machine_is_in_it(engine: Engine, archive: Path) -> None:
    words, found = own_words(), []
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.isfile() and member.name.startswith(WRITTEN):
                content = opened.extractfile(member).read()
                found += [(member.name, word) for word in words if word.encode() in content]
    assert found == []
    # Beside these two the engine tells where it keeps the image.
    described = json.dumps(json.loads(engine("image", "inspect", IMAGE))[0]["Config"])
    described += engine("image", "history", "--no-trunc", IMAGE)
    assert [word for word in words if word in described] == []


def test_no_certificate_is_in_it_that_debian_does_not_ship(engine: Engine) -> None:
    """The bundle has as many authorities as the package brings."""
    bundle = engine.inside("sh", "-c", "grep -c BEGIN /etc/ssl/certs/ca-certificates.crt")
    shipped = engine.inside("sh", "-c", "find /usr/share/ca-certificates /usr/local/share/ca-certificates -type f")
    assert int(bundle) == len([name for name in shipped.splitlines() if name.startswith("/usr/share/")])
    assert "/usr/local/share" not in shipped


def test_nothing_of_the_build_is_in_it(archive: Path, engine: Engine) -> None:
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    left = re.compile(
        r"^(output|build)(/|$)|\.whl$|^etc/pip\.conf$|^etc/apt/sources[.]list($|[.]d/.)|^root/\.(cache|ansible)|^var/lib/apt/lists/.+"
    )
    assert [name for name in names if left.search(name)] == []
    configuration = json.loads(engine("image", "inspect", IMAGE))[0]["Config"]
    assert [variable.split("=")[0] for variable in configuration["Env"]] == ["PATH"]
    assert configuration["User"] == "1000" and configuration["WorkingDir"] == "/runner"


def test_a_base_without_pip_is_refused(docker: dict[str, str], said: str) -> None:
    """Told before anything is built, with what is wrong."""
    refused = make(docker, "--base", "omnimind-host:bookworm")
    assert refused.returncode == 1
    assert refused.stderr.startswith("make ee: BASE_IMAGE: omnimind-host:bookworm lacks python3, its pip, or")


def test_definition_is_one(tmp_path: Path) -> None:
    """ansible-builder takes it as it is, for those who have Galaxy."""
    command = ["ansible-builder", "create", "--file", str(ROOT / "execution-environment.yml")]
    command += ["--context", str(tmp_path), "--output-filename", "Dockerfile"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ENTRYPOINT" in (tmp_path / "Dockerfile").read_text(encoding="utf-8")


def test_pins_are_those_of_the_tests() -> None:
    definition = yaml.safe_load((ROOT / "execution-environment.yml").read_text(encoding="utf-8"))
    pins = [line for name in PINS for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    for package in ("ansible_core", "ansible_runner"):
        assert definition["dependencies"][package]["package_pip"] in pins
