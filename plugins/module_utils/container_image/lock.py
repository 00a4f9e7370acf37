# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lock of Python packages (`NAME==VERSION --hash=sha256:...`), and the wheels that fulfil it."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .errors import ImageFailure

# Wheels for this C library and every older one; 36 is that of Debian 12. One that needs more than the base image has
# does not load there, and ends the build.
NEWEST_GLIBC = 36
OLDEST_GLIBC = 5
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Locked:
    """One package of a lock."""

    name: str
    version: str
    hashes: frozenset[str]


def parse_lock(text: str) -> list[Locked]:
    """The packages of a lock. ImageFailure for a line that is not pinned, or has no hash."""
    found = []
    joined = re.sub(r"\\\s*\n", " ", text)
    for line in (line.strip() for line in joined.splitlines()):
        if not line or line.startswith("#"):
            continue
        pinned = re.match(r"([A-Za-z0-9][\w.-]*)==([^\s;]+)", line)
        hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
        if not pinned or not hashes:
            raise ImageFailure(f"requirements.txt: {line[:80]!r} is not a package with its version and hashes")
        found.append(Locked(pinned[1], pinned[2], hashes))
    return found


@dataclass(frozen=True)
class Lacking:
    """Where a wheelhouse differs from its lock: packages without a wheel, and files that no package needs."""

    packages: list[str]
    strays: list[str]

    def __bool__(self) -> bool:
        return bool(self.packages or self.strays)


def lacking(locked: Sequence[Locked], files: Mapping[str, str], fits: str) -> Lacking:
    """Compare a lock with a wheelhouse: its files by name, each with its SHA-256. `fits` is what wheels must be for:
    a wheel of another Python is no use even when the lock knows it."""
    used, packages = set(), []
    for package in locked:
        wheels = [name for name, digest in files.items() if digest in package.hashes and is_for(name, fits)]
        used.update(wheels[:1])
        if not wheels:
            packages.append(f"{package.name}=={package.version}")
    return Lacking(packages, sorted(files.keys() - used))


def is_for(wheel: str, fits: str) -> bool:
    """Whether a wheel is for `fits`, "3.11 x86_64" for example, by its name."""
    python, _blank, machine = fits.partition(" ")
    parts = wheel.removesuffix(".whl").split("-")
    if len(parts) < 5 or not wheel.endswith(".whl"):
        return False
    tags, abi, platform = parts[-3].split("."), parts[-2], parts[-1]
    minor = int(python.split(".")[1])
    runs = {"py3", f"py3{minor}", f"cp3{minor}"} | ({f"cp3{n}" for n in range(2, minor)} if abi == "abi3" else set())
    return bool(runs & set(tags)) and (platform == "any" or platform.endswith(machine))


def download_options(python: str, machine: str) -> list[str]:
    """Options of `pip download` that choose wheels for a Python on Linux, whichever Python pip itself runs on."""
    levels = [f"manylinux_2_{level}_{machine}" for level in range(NEWEST_GLIBC, OLDEST_GLIBC - 1, -1)]
    names = levels + [f"{kind}_{machine}" for kind in ("manylinux2014", "manylinux2010", "manylinux1", "linux")]
    options = ["--only-binary", ":all:", "--no-deps", "--require-hashes", "--implementation", "cp"]
    options += ["--python-version", python]
    return options + [word for name in names for word in ("--platform", name)]
