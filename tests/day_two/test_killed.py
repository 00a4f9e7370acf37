"""Acts killed in the middle and run again, under writers that note every acknowledgement.

`make drill` does all acts, and kills each ten times. Without that, a few acts that between them go through everything
are killed once each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from day_two.acts import ACTS, FEW, TO_VALKEY, Act
from day_two.running import Running


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, docker: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A fresh cluster for each series of acts."""
    with Running(docker, tmp_path_factory.mktemp("day_two")) as running:
        yield running


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # Valkey takes over from the Redis that the other upgrade takes over from.
    all_of_them = [(1, act) for act in ACTS] + [(2, TO_VALKEY)]
    series = all_of_them if metafunc.config.getoption("kills") else [(1, act) for act in FEW]
    ids = [act.name for _series, act in series]
    metafunc.parametrize(("running", "act"), series, indirect=["running"], ids=ids, scope="module")


def test_act(act: Act, running: Running, pytestconfig: pytest.Config, record_property: Callable[..., None]) -> None:
    """It ends right, nothing is lost, and once more it changes nothing."""
    kills = pytestconfig.getoption("kills")
    points = [1 + act.tasks * (number + 1) // (kills + 1) for number in range(kills)] if kills else [act.heart]
    with running.load() as load:
        hit = [task for task in (running.kill(act, point) for point in points) if task]
        running.perform(act)
        result = load.stop()
    running.wait_until_whole()
    record_property(
        "measured",
        f"{act.name}: killed {len(hit)} times; {len(result.acknowledged)} writes, {len(result.lost)} lost, "
        f"{len(result.failed)} failed, longest stall {result.longest_gap():.2f} s",
    )
    assert len(hit) >= len(points) / 2, "the act was over before it was killed: are its tasks right?"
    assert not result.lost
    assert running.site.play(act.playbook).changed == 0
