# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Releases of a backend: a revision together with the configuration that it runs with, as directories of files.

`current` leads to the release in force. A link is replaced at once, so a release is in force as a whole or not at all,
whenever a run ends. A release that was seen to work is proved, and only a proved one is gone back to: by a roll-out
that fails to the one that `former` leads to, by a roll-back to `previous`, the last of another version.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..host.programs import run
from .errors import BackendFailure

RELEASES, CURRENT, FORMER, PREVIOUS = "releases", "current", "former", "previous"
PORTS = "ports.json"
PROVED = "proved"
LAUNCH, ENVIRONMENT, COMPRESSION, CACHE_URL, CACHE_CA = (
    "launch.json", "backend.env", "compression.yaml", "cache.url", "cache-ca.crt",
)  # fmt: skip
FILES = (LAUNCH, ENVIRONMENT, COMPRESSION, CACHE_URL, CACHE_CA)
SECRET = frozenset({CACHE_URL})


@dataclass(frozen=True)
class Release:
    """One that is on the disk. `files` has the texts of FILES that are there."""

    name: str
    files: Mapping[str, str]
    proved: bool

    @property
    def launch(self) -> dict[str, Any]:
        return json.loads(self.files[LAUNCH])

    @property
    def version(self) -> str:
        return self.launch["version"]


@dataclass(frozen=True)
class Change:
    """What makes another release of wanted files: `version` is another where instances must be started anew."""

    changed: frozenset[str]
    version: str


def environment_text(settings: Mapping[str, Any], directory: str) -> str:
    """Lines NAME=value for the settings that have a value; `directory` is where the backend sees the release."""
    given = {f"OMNIMIND_{name.upper()}": value for name, value in settings.items() if value not in (None, "")}
    files = {
        "OMNIMIND_COMPRESSION_FILE": f"{directory}/{COMPRESSION}",
        "OMNIMIND_CACHE_URL_FILE": f"{directory}/{CACHE_URL}",
    }
    for name, value in given.items():
        if "\n" in str(value) or "\0" in str(value):
            raise BackendFailure(f"settings: {name} has a line break in its value")
    return "".join(f"{name}={value}\n" for name, value in sorted({**given, **files}.items()))


