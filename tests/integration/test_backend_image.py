"""The image of the backend on a real engine: what is in it, how it runs, and when it is built."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hosts.machine import require
from integration.images import BACKEND, CACHE, CONFINED, IMAGE, NAME, TAG, Engine, Played, copy_of_backend
from integration.servers import free_ports

BILL = "/usr/share/sbom/omnimind-backend.cdx.json"
PREVIOUS = f"{NAME}:previous"
FORBIDDEN = re.compile(
    r"(?:^|/)(?:\.git|\.env|\.github|tests?|wheelhouse|Dockerfile|requirements\.txt|\.dockerignore|id_rsa)(?:/|$)"
    r"|\.(?:key|p12|whl)$"
)
SHELLS = {"sh", "bash", "dash", "ash", "busybox", "zsh", "ksh"}
RUNS = "print(__import__('urllib.request').request.urlopen('http://127.0.0.1:8000/health').status)"


@pytest.fixture(scope="module")
def engine(docker: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine with base images. It is left without what these tests made, should it not be ours alone."""
    require(mmdebstrap="mmdebstrap")
    engine = Engine(docker, tmp_path_factory.mktemp("engine"))
    made = engine.play("backend_base_image")
    assert made.status == 0, made.output
    yield engine
    for image in engine("image", "ls", "--quiet", NAME).split():
        engine("image", "rm", "--force", image, check=False)


@pytest.fixture(scope="module")
def source(engine: Engine) -> Path:
    """The backend, with what must not get into an image lying about."""
    source = copy_of_backend(engine.scratch / "backend")
    for stray in (".git/config", ".env", "id_rsa", "src/omnimind_backend/server.key", "wheelhouse/evil.whl"):
        (source / stray).parent.mkdir(exist_ok=True)
        (source / stray).write_text("secret")
    return source


@pytest.fixture(scope="module")
def built(engine: Engine, source: Path) -> Played:
    """The play that built the image from nothing, readable for nobody else."""
    mask = os.umask(0o077)
    try:
        played = engine.play("backend_image", source=str(source), sbom_directory=str(engine.scratch))
    finally:
        os.umask(mask)
    assert played.status == 0, played.output
    return played


@pytest.fixture(scope="module")
def image(engine: Engine, built: Played) -> dict[str, Any]:
    return engine.inspect(IMAGE)


@pytest.fixture
def container(engine: Engine, image: dict[str, Any]) -> Iterator[str]:
    """A container of the image, not started."""
    name = f"{NAME}-runs"
    engine("create", "--name", name, *CONFINED, IMAGE)
    yield name
    engine("rm", "--force", name)


@pytest.fixture(scope="module")
def files(engine: Engine, image: dict[str, Any]) -> list[tarfile.TarInfo]:
    """Everything that is in the image."""
    name = f"{NAME}-exported"
    engine("create", "--name", name, IMAGE)
    archive = engine.scratch / "files.tar"
    try:
        engine("export", "--output", str(archive), name)
    finally:
        engine("rm", name)
    with tarfile.open(archive) as opened:
        return opened.getmembers()


def test_base_images_are_made_once(engine: Engine) -> None:
    again = engine.play("backend_base_image")
    assert (again.status, again.changed) == (0, 0), again.output


