"""What the image is made of, gathered on this machine: wheels, collections, and the tarball of this one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

import ansible_collections

from .commands import CACHE, ROOT, BuildFailure, run

_PINS = ("requirements.txt", "requirements-test.txt")


def pins() -> str:
    """The versions that the tests run with."""
    lines = [line for name in _PINS for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
    return "".join(f"{line}\n" for line in lines if "==" in line)


def wheels(wanted: Iterable[str], python: str) -> Path:
    """A directory with the wheels of `wanted`, and of what they need, for a version of Python; fetched once."""
    said = json.dumps([sorted(wanted), pins(), python])
    directory = CACHE / f"wheels-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
    if directory.exists():
        return directory
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        asked, constraints, lock, fetched = (Path(name, part) for part in ("asked", "pins", "lock", "wheels"))
        asked.write_text("\n".join(wanted), encoding="utf-8")
        constraints.write_text(pins(), encoding="utf-8")
        # pip would resolve for the Python that it runs in, down to the last digit.
        run(
            "uv", "pip", "compile", "--quiet", "--no-emit-index-url", "--python-version", python,
            "--only-binary", ":all:", "--constraint", constraints, "--output-file", lock, asked,
        )  # fmt: skip
        run(
            sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--no-deps",
            "--python-version", python, "--dest", fetched, "--requirement", lock,
        )  # fmt: skip
        os.replace(fetched, directory)
    return directory


def own_tarball(directory: Path) -> Path:
    """This collection as it is released, built into a directory."""
    run("ansible-galaxy", "collection", "build", ROOT, "--output-path", directory)
    return next(directory.glob("omnimind-platform-*.tar.gz"))


def install(tarball: Path, directory: Path) -> None:
    """The collection of a tarball, as it is installed, in directory/ansible_collections.

    By force, as ansible-galaxy would leave it at one that it finds elsewhere, the working tree for example.
    """
    options = ("--force", "--offline", "--no-deps", "--collections-path", directory)
    run("ansible-galaxy", "collection", "install", *options, tarball)


def contents(tarball: Path) -> str:
    """The files in a collection's tarball by their hashes, whenever it was packed."""
    with tarfile.open(tarball) as opened:
        files = json.load(opened.extractfile("FILES.json"))["files"]
        collection = json.load(opened.extractfile("MANIFEST.json"))["collection_info"]
    return json.dumps([sorted((file["name"], file["chksum_sha256"] or "") for file in files), collection])


def copy_collections(names: Iterable[str], directory: Path) -> None:
    """Copies of collections that the `ansible` package brings, and of those that they depend on."""
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        source = _installed(name)
        shutil.copytree(source, directory.joinpath(*name.split(".")), ignore=shutil.ignore_patterns("__pycache__"))
        manifest = json.loads((source / "MANIFEST.json").read_text(encoding="utf-8"))
        waiting += manifest["collection_info"]["dependencies"]


def _installed(name: str) -> Path:
    for root in ansible_collections.__path__:
        if (found := Path(root, *name.split("."))).joinpath("MANIFEST.json").is_file():
            return found
    raise BuildFailure(f"{name} is no collection of the package ansible")
