# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes an archive that `docker load` takes, from Debian packages; needs no engine and no registry."""
from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from .debian import (
    Recipe,
    added_files,
    architecture_of,
    command,
    configuration,
    is_authority,
    is_kept,
    manifest,
    parse_sources,
    python_version,
    release_name,
)
from .errors import ImageFailure
from .lock import ARCHITECTURES

OS_RELEASE = Path("/etc/os-release")
Run = Callable[[Sequence[str]], "tuple[int, str, str]"]  # a command to its exit status, output and errors


def recipe_of_host(run: Run, image: str, packages: Sequence[str]) -> Recipe:
    """The recipe for this host: its own release of Debian, from the sources that its apt has."""
    suite = release_name(OS_RELEASE.read_text(encoding="utf-8"))
    wanted = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    listed = _must(run, ["apt-get", "indextargets", "--format", wanted, "Created-By: Packages"])
    settings = _must(run, ["apt-config", "dump", "--no-empty", "Acquire::http", "Acquire::https"])
    return Recipe(image, tuple(packages), suite, parse_sources(listed, suite, suite), settings)


def make(run: Run, recipe: Recipe, archive: Path) -> None:
    """Write the archive, whole or not at all."""
    archive.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    with tempfile.TemporaryDirectory(dir=archive.parent) as name:
        scratch = Path(name)
        (scratch / "sources.list").write_text(recipe.sources, encoding="utf-8")
        (scratch / "apt.conf").write_text(recipe.settings, encoding="utf-8")
        root = scratch / "root.tar"
        _must(run, command(recipe, str(scratch / "sources.list"), str(scratch / "apt.conf"), str(root)))
        python = _write_layer(root, scratch / "layer.tar", OS_RELEASE.read_text(encoding="utf-8"))
        root.unlink()
        _write_archive(recipe, scratch / "layer.tar", python, scratch / "image.tar")
        os.replace(scratch / "image.tar", archive)


def _must(run: Run, words: Sequence[str]) -> str:
    """What a command prints. ImageFailure with its own words when it fails."""
    try:
        status, output, errors = run(words)
    except OSError as error:
        raise ImageFailure(f"{words[0]}: {error.strerror}") from error
    if status:
        raise ImageFailure(f"{words[0]}: exit status {status}: {errors.strip()[-2000:]}")
    return output


def _write_layer(root: Path, layer: Path, release: str) -> str:
    """Copy what is kept of a root file system, and add files; return the version of its Python."""
    names, authorities = [], []
    with tarfile.open(root) as source, tarfile.open(layer, "w", format=tarfile.PAX_FORMAT) as target:
        for member in source:
            name = member.name.removeprefix("./")
            if not is_kept(name):
                continue
            if is_authority(name):
                authorities.append(source.extractfile(member).read().decode())
            names.append(name)
            member.name = name
            if member.islnk():
                member.linkname = member.linkname.removeprefix("./")
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
        for name, text in added_files(release, authorities).items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text.encode()), 0o644
            target.addfile(member, io.BytesIO(text.encode()))
        if "tmp" not in names:
            member = tarfile.TarInfo("tmp")
            member.type, member.mode = tarfile.DIRTYPE, 0o1777
            target.addfile(member)
    return python_version(names)


def _write_archive(recipe: Recipe, layer: Path, python: str, archive: Path) -> None:
    with layer.open("rb") as file:
        digest = _sha256(file)
    created = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    architecture = architecture_of(platform.machine(), ARCHITECTURES)
    config = json.dumps(configuration(recipe, digest, architecture, python, created)).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    with tarfile.open(archive, "w") as target:
        for entry, content in ((name, config), ("manifest.json", json.dumps(manifest(recipe, name)).encode())):
            member = tarfile.TarInfo(entry)
            member.size = len(content)
            target.addfile(member, io.BytesIO(content))
        target.add(layer, "layer.tar")


def _sha256(file: io.BufferedReader) -> str:
    found = hashlib.sha256()
    while block := file.read(1 << 20):
        found.update(block)
    return found.hexdigest()