def parse_environment(text: str) -> dict[str, str]:
    """The variables of such a text."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def compare(wanted: Mapping[str, str], launch: Mapping[str, Any], current: Release | None, token: str) -> Change:
    """What differs from the release in force; `token` makes a new version unlike all others.

    Settings of compression are read again by instances that run; everything else needs new ones.
    """
    revision = str(launch["revision"])
    if current is None:
        return Change(frozenset({LAUNCH, *wanted}), f"{revision}+{token}")
    names = {*wanted, *current.files} - {LAUNCH}
    changed = {name for name in names if wanted.get(name) != current.files.get(name)}
    if {**launch, "version": current.version} != current.launch:
        changed.add(LAUNCH)
    version = f"{revision}+{token}" if changed - {COMPRESSION} else current.version
    return Change(frozenset(changed), version)


def difference(wanted: Mapping[str, str], current: Release | None, changed: Iterable[str]) -> list[dict[str, str]]:
    """For a diff: files before and after, of secrets only that they are others."""
    before = current.files if current else {}
    return [
        {
            "before_header": name,
            "after_header": name,
            "before": _shown(name, before),
            "after": _shown(name, wanted, "new "),
        }
        for name in sorted(changed)
    ]


def _shown(name: str, files: Mapping[str, str], which: str = "") -> str:
    if name not in files:
        return ""
    return f"(a {which}secret)\n" if name in SECRET else files[name]


def check(command: Sequence[str], files: Mapping[str, str], seen_at: str) -> None:
    """Have a backend judge files that are not in force, before anything is replaced; BackendFailure, with what it said.

    Args:
        command: that ends well when the settings in its environment are right.
        files: of the release; they name each other by where they will be seen.
        seen_at: that place.
    """
    with tempfile.TemporaryDirectory() as draft:
        for name, text in files.items():
            Path(draft, name).write_text(text.replace(seen_at, draft))
        surroundings = {
            name: value for name, value in os.environ.items() if not name.startswith(("OMNIMIND_", "PYTHON"))
        }
        environment = {**surroundings, **parse_environment(Path(draft, ENVIRONMENT).read_text())}
        try:
            done = run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BackendFailure(f"The new revision cannot check its settings: {error}") from error
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).replace(draft, seen_at).strip().splitlines()[-15:])
        raise BackendFailure(f"The new revision refuses its settings, nothing was replaced. {said}")


def summary(release: Release | None) -> dict[str, Any]:
    """A release as plain data; empty names for none."""
    if release is None:
        return {"name": "", "version": "", "proved": False, "launch": {}}
    return {"name": release.name, "version": release.version, "proved": release.proved, "launch": release.launch}


class Shelf:
    """The releases of one service on this host."""

    def __init__(self, directory: Path, group: str = "root") -> None:
        self.directory, self.group = directory, group

    def path(self, name: str) -> Path:
        return self.directory / RELEASES / name

    def linked(self, link: str) -> Release | None:
        """What a link leads to; None where it leads nowhere."""
        try:
            return self.load(Path(os.readlink(self.directory / link)).name)
        except OSError:
            return None

    def load(self, name: str) -> Release:
        """A release by its name; OSError when it is not there, or was not finished."""
        path = self.path(name)
        files = {file: (path / file).read_text() for file in FILES if file == LAUNCH or (path / file).exists()}
        return Release(name, files, (path / PROVED).exists())

    def fallback(self, name: str) -> Release | None:
        """The proved release to go back to when this one is not fit; None for one that is proved and in force."""
        found = [self.linked(link) for link in (CURRENT, FORMER, PREVIOUS)]
        if found[0] and found[0].name == name and found[0].proved:
            return None
        return next((release for release in found if release and release.proved and release.name != name), None)

    def write(self, files: Mapping[str, str]) -> str:
        """Put a release beside the others, not in force yet; return its name."""
        self._make_directory(self.directory)
        self._make_directory(self.directory / RELEASES)
        self.sweep()
        draft = Path(tempfile.mkdtemp(prefix=".", dir=self.directory / RELEASES))
        for name, text in files.items():
            with os.fdopen(os.open(draft / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            self._share(draft / name, 0o640)
        self._share(draft, 0o750)
        name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(3)}"
        os.rename(draft, self.path(name))
        return name

    def put_in_force(self, name: str) -> bool:
        """Lead `current` there, and `former` to where it led, if that is proved. Return whether it led elsewhere."""
        current, release = self.linked(CURRENT), self.load(name)
        if current and current.name == name:
            return False
        if current and current.proved:
            self._link(FORMER, current.name)
        self._link(CURRENT, release.name)
        return True

    def in_force_since(self) -> float:
        return os.lstat(self.directory / CURRENT).st_mtime

    def prove(self, name: str) -> None:
        """Note that a release works. What ran before it is `previous` from now on, if that was another version."""
        (self.path(name) / PROVED).touch()
        release, former = self.load(name), self.linked(FORMER)
        if former and former.version != release.version:
            self._link(PREVIOUS, former.name)
        (self.directory / FORMER).unlink(missing_ok=True)

    def withdraw(self) -> bool:
        """No release is in force any more."""
        present = os.path.lexists(self.directory / CURRENT)
        (self.directory / CURRENT).unlink(missing_ok=True)
        return present

    def sweep(self) -> None:
        """Remove releases that no link leads to."""
        kept = {release.name for release in map(self.linked, (CURRENT, FORMER, PREVIOUS)) if release}
        for path in (self.directory / RELEASES).iterdir() if (self.directory / RELEASES).is_dir() else ():
            if path.name not in kept:
                shutil.rmtree(path)

    def note_ports(self, ports: Iterable[int]) -> None:
        self._replace(PORTS, json.dumps(sorted(ports)))

    def ports(self) -> list[int]:
        """Those that a roll-out gave to instances."""
        try:
            return json.loads((self.directory / PORTS).read_text())
        except (OSError, ValueError):
            return []

    def _make_directory(self, path: Path) -> None:
        path.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._share(path, 0o750)

    def _share(self, path: Path, mode: int) -> None:
        shutil.chown(path, "root", self.group)
        os.chmod(path, mode)

    def _link(self, link: str, name: str) -> None:
        new = self.directory / f".{link}-{secrets.token_hex(4)}"
        os.symlink(f"{RELEASES}/{name}", new)
        os.replace(new, self.directory / link)

    def _replace(self, name: str, text: str) -> None:
        new = self.directory / f".{name}-{secrets.token_hex(4)}"
        new.write_text(text)
        os.replace(new, self.directory / name)
