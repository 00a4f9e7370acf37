"""What the tests of form share: running a command, and naming what the collection holds."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "omnimind.platform"


def run(*command: object, cwd: Path = ROOT, **environment: object) -> str:
    """Run a command that must succeed; return what it printed, standard error included.

    `environment` is added to this process's own. AssertionError, with everything the command
    printed, when it fails.
    """
    words = [str(word) for word in command]
    added = {name: str(value) for name, value in environment.items()}
    done = subprocess.run(
        words,
        cwd=cwd,
        env=os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "NO_COLOR": "1"} | added,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout}"
    return done.stdout


def copy_tree(destination: Path) -> Path:
    """Copy what git tracks or would track; return the collection's directory in the copy."""
    run(ROOT / ".ci" / "tree", destination)
    return destination / "ansible_collections" / "omnimind" / "platform"


def tracked_files() -> list[str]:
    """Files that git tracks or would track and that exist, relative to the root, sorted."""
    names = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    return sorted(name for name in names.split("\0") if name and (ROOT / name).is_file())


def plugin_files(kind: str) -> list[str]:
    """Names of the public Python files of `plugins/<kind>`, without ending, sorted."""
    return sorted(path.stem for path in (ROOT / "plugins" / kind).glob("[!_]*.py"))


def roles() -> list[str]:
    """Names of the roles, sorted."""
    return sorted(path.parent.name for path in (ROOT / "roles").glob("*/tasks"))


def playbooks() -> list[str]:
    """Paths of the playbooks, relative to the root, sorted."""
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "playbooks").glob("*.yml"))


def inventories() -> list[str]:
    """Names of the inventories, sorted."""
    return sorted(path.name for path in (ROOT / "inventories").iterdir() if path.is_dir())
