"""What is in the repository as a whole, and what must never be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit

from packaging.version import Version

from quality.tools import ROOT, run, tracked_files

# An address of a registry belongs to the host's configuration, where its owner can change it.
REGISTRIES = re.compile(
    r"\b(pypi[.]org|pythonhosted[.]org|(deb|security|archive)[.](debian|ubuntu)[.](org|com)|registry[.][a-z0-9-]+"
    r"[.][a-z]+|galaxy[.]ansible[.]com|(quay|ghcr|gcr|mcr)[.](io|com)|docker[.]io/|npmjs[.](org|com))"
)
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|glpat-[A-Za-z0-9_-]{20}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|eyJ[A-Za-z0-9_-]{10,}[.]eyJ[A-Za-z0-9_-]{10,})"
)
REQUIREMENTS = ("requirements.txt", "requirements-test.txt", "files/backend/requirements.txt")


def texts() -> Iterator[tuple[str, str]]:
    """Name and text of every tracked file."""
    for name in tracked_files():
        yield name, (ROOT / name).read_text(encoding="utf-8")


def host_registries() -> set[str]:
    """Host names that this machine's pip and apt are configured to use."""
    sources = [*Path("/etc/apt").glob("sources.list*"), *Path("/etc/apt/sources.list.d").glob("*")]
    configuration = run("python", "-m", "pip", "config", "list") + "".join(
        path.read_text(encoding="utf-8") for path in sources if path.is_file()
    )
    found = {urlsplit(address).hostname or "" for address in re.findall(r"https?://[^\s'\"]+", configuration)}
    return {host for host in found if "." in host and not host.startswith("127.")}


def test_no_registry_is_named() -> None:
    hosts = host_registries()
    named = {
        f"{name}: {word}"
        for name, text in texts()
        for word in [*(match[0] for match in REGISTRIES.finditer(text)), *(host for host in hosts if host in text)]
    }
    assert not named


def test_no_secret_is_kept() -> None:
    assert [name for name, text in texts() if SECRETS.search(text)] == []


def test_no_binary_or_link_is_kept() -> None:
    """A file that is not text cannot be reviewed, a link is copied differently by every tool."""
    assert [name for name in tracked_files() if b"\0" in (ROOT / name).read_bytes()] == []
    assert [name for name in tracked_files() if (ROOT / name).is_symlink()] == []


def pins() -> dict[str, str]:
    """Pinned packages, by normalised name; AssertionError on a line that is not a pin."""
    found = {}
    for name in REQUIREMENTS:
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r ", "    --hash=")):
                package, pinned, version = line.removesuffix(" \\").partition("==")
                assert pinned, f"{name}: {line}"
                assert found.setdefault(normalised(package), version) == version, f"{name}: {line}, elsewhere another"
    return found


def normalised(package: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", package).lower()


def test_what_is_installed_is_what_is_pinned() -> None:
    """A new package, or one that another brings, is pinned like the rest."""
    installed = {normalised(found.name): str(Version(found.version)) for found in distributions()}
    for bootstrap in ("pip", "setuptools", "wheel"):
        installed.pop(bootstrap, None)
    assert installed == pins()


def test_every_molecule_scenario_has_its_test() -> None:
    scenarios = {path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")}
    assert scenarios == {path.stem.removeprefix("test_") for path in ROOT.glob("tests/molecule/test_*.py")}
