"""A scaling is killed at ten points of its run, and run again."""

from __future__ import annotations

import pytest
from benchmarks.load import Load
from integration.scaling import arguments, fill, keys_of_masters, missing, run_in_process, settled
from integration.servers import PASSWORD
from integration.test_scaling import Grown

POINTS = 5  # of each way


@pytest.fixture
def grown(start):
    return Grown(start)


def test_a_run_that_is_killed_is_finished_by_the_next(grown):
    """Ten kills: five while a host is added, five while it is taken off, spread over all changes of such a run."""
    data = fill(grown.cluster, 2000)
    there = arguments(grown.all.servers)
    back = arguments(grown.old, leaving=grown.new)
    with Load([(server.host, server.port) for server in grown.old], PASSWORD, rate=300) as load:
        changes = {"there": run_in_process(there)[1], "back": run_in_process(back)[1]}
        for point in range(1, POINTS + 1):
            for way, options, cluster, masters in (("there", there, grown.all, 4), ("back", back, grown.cluster, 3)):
                killed_at = 1 + (changes[way] - 2) * (point - 1) // (POINTS - 1)
                assert run_in_process(options, killed_at)[0] is None, "it ended before it was killed"
                assert run_in_process(options)[0]["finished"]
                settled(cluster, cluster.servers, masters)
        result = load.stop()
    assert result.acknowledged and not result.lost and set(result.errors) <= {"AttributeError"}
    assert not missing(grown.cluster, data)
    assert keys_of_masters(grown.cluster, grown.old) == len(data) + 4 + len(result.acknowledged)
