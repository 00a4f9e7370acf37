"""Two runs at once: the second waits for the first, and a run that was killed holds nobody up."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time

import pytest
from integration.servers import PASSWORD

from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure
from ansible_collections.omnimind.platform.plugins.module_utils.redis.exclusive import alone


def hold(nodes, held, seconds=60.0):
    """In another process: keep the cluster reserved."""
    with Session(Login(password=PASSWORD)) as session, alone(session, nodes, time.monotonic() + 30):
        held.set()
        time.sleep(seconds)


@pytest.fixture
def other_run(cluster):
    """A process that holds the cluster's lock."""
    held = multiprocessing.Event()
    process = multiprocessing.Process(target=hold, args=(cluster.nodes, held))
    process.start()
    assert held.wait(20)
    yield process
    process.kill()
    process.join()


def test_a_run_says_which_other_is_at_work(cluster, other_run):
    with pytest.raises(RedisFailure, match=rf"Another run is at work on this cluster: process {other_run.pid} of host \S+, connected"):
        cluster.form(seconds=1)


def test_a_killed_run_frees_the_cluster_at_once(cluster, other_run):
    threading.Timer(1, os.kill, (other_run.pid, signal.SIGKILL)).start()
    started = time.monotonic()
    assert not cluster.form(seconds=30)["changed"]
    assert time.monotonic() - started >= 0.9, "it waited for the other run"


def test_a_check_waits_for_nobody(cluster, other_run):
    assert cluster.check()["healthy"]
    assert not cluster.form(check_mode=True)["changed"]
