"""ansible-test of any ansible-core, with no network but the host's own package index."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from quality.tools import run

CACHE = Path.home() / ".ansible" / "test" / "cache"

# ansible-test would fetch pip's installer from a server of its own, unless this file stands in its
# cache. It hands over to the pip wheel beside it, which came from the host's index.
STAND_IN = '''\
"""Stands in for get-pip.py: installs with the pip wheel that lies beside this file."""

import glob
import os
import runpy
import sys

(wheel,) = glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pip-{pip}-*.whl"))
sys.path.insert(0, wheel)
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.argv = ["pip", "install", "--upgrade", "--force-reinstall", *wanted]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


def sanity(commands: Path, tree: Path, *options: str, **environment: object) -> str:
    """What the `ansible-test sanity` that is among these commands prints of a tree, in which it finds nothing."""
    provide_pip_installer(wanted_pip(commands))
    return run(
        commands / "ansible-test", "sanity", "--color", "no", *options, cwd=tree, PIP_QUIET=2, **environment
    )  # fmt: skip


def left_out(output: str) -> list[str]:
    """What it says that it did not do, for want of a program."""
    return re.findall(r"^WARNING: .*(?:not found|[Ss]kipping).*$", output, re.MULTILINE)


def wanted_pip(commands: Path) -> str:
    """The version of pip that this ansible-test puts into its environments."""
    (source,) = commands.parent.glob("lib/python*/site-packages/ansible_test/_internal/python_requirements.py")
    return re.search(r"\bpip='([0-9.]+)'", source.read_text(encoding="utf-8"))[1]


def provide_pip_installer(pip: str) -> None:
    """Put the stand-in into ansible-test's cache; leave a file that is there alone."""
    script = CACHE / f"get_pip_{pip.replace('.', '_')}.py"
    if script.exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", CACHE, f"pip=={pip}")
    script.write_text(STAND_IN.format(pip=pip), encoding="utf-8")
