"""Python environments with other versions of ansible-core: which, and how one is made. All their pins stand here.

They are kept under .cache, and made anew when what they are made of changes.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

from quality.tools import ROOT, run

KEPT = ROOT / ".cache" / "environments"
REQUIREMENTS = (ROOT / "requirements.txt", ROOT / "requirements-test.txt")
BACKEND = ROOT / "files" / "backend" / "requirements.txt"


@dataclass(frozen=True)
class Pair:
    """A version of ansible-core and one of Python, and the `ansible` package with community collections for them."""

    core: str
    python: str
    community: str

    def __str__(self) -> str:
        return f"ansible-core {self.core} on Python {self.python}"


# Collections for the older ones are those that requirements.yml asks for, which they run as well.
PAIRS = (
    Pair("2.17.14", "3.11", "12.3.0"),
    Pair("2.18.19", "3.11", "12.3.0"),
    Pair("2.19.14", "3.11", "12.3.0"),
    Pair("2.21.5", "3.12", "14.5.0"),
    Pair("2.21.5", "3.13", "14.5.0"),
)
# The last of the releases before the oldest that is promised.
TOO_OLD = "2.16.19"
# What runs them, and versions older than 2.18.
PYTHONS_OF_OLD = ("3.11", "3.12", "3.10")
# Of managed hosts: the oldest Python, with Debian 12's redis-py and with the newest that it takes.
MANAGED_PYTHON, MANAGED_CLIENTS = "3.9", ("4.3.4", "7.0.1")


def other_pairs() -> list[Pair]:
    """All but the one that `make test` itself runs in."""
    own = version("ansible-core"), python_here()
    return [pair for pair in PAIRS if (pair.core, pair.python) != own]


def python_here() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def python_or_skip(record_property: Callable[[str, str], None], what: str, *pythons: str) -> Path:
    """A program of one of these versions of Python; when none is at hand, the test ends with a loud word about it."""
    found = next(filter(None, map(interpreter, pythons)), None)
    if found is None:
        said = f"{what}: SKIPPED, no Python {' or '.join(pythons)} is at hand"
        record_property("not_shown", said)
        pytest.skip(said)
    return found


def interpreter(python: str) -> Path | None:
    """A program of this version of Python: on the path, or in pyenv's place. None when none is at hand."""
    return next((path for path in _candidates(python) if _answers(path, python)), None)


def _candidates(python: str) -> Iterator[Path]:
    if python == python_here():
        yield Path(sys.executable)
    found = shutil.which(f"python{python}")
    if found:
        yield Path(found)
    place = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    yield from sorted(place.glob(f"{python}.*/bin/python{python}"))


def _answers(path: Path, python: str) -> bool:
    """Whether it is one: pyenv leaves programs on the path that only say that none was chosen."""
    command = [path, "-c", "import ssl, sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() == python


def environment(name: str, python: Path, *installations: list[str], files: tuple[Path, ...] = ()) -> Path:
    """The directory of its commands. Each installation is what `uv pip install` is told; `files` are read by it."""
    directory = KEPT / name
    stamp = directory / "made-of"
    made_of = repr((str(python), installations, [file.read_text(encoding="utf-8") for file in files]))
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != made_of:
        run("uv", "venv", "--quiet", "--clear", "--python", python, directory)
        for told in installations:
            run("uv", "pip", "install", "--quiet", "--python", directory / "bin" / "python", *told)
        stamp.write_text(made_of, encoding="utf-8")
    return directory / "bin"


def bare(core: str, python: Path) -> Path:
    """ansible-core and nothing else."""
    return environment(f"ansible-core-{core}", python, [f"ansible-core=={core}"])


def complete(pair: Pair, python: Path) -> Path:
    """Everything that tests need, as it is pinned for `make test`, but for Ansible's own."""
    KEPT.mkdir(parents=True, exist_ok=True)
    overrides = KEPT / f"{pair.core}-{pair.python}.txt"
    # What resolves collections belongs to each version of ansible-core.
    overrides.write_text(f"ansible-core=={pair.core}\nansible=={pair.community}\nresolvelib\n", encoding="utf-8")
    return environment(
        f"{pair.core}-{pair.python}",
        python,
        ["--requirement", str(REQUIREMENTS[-1]), "--override", str(overrides)],
        ["--require-hashes", "--requirement", str(BACKEND)],
        files=(*REQUIREMENTS, overrides, BACKEND),
    )


def managed(client: str, python: Path) -> Path:
    """The Python of a managed host with this redis-py."""
    return environment(f"managed-{client}", python, [f"redis=={client}"])
