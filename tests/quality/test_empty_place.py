"""Nothing but ansible-core and the tarball: what a user has who begins, and what is said where that is not enough."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quality.test_documentation import KINDS, declared
from quality.tools import NAME, ROOT, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to make a machine read-only")


class Place:
    """A home directory in which only ansible-core is at hand, the version that is pinned."""

    def __init__(self, home: Path, commands: Path) -> None:
        self.home = home
        self.ours = home / ".ansible" / "collections" / "ansible_collections" / Path(*NAME.split("."))
        self._commands = commands
        (home / "tmp").mkdir()

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        apart = ["unshare", "--mount", "--net", "sh", "-c", READ_ONLY, self.home]
        command = [*apart, self._commands / words[0], *words[1:]]
        return subprocess.run(
            [str(word) for word in command], cwd=self.home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False,
            env={"PATH": f"{self._commands}:{SYSTEM}", "HOME": str(self.home), "TMPDIR": str(self.home / "tmp"),
                 "ANSIBLE_REMOTE_TEMP": str(self.home / "tmp"), "LANG": "C.UTF-8", "NO_COLOR": "1"},
        )  # fmt: skip

    def files(self) -> dict[str, str]:
        """What is installed of ours, by name, with a digest. What Python compiled is left out."""
        found = (path for path in self.ours.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Of the machine nothing can be changed, and nothing reached. Arguments: the home directory, then a command.
READ_ONLY = """
ip link set lo up &&
mount --bind "$0" "$0" &&
mount --options remount,bind,ro / &&
exec "$@"
"""


@pytest.fixture(scope="module")
def place(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Place:
    pins = (ROOT / "requirements.txt").read_text().splitlines()
    (pinned,) = (line for line in pins if line.startswith("ansible-core=="))
    environment = ROOT / ".cache" / f"only-{pinned.replace('==', '-')}"
    if not (environment / "bin" / "ansible-doc").exists():
        run(sys.executable, "-m", "venv", "--clear", environment)
        run(environment / "bin" / "python", "-m", "pip", "install", "--quiet", pinned)
    run(ROOT / ".ci" / "need", "iproute2")
    place = Place(tmp_path_factory.mktemp("empty"), environment / "bin")
    answer = place.run("ansible-galaxy", "collection", "install", "--offline", artifact)
    assert answer.returncode == 0, answer.stdout
    return place


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_listed(place: Place, kind: str) -> None:
    answer = place.run("ansible-doc", "--type", kind, "--list", NAME, "--json")
    assert sorted(json.loads(answer.stdout)) == declared(kind)


def test_site_is_rehearsed_and_nothing_changed(place: Place) -> None:
    """With the inventory of this machine, as it came: all that would be done is told, even passwords are not made."""
    before = place.files()
    answer = place.run("ansible-playbook", f"{NAME}.site", "--check", "-i", place.ours / "inventories" / "local")
    assert answer.returncode == 0, answer.stdout
    (recap,) = re.findall(r"^localhost +: .*$", answer.stdout, re.MULTILINE)
    assert "failed=0" in recap and "changed=0" not in recap
    assert place.files() == before


@pytest.mark.parametrize(
    ("playbook", "collection"),
    [
        ("awx", "awx.awx >=24.6.1"),
        ("kubernetes", "kubernetes.core >=6.2.0"),
        ("kubernetes_absent", "kubernetes.core >=6.2.0"),
        ("backend", "community.docker >=4.0.0"),
        ("backend_image", "community.docker >=4.0.0"),
        ("backend_image_rollback", "community.docker >=4.0.0"),
        ("backend_base_image", "community.docker >=4.0.0"),
    ],
)
def test_a_missing_collection_is_told(place: Place, playbook: str, collection: str) -> None:
    """First of all, with the command that installs it, which names the version that would do."""
    told = rf"the collection {collection} is not installed where Ansible runs; install it: ansible-galaxy .*'"
    answer = rehearse(place, playbook)
    assert re.search(told, answer.stdout), answer.stdout
    assert re.search(r"changed=0 .*failed=1", answer.stdout), answer.stdout


def test_an_old_collection_is_told(place: Place, other_collection: Path) -> None:
    write_version(other_collection, "6.1.9")
    assert "the collection kubernetes.core >=6.2.0 is not installed" in rehearse(place, "kubernetes").stdout


def test_a_missing_library_is_told(place: Place, other_collection: Path) -> None:
    write_version(other_collection, "6.10.0")
    answer = rehearse(place, "kubernetes")
    assert "Failed to import the required Python library (kubernetes)" in answer.stdout, answer.stdout


@pytest.fixture
def other_collection(place: Place) -> Iterator[Path]:
    """Where kubernetes.core would be, of which only the version is looked at."""
    path = place.ours.parent.parent / "kubernetes" / "core"
    path.mkdir(parents=True)
    yield path
    shutil.rmtree(path.parent)


def write_version(collection: Path, version: str) -> None:
    manifest = {"collection_info": {"namespace": "kubernetes", "name": "core", "version": version}}
    (collection / "MANIFEST.json").write_text(json.dumps(manifest))


def rehearse(place: Place, playbook: str) -> subprocess.CompletedProcess[str]:
    inventory = place.home / "hosts.yml"
    here = {
        "ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "backend_runtime": "container",
    }  # fmt: skip
    groups = ("backend", "backend_image", "kubernetes")
    inventory.write_text(json.dumps({group: {"hosts": {"here": here}} for group in groups}))
    return place.run("ansible-playbook", f"{NAME}.{playbook}", "--check", "-i", inventory)
