"""What every test of the project shares: the working tree is importable as the collection it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosts.engine import engine_with_images

ROOT = Path(__file__).resolve().parent.parent


def link_collection() -> Path:
    """Make `.cache/collections/.../omnimind/platform` lead to the working tree, as `make` does.

    Return the directory to put on a collections path.
    """
    collections = ROOT / ".cache" / "collections"
    link = collections / "ansible_collections" / "omnimind" / "platform"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to("../../../..")
    return collections


sys.path.insert(0, str(link_collection()))
# Commands that tests run (ansible-playbook, molecule) are those beside this Python.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.prefix, "bin")), os.environ["PATH"]])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kills", type=int, help="kill every act of day two so often; a few acts once when not given")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have said on their way: with `record_property`, "measured" figures and what was "not_shown" here."""
    reports = [report for kind in ("passed", "failed", "skipped") for report in terminalreporter.stats.get(kind, [])]
    said = [one for report in reports for one in report.user_properties]
    for kind, title in (("measured", "measured on the way"), ("not_shown", "NOT SHOWN HERE")):
        lines = [value for name, value in said if name == kind]
        if lines:
            terminalreporter.section(title)
            terminalreporter.write("".join(f"{line}\n" for line in dict.fromkeys(lines)))


@pytest.fixture(scope="session")
def docker() -> Iterator[dict[str, str]]:
    """Variables of the environment that lead to an engine with the host images."""
    with engine_with_images() as environment:
        yield environment


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what is quick first; then what takes minutes in one test, so that none is left alone at the end."""
    order = ("unit", "backend", "molecule", "day_two", "quality")

    def turn(item: pytest.Item) -> int:
        part = item.path.relative_to(ROOT).parts[1]  # of tests/PART/... or of files/backend/...
        return order.index(part) if part in order else len(order)

    items.sort(key=turn)
