"""Acts killed in the middle and run again, under writers that note every acknowledgement.

`make drill` does all acts, and kills each ten times. Without that, a few acts that between them go through everything
are killed once each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from day_two.acts import ACTS, FEW, LOOK_AT_NEW_HOST, ROLL_OUT, TO_VALKEY, Act
from day_two.cluster import RunningCluster


@pytest.fixture(scope="module")
def running(
    request: pytest.FixtureRequest, docker: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningCluster]:
    """A fresh cluster for each series of acts."""
    failed = request.session.testsfailed
    with RunningCluster(docker, tmp_path_factory.mktemp("day_two")) as running:
        running.perform(ROLL_OUT)
        yield running
        if request.session.testsfailed > failed:
            print(running.witnessed())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "act" not in metafunc.fixturenames:
        metafunc.parametrize("running", [1], indirect=True, ids=["cluster"], scope="module")
        return
    # Valkey takes over from the Redis that the other upgrade takes over from.
    all_of_them = [(1, act) for act in ACTS] + [(2, TO_VALKEY)]
    series = all_of_them if metafunc.config.getoption("kills") else [(1, act) for act in FEW]
    ids = [act.name for _series, act in series]
    metafunc.parametrize(("running", "act"), series, indirect=["running"], ids=ids, scope="module")


def test_act(
    act: Act, running: RunningCluster, pytestconfig: pytest.Config, record_property: Callable[..., None]
) -> None:
    """It ends right, nothing is lost, and once more it changes nothing."""
    drilled = pytestconfig.getoption("kills")
    kills = act.points(drilled)
    # As many writes as the machine can take in a drill; else few, as they take it from the playbooks.
    with running.load(1500.0 if drilled else 300.0) as load:
        running.perform(act, kills)
        result = load.stop()
    running.wait_until_whole()
    record_property("measured", f"{act.name}: killed {len(kills)} times; {result}")
    assert not result.lost
    assert running.repeat(act).changed == 0


def test_new_host_is_looked_at_before_it_has_anything(running: RunningCluster) -> None:
    """Nobody waits for nodes that the check would start, nor takes them for a failure."""
    looked = running.perform(LOOK_AT_NEW_HOST)
    assert looked.changed and "so this check ends before the cluster itself" in " ".join(looked.output.split())
