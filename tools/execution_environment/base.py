"""The image that the build starts from: a given one, or one of Debian packages."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ansible_collections.omnimind.platform.plugins.module_utils.container_image.debian import Recipe
from ansible_collections.omnimind.platform.plugins.module_utils.container_image.debian_archive import recipe_of_host
from packaging.version import Version

from .commands import CACHE, ROOT, BuildFailure, run

DEBIAN = "omnimind-platform-ee-base:debian"
RECIPE_LABEL = "omnimind.platform.recipe-digest"
# ansible-builder finds nothing left to install of these: `assemble` and its like run where no network is.
_PACKAGES = ("ca-certificates", "git", "openssh-client", "python3", "python3-pip", "rsync", "sshpass")
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
_LICENCES = "/usr/share/doc/*/copyright"
_MANAGERS = ("/usr/bin/microdnf", "/usr/bin/dnf", "/usr/bin/apt-get")
_ASKED = (
    'command -v python3 && python3 -c "import platform; print(platform.python_version())" && '
    f"python3 -m pip --version >/dev/null && ls {' '.join(_MANAGERS)} 2>/dev/null | head -n 1"
)


@dataclass(frozen=True)
class Base:
    """An image by name, with its Python's path and version, and its package manager."""

    image: str
    python: str
    version: str
    manager: str


def identity(image: str) -> str:
    """Another for any other base; without an image, of the packages of this machine's own Debian."""
    if not image:
        return _recipe().digest
    if not run("docker", "image", "ls", "--quiet", image):
        run("docker", "pull", image)
    return run("docker", "image", "inspect", "--format", "{{.Id}}", image).strip()


def base(image: str) -> Base:
    """The base that `identity` was asked for; that of Debian packages is made when the engine has it not."""
    if not image:
        _provide_debian(_recipe())
        image = DEBIAN
    words = ("run", "--rm", "--network", "none", "--entrypoint", "/bin/sh", image, "-c", f"{_ASKED}; true")
    lines = run("docker", *words).split()
    if len(lines) != 3:
        raise BuildFailure(f"BASE_IMAGE: {image} lacks python3, its pip, or each of {', '.join(_MANAGERS)}")
    if Version(lines[1]) < Version("3.11"):
        raise BuildFailure(f"BASE_IMAGE: {image} has Python {lines[1]}; right would be 3.11 or newer")
    return Base(image, *lines)


@cache
def _recipe() -> Recipe:
    return recipe_of_host(_asked, DEBIAN, _PACKAGES)


def _asked(command: Sequence[str]) -> tuple[int, str, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def _provide_debian(recipe: Recipe) -> None:
    if not run("docker", "image", "ls", "--quiet", "--filter", f"label={RECIPE_LABEL}={recipe.digest}", DEBIAN):
        changes = ("--change", f"LABEL {RECIPE_LABEL}={recipe.digest}", "--change", 'CMD ["bash"]')
        run("docker", "import", *changes, _root(recipe), DEBIAN)


def _root(recipe: Recipe) -> Path:
    """The root file system, as a tar. It has neither this machine's sources nor its settings of apt."""
    root = CACHE / f"debian-{recipe.digest[:16]}.tar"
    if root.exists():
        return root
    CACHE.mkdir(parents=True, exist_ok=True)
    if subprocess.run([ROOT / ".ci" / "need", "mmdebstrap"], check=False).returncode:
        raise BuildFailure("mmdebstrap is needed, and cannot be installed")
    with tempfile.TemporaryDirectory(dir=CACHE) as name:
        scratch = Path(name)
        (scratch / "sources.list").write_text(recipe.sources, encoding="utf-8")
        (scratch / "apt.conf").write_text(recipe.settings, encoding="utf-8")
        run(
            "mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(recipe.packages)}",
            f"--aptopt={scratch}/apt.conf", *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
            f"--dpkgopt=path-include={_LICENCES}",
            # mmdebstrap writes what it was told into the image.
            '--customize-hook=rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap" "$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap"',
            '--customize-hook=rm -f "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/etc/resolv.conf',
            '--customize-hook=echo "APT::Install-Recommends \\"false\\";" > "$1/etc/apt/apt.conf.d/no-recommends"',
            recipe.suite, scratch / "root.tar", scratch / "sources.list",
            SOURCE_DATE_EPOCH="0",
        )  # fmt: skip
        os.replace(scratch / "root.tar", root)
    return root
