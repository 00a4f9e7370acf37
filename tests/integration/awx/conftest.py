"""The AWX that is asked, and the platform in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from awx_double import TOKEN, AwxDouble
from integration.ansible_run import ROOT
from integration.awx.client import REAL, Awx, real_awx
from integration.awx.platform import REPOSITORY, Platform


@pytest.fixture(scope="module")
def awx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awx]:
    """The real AWX where the environment leads to one, else a double that nothing has been done to."""
    if REAL:
        yield real_awx()
        return
    repository = tmp_path_factory.mktemp("repository")
    shutil.copytree(ROOT / "playbooks", repository / "playbooks")
    with AwxDouble({REPOSITORY: repository}) as double:
        yield Awx(double.url, TOKEN, double)


@pytest.fixture(autouse=True)
def told(request: pytest.FixtureRequest) -> None:
    if "awx" in request.fixturenames and not REAL:
        how = "Set OMNIMIND_AWX_HOST, _TOKEN, _PROJECT and _IMAGE to ask one."
        text = f"real AWX: SKIPPED, only the double was asked. {how}"
        request.node.user_properties.append(("not_shown", text))


@pytest.fixture(scope="module")
def platform(awx: Awx, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """Variables of an organization of its own, not rolled out yet."""
    return Platform(awx, Path(tmp_path_factory.mktemp("platform")))
