"""Every page is played on its stage. `make guides` runs this; `make test` runs what is beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from guides.plan import played_pages
from guides.playing import play
from guides.stages import STAGES, Stage

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="stages are made by root: run the tests as root")
PLAYED = [(stage, page) for stage in STAGES for page in played_pages(stage)]
IDS = [page for _stage, page in PLAYED]


@pytest.fixture(scope="module")
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """One for all of its pages, which follow one another as the days of a site do."""
    with STAGES[request.param]() as stage:
        yield stage


@pytest.mark.parametrize(("stage", "page"), PLAYED, indirect=["stage"], ids=IDS, scope="module")
def test_page(stage: Stage, page: str) -> None:
    assert play(page, stage)
