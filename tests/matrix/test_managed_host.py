"""The oldest Python of a managed host: modules import there, and work with the oldest and the newest redis-py."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from matrix.environments import MANAGED_CLIENTS, MANAGED_PYTHON, interpreter, managed, python_or_skip

from quality.sanity import sanity
from quality.tools import run

PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")


def test_imports_and_compiles(tree: Path, record_property: Callable[[str, str], None]) -> None:
    """With each Python at hand: without --python ansible-test takes those that are on the path."""
    at_hand = {python: path for python in PYTHONS if (path := interpreter(python))}
    for python in set(PYTHONS) - set(at_hand):
        record_property("not_shown", f"modules import with Python {python}: SKIPPED, it is not at hand")
    commands = Path(sys.prefix, "bin")
    places = [str(path.parent) for path in (commands / "python", *at_hand.values())]
    path = os.pathsep.join([*places, os.environ["PATH"]])
    output = sanity(commands, tree, "--test", "import", "--test", "compile", PATH=path)
    for test in ("import", "compile"):
        assert set(re.findall(rf'"{test}" on Python ([0-9.]+)', output)) >= set(at_hand), output


@pytest.mark.parametrize("client", MANAGED_CLIENTS)
def test_modules_work(client: str, record_property: Callable[[str, str], None]) -> None:
    python = managed(client, python_or_skip(record_property, f"redis-py {client} on a managed host", MANAGED_PYTHON))
    run(
        "pytest", "-p", "no:cacheprovider", "tests/integration/test_modules.py", "tests/integration/test_acl_module.py",
        MODULE_PYTHON=python / "python",
    )  # fmt: skip
