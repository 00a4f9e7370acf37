"""A clean copy of the tree, and the collection as its users get it: built, then installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from quality.tools import copy_tree, run

# What tools and runs leave in a tree; none of it may reach a user.
LEFT_BEHIND = (
    ".ansible/galaxy_token",
    ".cache/collections/left",
    ".hypothesis/left",
    ".pytest_cache/left",
    ".venv/bin/left",
    "changelogs/.plugin-cache.yaml",
    "collections/left",
    "dist/left.tar.gz",
    "docs/_build/html/index.html",
    "files/backend/wheelhouse/left.whl",
    "inventories/local/.secrets/password",
    "omnimind-platform-0.0.1.tar.gz",
    "plugins/modules/__pycache__/left.pyc",
    "tests/output/left",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A fresh copy of the collection at .../ansible_collections/omnimind/platform."""
    return copy_tree(tmp_path)


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tarball that `ansible-galaxy collection build` makes of a tree that was worked in."""
    tree = copy_tree(tmp_path_factory.mktemp("worked-in"))
    for name in LEFT_BEHIND:
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left behind\n")
    output = tmp_path_factory.mktemp("built")
    run("ansible-galaxy", "collection", "build", "--output-path", output, cwd=tree)
    (tarball,) = output.iterdir()
    return tarball


@pytest.fixture(scope="session")
def installed(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path that held nothing before the tarball was installed, without a network."""
    destination = tmp_path_factory.mktemp("installed")
    run(
        "ansible-galaxy", "collection", "install", "--offline", artifact, "-p", destination,
        ANSIBLE_COLLECTIONS_PATH=destination,
    )  # fmt: skip
    return destination
