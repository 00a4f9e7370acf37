"""An image, by ansible-builder and Docker, of one layer for what seldom changes and one for this collection."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml

from .base import base, identity
from .commands import CACHE, ROOT, BuildFailure, run
from .definition import BUILDER, COLLECTIONS, PIP_SETTINGS, STAGE_LABEL, ansible, from_here, other_collections
from .material import contents, copy_collections, install, own_tarball, pins, wheels

DEPENDENCIES = "omnimind-platform-ee-dependencies"
DIGEST_LABEL = "omnimind.platform.inputs-digest"


def provide(name: str, base_image: str, archives: Path | None) -> tuple[str, str]:
    """Make the engine have the image; return its name and how it got there."""
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    name = name or f"omnimind-platform-ee:{version}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch, open(CACHE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tarball = own_tarball(Path(scratch))
        below = _digest_of_dependencies(base_image)
        digest = _digest(below, contents(tarball))
        if run("docker", "image", "ls", "--quiet", "--filter", f"label={DIGEST_LABEL}={digest}", name):
            return name, "the engine has it"
        how = _provide_dependencies(f"{DEPENDENCIES}:{below[:16]}", base_image, archives, Path(scratch))
        labels = {DIGEST_LABEL: digest, "org.opencontainers.image.version": version}
        _add_collection(f"{DEPENDENCIES}:{below[:16]}", tarball, name, labels)
    return name, f"built, dependencies {how}"


def _own(name: str) -> str:
    """A file of the collection that says what it needs."""
    return (ROOT / name).read_text(encoding="utf-8")


def _digest(*inputs: Any) -> str:
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()


def _digest_of_dependencies(base_image: str) -> str:
    """Another for anything else that they are made of, how they are made included."""
    files = ("execution-environment.yml", "meta/ee-bindep.txt", "meta/ee-requirements.txt")
    tools = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))]
    return _digest([_own(name) for name in files], identity(base_image), pins(), tools)


def _provide_dependencies(name: str, base_image: str, archives: Path | None, scratch: Path) -> str:
    """Make the engine have all but this collection; return how it got there."""
    if run("docker", "image", "ls", "--quiet", name):
        return "as before"
    archive = archives / f"{name.replace(':', '-')}.tar" if archives else None
    if archive and archive.exists():
        loaded = run("docker", "load", "--input", archive)
        run("docker", "tag", re.search(r"sha256:\w+", loaded)[0], name)
        return "loaded"
    _build_dependencies(name, base_image, scratch)
    for old in run("docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", DEPENDENCIES).split():
        if old != name:
            run("docker", "image", "rm", old)
    if archive:
        _save(name, archive)
    return "too"


def _build_dependencies(name: str, base_image: str, scratch: Path) -> None:
    """Build in layers, then make one of them. ansible-builder copies and removes, which layers would keep."""
    definition, start, layers = yaml.safe_load(_own("execution-environment.yml")), base(base_image), f"{name}-layers"
    material, changed = scratch / "material", scratch / "execution-environment.yml"
    python, system = _own("meta/ee-requirements.txt").split(), _own("meta/ee-bindep.txt").splitlines()
    wanted = [*ansible(definition), *BUILDER, *definition["dependencies"].get("python", ()), *python]
    copy_collections(other_collections(definition), material / "collections")
    shutil.copytree(wheels(wanted, start.version), material / "wheels")
    (material / "pip.conf").write_text(PIP_SETTINGS, encoding="utf-8")
    changed.write_text(yaml.safe_dump(from_here(definition, start, material, python, system)), encoding="utf-8")
    # What a given base lacks is fetched by its own package manager.
    network = "" if base_image else " --network none"
    try:
        run(
            "ansible-builder", "build", "--container-runtime", "docker", "--verbosity", "3", "--tag", layers,
            "--file", changed, "--context", scratch / "context",
            "--extra-build-cli-args", f"--force-rm{network}",
            DOCKER_BUILDKIT="0",
        )  # fmt: skip
        _flatten(layers, name)
    finally:
        subprocess.run(["docker", "image", "rm", "--force", layers], capture_output=True, check=False)
        run("docker", "image", "prune", "--force", "--filter", f"label={STAGE_LABEL}")


def _flatten(layers: str, name: str) -> None:
    """An image of what is in another, with how that is run."""
    config = json.loads(run("docker", "image", "inspect", "--format", "{{json .Config}}", layers))
    changes = [
        f"USER {config['User']}",
        f"WORKDIR {config['WorkingDir']}",
        f"ENTRYPOINT {json.dumps(config['Entrypoint'])}",
        f"CMD {json.dumps(config['Cmd'])}",
        *(f"ENV {variable}" for variable in config["Env"] if variable.startswith("PATH=")),
        "LABEL ansible-execution-environment=true",
    ]
    container = run("docker", "create", layers).strip()
    try:
        with subprocess.Popen(["docker", "export", container], stdout=subprocess.PIPE) as exported:
            command = ["docker", "import", *(word for change in changes for word in ("--change", change)), "-", name]
            imported = subprocess.run(command, stdin=exported.stdout, capture_output=True, text=True, check=False)
        if imported.returncode or exported.returncode:
            raise BuildFailure(f"docker import: {imported.stderr}")
    finally:
        run("docker", "rm", container)


def _add_collection(dependencies: str, tarball: Path, name: str, labels: dict[str, str]) -> None:
    """The last layer: this collection, as it is installed from its tarball."""
    context = tarball.parent / "collection"
    install(tarball, context)
    lines = [f"FROM {dependencies}", f"COPY ansible_collections {COLLECTIONS}"]
    lines += [f"LABEL {key}={json.dumps(value)}" for key, value in labels.items()]
    (context / "Dockerfile").write_text("\n".join(lines), encoding="utf-8")
    run("docker", "build", "--quiet", "--network", "none", "--tag", name, context, DOCKER_BUILDKIT="0")


def _save(name: str, archive: Path) -> None:
    """Keep the image, in place of those kept before."""
    for old in archive.parent.glob(f"{DEPENDENCIES}-*.tar"):
        old.unlink()
    partial = archive.with_suffix(".part")
    run("docker", "save", "--output", partial, run("docker", "image", "inspect", "--format", "{{.Id}}", name).strip())
    partial.rename(archive)
