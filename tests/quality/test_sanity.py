"""ansible-test sanity, every test of it, with no network but the host's own package index."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from quality.tools import run

# The pip that ansible-test of the pinned ansible-core puts into its environments.
PIP = "24.2"
CACHE = Path.home() / ".ansible" / "test" / "cache"

# ansible-test would fetch pip's installer from a server of its own, unless this file stands in its
# cache. It hands over to the pip wheel beside it, which came from the host's index.
STAND_IN = f'''\
"""Stands in for get-pip.py: installs with the pip wheel that lies beside this file."""

import glob
import os
import runpy
import sys

(wheel,) = glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "pip-{PIP}-*.whl"))
sys.path.insert(0, wheel)
wanted = [word for word in sys.argv[1:] if word not in ("--no-setuptools", "--no-wheel")]
sys.argv = ["pip", "install", "--upgrade", "--force-reinstall", *wanted]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


def provide_pip_installer() -> None:
    """Put the stand-in into ansible-test's cache; leave a file that is there alone."""
    script = CACHE / f"get_pip_{PIP.replace('.', '_')}.py"
    if script.exists():
        return
    CACHE.mkdir(parents=True, exist_ok=True)
    run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", CACHE, f"pip=={PIP}")
    script.write_text(STAND_IN, encoding="utf-8")


def test_ansible_test_sanity(tree: Path) -> None:
    """All tests pass and none was left out for want of a program."""
    provide_pip_installer()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    output = run("ansible-test", "sanity", "--color", "no", "--python", version, cwd=tree, PIP_QUIET=2)
    skipped = re.findall(r"^WARNING: .*(?:not found|[Ss]kipping).*$", output, re.MULTILINE)
    assert not skipped, output