def test_size_and_description(image: dict[str, Any], built: Played, record_property: Any) -> None:
    record_property("measured", f"backend image: {image['Size'] / 1e6:.1f} MB, role from nothing {built.seconds:.1f} s")
    assert image["Size"] <= 150_000_000
    config = image["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"][0] == "python3" and config["Healthcheck"]["Test"][0] == "CMD"
    labels = config["Labels"]
    assert labels["org.opencontainers.image.title"] == "omnimind-backend"
    assert re.fullmatch(r"\d+\.\d+\.\d+", labels["org.opencontainers.image.version"])
    assert re.fullmatch(r"[0-9a-f]{64}", labels["omnimind.platform.context-digest"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["org.opencontainers.image.created"])


def test_runs_confined_is_healthy_and_stops(engine: Engine, container: str, record_property: Any) -> None:
    engine("start", container)
    healthy = engine.wait_until_healthy(container, 60)
    assert engine("exec", container, "python3", "-c", RUNS) == "200"
    assert engine("exec", container, "python3", "-c", "import os; print(os.getuid())") == "10001"
    began = time.monotonic()
    engine("stop", container)
    stopped = time.monotonic() - began
    record_property("measured", f"backend image: healthy after {healthy:.1f} s, stopped after {stopped:.2f} s")
    assert stopped <= 5, "the engine kills after 10"
    assert engine.inspect(container)["State"]["ExitCode"] == 0


def test_stops_while_it_starts(engine: Engine, container: str) -> None:
    """From the moment that Python has told the kernel of the signals that it wants."""
    engine("start", container)
    status = Path(f"/proc/{engine.inspect(container)['State']['Pid']}/status")
    while not int(re.search(r"^SigCgt:\s*(\w+)", status.read_text(), re.MULTILINE)[1], 16) & 1 << (signal.SIGTERM - 1):
        time.sleep(0.01)
    began = time.monotonic()
    engine("stop", container)
    assert time.monotonic() - began <= 5
    assert engine.inspect(container)["State"]["ExitCode"] == 0


def test_granian_runs_and_stops_too(engine: Engine, image: dict[str, Any]) -> None:
    name = f"{NAME}-granian"
    engine("run", "--detach", "--name", name, *CONFINED, IMAGE, "--server", "granian", "--host", "0.0.0.0")
    try:
        engine.wait_until_healthy(name, 60)
        began = time.monotonic()
        engine("stop", name)
        assert time.monotonic() - began <= 5
    finally:
        engine("rm", "--force", name)


def test_nothing_is_in_it_that_should_not_be(files: list[tarfile.TarInfo]) -> None:
    ours = [file for file in files if file.name.startswith("opt/omnimind/")]
    assert len(ours) > 100
    assert [file.name for file in ours if FORBIDDEN.search(file.name)] == []
    programs = [file.name for file in files if not file.name.startswith("usr/share/")]
    assert [name for name in programs if Path(name).name in SHELLS] == []
    assert [file.name for file in files if re.match(r"(?:usr/)?bin/(?:apt|dpkg|pip)", file.name)] == []
    assert [file.name for file in files if file.name.startswith(("etc/apt", "var/cache/", "build/"))] == []


def test_everything_can_be_read_and_nothing_written(files: list[tarfile.TarInfo]) -> None:
    ours = [file for file in files if file.name.startswith(("opt/", "usr/share/sbom"))]
    assert [file.name for file in ours if file.uid or file.gid or file.mode & 0o022] == []
    assert [file.name for file in ours if file.mode & 0o444 != 0o444] == []
    assert [file.name for file in files if file.isfile() and file.mode & 0o6000] == []


def test_code_is_compiled(files: list[tarfile.TarInfo]) -> None:
    names = {file.name for file in files}
    app = [name for name in names if re.match(r"opt/omnimind/.*[^/]+\.py$", name)]
    compiled = {name: f"{Path(name).parent}/__pycache__/{Path(name).stem}.cpython-311.pyc" for name in app}
    assert [name for name, code in compiled.items() if code not in names] == []


def bill_of(engine: Engine) -> dict[str, Any]:
    read = f"print(open('{BILL}').read())"
    return json.loads(engine("run", "--rm", "--network", "none", "--entrypoint", "python3", IMAGE, "-c", read))


def test_bill_of_materials(engine: Engine, image: dict[str, Any]) -> None:
    """It is valid, and names what the lock does: no more, no less, no other version."""
    text = json.dumps(bill_of(engine))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    (copied,) = engine.scratch.glob("*.cdx.json")
    assert json.loads(copied.read_text()) == json.loads(text)
    parts = json.loads(text)["components"]
    lock = (BACKEND / "requirements.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)==([^\s\\]+)", lock, re.MULTILINE)
    locked = {f"pkg:pypi/{name}@{version}" for name, version in pins}
    assert {part["purl"] for part in parts if part["purl"].startswith("pkg:pypi/")} == locked
    assert {"libc6", "libssl3", "python3.11"} <= {part["name"] for part in parts if part["purl"].startswith("pkg:deb/")}


def test_second_run_changes_nothing(engine: Engine, source: Path, built: Played) -> None:
    """Not even where something else has changed that is no part of the context."""
    before = engine.id(IMAGE)
    (source / "tests").mkdir(exist_ok=True)
    (source / "tests" / "test_new.py").write_text("")
    for options in ([], ["--check"]):
        again = engine.play("backend_image", *options, source=str(source))
        assert (again.status, again.changed) == (0, 0), again.output
    assert engine.id(IMAGE) == before


def test_one_byte_builds_check_mode_tells_and_a_rollback_goes_back(
    engine: Engine, built: Played, tmp_path: Path, record_property: Any
) -> None:
    changed = copy_of_backend(tmp_path / "changed")
    page = changed / "src/omnimind_backend/pages/status.html"
    page.write_bytes(page.read_bytes() + b"\n")
    first, context = engine.id(IMAGE), listing(CACHE / "context")

    told = engine.play("backend_image", "--check", source=str(changed))
    assert (told.status, told.changed) == (0, 1), told.output
    assert "is built: context" in told.words
    assert (engine.id(IMAGE), listing(CACHE / "context")) == (first, context)

    done = engine.play("backend_image", source=str(changed))
    assert done.status == 0 and done.changed, done.output
    record_property("measured", f"backend image: role after one changed byte {done.seconds:.1f} s")
    second = engine.id(IMAGE)
    assert second != first and engine.id(PREVIOUS) == first

    told = engine.play("backend_image_rollback", "--check")
    assert told.changed and engine.id(IMAGE) == second, told.output
    back = engine.play("backend_image_rollback")
    assert back.status == 0 and back.changed, back.output
    assert (engine.id(IMAGE), engine.id(PREVIOUS)) == (first, second)


def test_a_version_that_does_not_run_replaces_nothing(engine: Engine, built: Played, tmp_path: Path) -> None:
    broken = copy_of_backend(tmp_path / "broken")
    (broken / "src/omnimind_backend/health.py").write_text("raise RuntimeError('broken')\n")
    assert_refused(engine, "is healthy", source=str(broken), health_timeout=6)


def test_an_image_that_is_too_large_replaces_nothing(engine: Engine, built: Played, source: Path) -> None:
    refused = "backend_image_size_limit_mb: the image has [0-9.]+ MB, 50 are allowed"
    assert_refused(engine, refused, source=str(source), revision="large", size_limit_mb=50)


def test_a_wheel_that_the_lock_does_not_know_is_not_taken(engine: Engine, built: Played, tmp_path: Path) -> None:
    changed = copy_of_backend(tmp_path / "changed")
    lock = changed / "requirements.txt"
    lock.write_text(re.sub(r"(?<=sha256:)[0-9a-f]{8}", "00000000", lock.read_text()))
    complaint = "wheels of .*requirements.txt: ERROR: THESE PACKAGES DO NOT MATCH THE HASHES"
    assert_refused(engine, complaint, source=str(changed), wheels=str(CACHE / "context" / "wheelhouse"))


def assert_refused(engine: Engine, complaint: str, **variables: Any) -> None:
    """The play fails with the complaint, and names, images and containers are what they were."""
    names = engine.names()
    played = engine.play("backend_image", **variables)
    assert played.status and re.search(complaint, played.words), played.output
    assert engine.names() == names
    assert engine("ps", "--all", "--quiet", "--filter", "name=omnimind-backend-image") == ""


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"base_image": "omnimind-nothing:1"}, "backend_image_base_image: omnimind-nothing:1 is not on this engine"),
        (
            {"tag": "no tag", "rollback_tag": ":1", "base_imgae": "x"},
            "backend_image_base_imgae is no variable .*, did you mean backend_image_base_image.*; "
            "backend_image_tag: 'no tag' .*; backend_image_rollback_tag: ':1'",
        ),
        ({"docker_host": "unix:///nowhere/docker.sock"}, "backend_image_docker_host: no engine answers"),
        ({"source": "/nowhere", "version": "1"}, "source: /nowhere has no Dockerfile"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(engine: Engine, variables: dict[str, Any], complaint: str) -> None:
    played = engine.play("backend_image", **variables)
    assert played.status and "changed=0" in played.output, played.output
    assert re.search(complaint, played.words), played.output


def test_nothing_to_go_back_to(engine: Engine) -> None:
    played = engine.play("backend_image_rollback", rollback_tag="never-was")
    assert played.status and "changed=0" in played.output, played.output
    assert f"backend_image_rollback_tag: the engine has no image {NAME}:never-was" in played.words


def test_hadolint() -> None:
    """With no rule left out."""
    assert not [line for line in (BACKEND / "Dockerfile").read_text().splitlines() if "hadolint ignore" in line]
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--no-color", BACKEND / "Dockerfile"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def buildkit_client() -> tuple[list[str], dict[str, str]]:
    """A client that builds by BuildKit: one with the plugin, or an old one that has it built in. Skips without one."""
    if subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "buildx", "build", "--load"], {}
    for client in filter(None, {shutil.which("docker"), shutil.which("docker", path="/usr/bin")}):
        said = subprocess.run([client, "--version"], capture_output=True, text=True, check=False).stdout
        if re.search(r"version (?:19|20|22)\.", said):
            return [client, "build"], {"DOCKER_BUILDKIT": "1"}
    pytest.skip("no client of this machine builds by BuildKit (docker has no buildx): that builder is not proved here")


