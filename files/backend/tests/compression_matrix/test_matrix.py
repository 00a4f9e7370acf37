"""Every case of the matrix, under both servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from compression_matrix.cases import CASES, Case
from compression_matrix.servers import SERVERS, running
from compression_matrix.table import Asker


@pytest.fixture(scope="module", params=SERVERS)
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with running(request.param, "compression_matrix.middlewares:ours") as (port, _pid):
        yield port


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(port: int, case: Case) -> None:
    assert case.problem(Asker(port)) == ""


def test_the_cases_are_many_and_named_once() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
