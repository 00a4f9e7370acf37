"""Servers that the tests of a module share. A test that breaks one mends it, or the next would say so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cache.servers import Cluster, Server, Servers, cluster, free_ports, watched


@pytest.fixture(scope="module")
def three_and_three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as servers:
        yield servers


@pytest.fixture
def nodes(three_and_three: Cluster) -> Cluster:
    """The cluster, whole and empty."""
    three_and_three.settle()
    for master in three_and_three.masters():
        master.call("FLUSHALL")
    return three_and_three


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Servers(tmp_path_factory.mktemp("single")) as servers:
        servers.append(Server(servers.directory / "data", free_ports(1)[0]).start())
        yield servers[0]


@pytest.fixture
def server(one: Server) -> Server:
    """A single server, running and empty."""
    if not one.answers():
        one.kill()
        one.start()
    one.call("FLUSHALL")
    return one


@pytest.fixture
def sentinels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with watched(tmp_path_factory.mktemp("sentinel")) as servers:
        yield servers