def test_buildkit_makes_the_same(engine: Engine, built: Played, tmp_path: Path, record_property: Any) -> None:
    """From the same source and wheels, with no network."""
    command, environment = buildkit_client()
    context = copy_of_backend(tmp_path / "context")
    shutil.copytree(CACHE / "context" / "wheelhouse", context / "wheelhouse")
    name = f"{NAME}:buildkit"
    began = time.monotonic()
    done = subprocess.run(
        [*command, "--network", "none", "--tag", name, str(context)],
        env={**os.environ, **engine.environment, **environment, "DOCKER_CONFIG": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    record_property("measured", f"backend image: BuildKit from nothing {time.monotonic() - began:.1f} s")
    other, ours = engine.inspect(name), engine.inspect(IMAGE)
    assert abs(other["Size"] - ours["Size"]) < 1_000_000
    for key in ("User", "Entrypoint", "Cmd", "Healthcheck", "Env"):
        assert other["Config"][key] == ours["Config"][key]


def test_the_role_builds_by_buildx_where_it_is(engine: Engine, built: Played, source: Path) -> None:
    if subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker has no buildx on this machine: that the role builds by it is not proved here")
    played = engine.play("backend_image", source=str(source), builder="buildx", tag="by-buildx")
    assert played.status == 0, played.output


@pytest.fixture
def registry(engine: Engine, tmp_path: Path) -> Iterator[str]:
    """A registry on loopback: its address."""
    require(**{"docker-registry": "docker-registry"})
    address = f"127.0.0.1:{free_ports(1)[0]}"
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
        "http": {"addr": address},
    }
    (tmp_path / "registry.yml").write_text(json.dumps(settings))
    serve = ["docker-registry", "serve", str(tmp_path / "registry.yml")]
    with open(tmp_path / "log", "wb") as log, subprocess.Popen(serve, stdout=log, stderr=log) as process:
        try:
            wait_until_it_listens(address)
            yield address
        finally:
            process.terminate()
            process.wait(10)
            for name in engine("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{address}/*").split():
                engine("image", "rm", name, check=False)


def test_a_registry_gets_the_image_once_and_gives_a_base_image(
    engine: Engine, built: Played, source: Path, registry: str
) -> None:
    base = f"{registry}/omnimind-python:bookworm"
    engine("tag", "omnimind-python:bookworm", base)
    engine("push", base)
    engine("image", "rm", base)
    variables = {
        "source": str(source),
        "base_image": base,
        "repository": f"{registry}/omnimind/backend",
        "pull": True,
    }
    first = engine.play("backend_image", **variables)
    assert first.status == 0 and first.changed, first.output
    with urlopen(f"http://{registry}/v2/omnimind/backend/tags/list") as answer:
        assert json.load(answer)["tags"] == [TAG]
    again = engine.play("backend_image", **variables)
    assert (again.status, again.changed) == (0, 0), again.output


def wait_until_it_listens(address: str) -> None:
    host, port = address.split(":")
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, f"nothing listens on {address}"
            time.sleep(0.05)


def listing(directory: Path) -> list[tuple[str, int]]:
    """Files with the time they were written."""
    return sorted((str(path), path.stat().st_mtime_ns) for path in directory.rglob("*"))
