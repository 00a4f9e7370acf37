"""An image, by ansible-builder and Docker, of one layer and with no more in its configuration than it needs."""

from __future__ import annotations

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
from .definition import PIP_SETTINGS, STAGE_LABEL, collections, from_here, requirements
from .material import contents, copy_collections, own_tarball, pins, wheels

DIGEST_LABEL = "omnimind.platform.inputs-digest"


def provide(name: str, base_image: str, archives: Path | None) -> tuple[str, str]:
    """Make the engine have the image; return its name and how it got there."""
    definition = _read("execution-environment.yml")
    version = _read("galaxy.yml")["version"]
    name = name or f"omnimind-platform-ee:{version}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        tarball = own_tarball(Path(scratch))
        digest = _digest(definition, contents(tarball), identity(base_image))
        if run("docker", "image", "ls", "--quiet", "--filter", f"label={DIGEST_LABEL}={digest}", name):
            return name, "the engine has it"
        archive = archives / f"image-{digest[:16]}.tar" if archives else None
        if archive and archive.exists():
            loaded = run("docker", "load", "--input", archive)
            run("docker", "tag", re.search(r"sha256:\w+", loaded)[0], name)
            return name, "loaded, as built before"
        labels = {DIGEST_LABEL: digest, "org.opencontainers.image.version": version}
        _build(definition, base_image, tarball, name, labels)
        if archive:
            _save(name, archive)
    return name, "built"


def _read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def _digest(*inputs: Any) -> str:
    """Another for anything else that the image is made of, how it is made included."""
    tools = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))]
    return hashlib.sha256(json.dumps([inputs, pins(), tools]).encode()).hexdigest()


def _build(definition: dict[str, Any], base_image: str, tarball: Path, name: str, labels: dict[str, str]) -> None:
    """Build in layers, then make one of them. ansible-builder copies and removes, which layers would keep."""
    start = base(base_image)
    scratch, layers = tarball.parent, f"{name}-layers"
    material = scratch / "material"
    wanted = requirements(definition, (ROOT / "meta" / "ee-requirements.txt").read_text(encoding="utf-8"))
    copy_collections(collections(definition)[1:], material / "collections")
    tarball.rename(material / tarball.name)
    shutil.copytree(wheels(wanted, start.version), material / "wheels")
    (material / "pip.conf").write_text(PIP_SETTINGS, encoding="utf-8")
    changed = scratch / "execution-environment.yml"
    changed.write_text(yaml.safe_dump(from_here(definition, start, material, tarball.name)), encoding="utf-8")
    # What a given base lacks is fetched by its own package manager.
    network = "" if base_image else " --network none"
    try:
        run(
            "ansible-builder", "build", "--container-runtime", "docker", "--verbosity", "3", "--tag", layers,
            "--file", changed, "--context", scratch / "context",
            "--extra-build-cli-args", f"--force-rm{network}",
            DOCKER_BUILDKIT="0",
        )  # fmt: skip
        _flatten(layers, name, labels)
    finally:
        subprocess.run(["docker", "image", "rm", "--force", layers], capture_output=True, check=False)
        run("docker", "image", "prune", "--force", "--filter", f"label={STAGE_LABEL}")


def _flatten(layers: str, name: str, labels: dict[str, str]) -> None:
    """An image of what is in another, with how that is run."""
    config = json.loads(run("docker", "image", "inspect", "--format", "{{json .Config}}", layers))
    changes = [
        f"USER {config['User']}",
        f"WORKDIR {config['WorkingDir']}",
        f"ENTRYPOINT {json.dumps(config['Entrypoint'])}",
        f"CMD {json.dumps(config['Cmd'])}",
        *(f"ENV {variable}" for variable in config["Env"] if variable.startswith(("PATH=", "LANG="))),
        "LABEL ansible-execution-environment=true",
        *(f"LABEL {key}={json.dumps(value)}" for key, value in labels.items()),
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


def _save(name: str, archive: Path) -> None:
    """Keep the image, in place of those kept before."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    for old in archive.parent.glob("image-*.tar"):
        old.unlink()
    partial = archive.with_suffix(".part")
    run("docker", "save", "--output", partial, run("docker", "image", "inspect", "--format", "{{.Id}}", name).strip())
    partial.rename(archive)
