# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images of Debian packages: how mmdebstrap is called, what of its result is kept, and how Docker describes it."""
from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ImageFailure

RECIPE_LABEL = "omnimind.platform.recipe-digest"
# A reader of the image, a scanner for example, finds packages here; without dpkg nothing else would write it.
_STATUS_HOOK = (
    'mkdir -p "$1/var/lib/dpkg" && for deb in "$1"/var/cache/apt/archives/*.deb; do '
    'dpkg-deb --field "$deb"; printf "Status: install ok installed\\n\\n"; done > "$1/var/lib/dpkg/status"'
)
# What nobody needs in a container; the names of mirrors and what apt has downloaded among it.
_LEFT_OUT = re.compile(
    r"(?:(?:etc/apt|var/lib/apt|var/cache|usr/share/(?:doc|man|info|locale|lintian|bug|doc-base)"
    r"|usr/lib/python3[.0-9]*/(?:test|idlelib|lib2to3|ensurepip|turtledemo|tkinter|pydoc_data))(?:/.*)?"
    r"|(?:dev|proc|sys|run|var/log)/.+"
    # Packages depend on dpkg for their installation; nothing is installed here any more.
    r"|(?:usr/)?s?bin/(?:dpkg|update-alternatives|start-stop-daemon|tarcat|rmt|tar\Z)[^/]*)\Z"
)
_LICENCE = re.compile(r"usr/share/doc/[^/]+/copyright\Z")
_AUTHORITY = re.compile(r"usr/share/ca-certificates/mozilla/[^/]+\.crt\Z")
_USERS = (
    "root:x:0:0:root:/root:/usr/sbin/nologin\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    "nonroot:x:10001:10001:nonroot:/tmp:/usr/sbin/nologin\n"
)


@dataclass(frozen=True)
class Recipe:
    """An image that holds what packages bring, unpacked and not configured: no more than they need comes along."""

    image: str
    packages: tuple[str, ...]
    suite: str
    sources: str
    settings: str = ""

    @property
    def digest(self) -> str:
        """Another for any other recipe."""
        said = json.dumps([command(self, "", "", ""), self.image, self.sources, self.settings, _LEFT_OUT.pattern])
        return hashlib.sha256(said.encode()).hexdigest()


def command(recipe: Recipe, sources: str, settings: str, target: str) -> list[str]:
    """mmdebstrap's command line; the files with apt's sources and settings, and the tar it makes."""
    return [
        "mmdebstrap", "--quiet", "--mode=root", "--format=tar", "--variant=extract", f"--extract-hook={_STATUS_HOOK}",
        f"--include={','.join(recipe.packages)}", f"--aptopt={settings}", recipe.suite, target, sources,
    ]  # fmt: skip


def parse_sources(listed: str, own: str, suite: str) -> str:
    """A sources.list for a suite, from `apt-get indextargets` lines (address, release, component) of this machine.

    ImageFailure when apt knows no source of the machine's own suite.
    """
    lines = set()
    for line in listed.splitlines():
        address, release, component = line.split()
        if release in (own, f"{own}-updates", f"{own}-security"):
            lines.add(f"deb {address} {release.replace(own, suite, 1)} {component}\n")
    if not lines:
        raise ImageFailure(f"apt knows no source of Debian {own} on this host")
    return "".join(sorted(lines))


def release_name(os_release: str) -> str:
    """The release of a Debian system, by its os-release. ImageFailure for another system."""
    found = dict(re.findall(r"^(ID|VERSION_CODENAME)=\"?([^\"\n]*)", os_release, re.MULTILINE))
    if found.get("ID") != "debian" or not found.get("VERSION_CODENAME"):
        system = found.get("ID", "no system that is known")
        raise ImageFailure(f"this host runs {system}, packages are taken from Debian only")
    return found["VERSION_CODENAME"]


def is_kept(name: str) -> bool:
    """Whether a file of mmdebstrap's result belongs to the image; licences do."""
    name = name.removeprefix("./").strip("/")
    return bool(name) and (bool(_LICENCE.match(name)) or not _LEFT_OUT.match(name))


def is_authority(name: str) -> bool:
    """Whether a file is the certificate of an authority that Debian trusts."""
    return bool(_AUTHORITY.match(name))


def added_files(release: str, authorities: Sequence[str]) -> dict[str, str]:
    """What packages would make when they were configured, as they are only unpacked."""
    bundle = {"etc/ssl/certs/ca-certificates.crt": "".join(authorities)} if authorities else {}
    return bundle | {
        "etc/passwd": _USERS,
        "etc/group": "root:x:0:\nnogroup:x:65534:\nnonroot:x:10001:\n",
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "etc/os-release": release,
    }


def python_version(names: Iterable[str]) -> str:
    """Minor version of the Python in an image, by its files."""
    found = {match[1] for name in names if (match := re.match(r"(?:\./)?usr/bin/python(3\.\d+)\Z", name))}
    return max(found, key=lambda version: int(version[2:]), default="")


def configuration(recipe: Recipe, layer: str, architecture: str, python: str, created: str) -> dict[str, Any]:
    """Docker's description of an image of one layer, named by the SHA-256 of its tar."""
    labels = {RECIPE_LABEL: recipe.digest, "org.opencontainers.image.title": recipe.image.rpartition(":")[0]}
    environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    environment += [f"PYTHON_VERSION={python}"] if python else []
    return {
        "architecture": architecture,
        "os": "linux",
        "created": created,
        "config": {"Env": environment, "Labels": labels, "Cmd": ["python3"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        "history": [{"created": created, "created_by": f"mmdebstrap {recipe.suite}: {' '.join(recipe.packages)}"}],
    }


def recipe_of(name: str, images: Iterable[Mapping[str, Any]]) -> str:
    """The digest that an image is labelled with, of images as the engine's API describes them; empty without one."""
    named = (image for image in images if name in (image.get("RepoTags") or ()))
    labels = [(image.get("Config") or {}).get("Labels") or {} for image in named]
    return next((found[RECIPE_LABEL] for found in labels if RECIPE_LABEL in found), "")


def manifest(recipe: Recipe, config: str) -> list[Mapping[str, Any]]:
    """The entry of an archive that `docker load` reads first."""
    return [{"Config": config, "RepoTags": [recipe.image], "Layers": ["layer.tar"]}]


def architecture_of(machine: str, known: Mapping[str, str]) -> str:
    """Docker's word for this machine's architecture. ImageFailure for one that is not known."""
    names: Sequence[str] = [name for name, kernel in known.items() if kernel == machine]
    if not names:
        raise ImageFailure(f"{machine} is no architecture that images are made for; known are {', '.join(known)}")
    return names[0]
