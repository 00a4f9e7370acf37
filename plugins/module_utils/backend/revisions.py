# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Revisions of a backend: directories with a virtual environment each, named by what they are made of.

A revision is whole when its marker is there, which is written last and names its lock and Python. One without it was
not finished, whatever ended its making, and is made again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..host.programs import run
from .errors import BackendFailure
from .sources import LOCK, PACKAGE, digest_of

REVISIONS = "revisions"
MARKER = "complete"
PROBE = "import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform(), sys.version.split()[0])"


@dataclass(frozen=True)
class Recipe:
    """How a revision is made.

    Args:
        python: the program that its virtual environment is of.
        wheelhouse: directory with all wheels of the lock, in place of an index.
        index_url: of the package index; pip's own configuration where it is empty.
    """

    python: str
    wheelhouse: str = ""
    index_url: str = ""


def revision_name(source_digest: str, python: str) -> str:
    """Of these sources, with their lock, under this Python; BackendFailure when there is no such Python."""
    return digest_of({}, source_digest, _identity(python))


def is_whole(revision: Path) -> bool:
    return (revision / MARKER).is_file()


def make(revision: Path, files: Mapping[str, bytes], recipe: Recipe) -> None:
    """Make a revision that is not whole; BackendFailure, with what pip or Python said.

    Where another has the same lock and the same Python, its installed files are shared: they never change.
    """
    environment = digest_of({LOCK: files[LOCK]}, _identity(recipe.python))
    before = os.umask(0o022)
    try:
        if revision.exists():
            shutil.rmtree(revision)
        revision.mkdir(parents=True)
        (revision / LOCK).write_bytes(files[LOCK])
        twin = _twin(revision, environment)
        if twin:
            _output([recipe.python, "-I", "-m", "venv", "--without-pip", str(revision / "venv")])
            shutil.copytree(
                _site(twin), _site(revision), copy_function=os.link, dirs_exist_ok=True, ignore=_own_package
            )
        else:
            _output([recipe.python, "-I", "-m", "venv", str(revision / "venv")])
            _install_lock(revision, recipe)
        _install_package(revision, files)
        # All of it is on the disk before the word that it is.
        os.sync()
        (revision / MARKER).write_text(environment)
    finally:
        os.umask(before)


def _identity(python: str) -> str:
    return _output([python, "-I", "-c", PROBE])


def _site(revision: Path) -> Path:
    (site,) = (revision / "venv/lib").glob("python3.*/site-packages")
    return site


def _twin(revision: Path, environment: str) -> Path | None:
    """A whole revision with the same lock and Python."""
    others = [path for path in revision.parent.iterdir() if path != revision and is_whole(path)]
    return next((path for path in others if (path / MARKER).read_text() == environment), None)


def _own_package(_directory: str, names: list[str]) -> set[str]:
    return {Path(PACKAGE).name} & set(names)


def _install_lock(revision: Path, recipe: Recipe) -> None:
    offline = ["--no-index", "--find-links", recipe.wheelhouse] if recipe.wheelhouse else []
    # An address may hold a password, which a command line would show.
    index = {"PIP_INDEX_URL": recipe.index_url} if recipe.index_url else {}
    pip = [str(revision / "venv/bin/python"), "-I", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    wheels_only = ["--require-hashes", "--only-binary", ":all:", "--no-cache-dir"]
    _output([*pip, *wheels_only, *offline, "--requirement", str(revision / LOCK)], index)


def _install_package(revision: Path, files: Mapping[str, bytes]) -> None:
    """Pure Python: its files beside those of the lock, compiled."""
    site = _site(revision)
    for name, content in files.items():
        if name.startswith(f"{PACKAGE}/"):
            target = site / Path(name).relative_to(Path(PACKAGE).parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    _output([str(revision / "venv/bin/python"), "-I", "-m", "compileall", "-q", str(site / Path(PACKAGE).name)])


def prunable(revisions: Path, keep: int, needed: Iterable[str]) -> list[Path]:
    """What is older than the `keep` newest, and what is not whole; never what is needed."""
    found = [path for path in revisions.iterdir() if path.is_dir()] if revisions.is_dir() else []
    newest_first = sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)
    return surplus(newest_first, keep, set(needed), is_whole)


def surplus(newest_first: Iterable[Path], keep: int, needed: set[str], whole: Callable[[Path], bool]) -> list[Path]:
    """Those that nobody needs: beyond the number to keep, or not whole."""
    kept, found = 0, []
    for path in newest_first:
        if path.name in needed or (whole(path) and kept < keep):
            kept += 1
        else:
            found.append(path)
    return found


def _output(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    try:
        done = run(
            command,
            env={**surroundings, "PIP_NO_INPUT": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise BackendFailure(f"{command[0]}: {error}") from error
    if done.returncode:
        said = "\n".join(done.stdout.strip().splitlines()[-15:])
        raise BackendFailure(f"{' '.join(command[:5])} ... ended with {done.returncode}: {said}")
    return done.stdout.strip()
