"""The preflight of a backend asks real servers, with the login that the backend will use and no client of Redis."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from integration.encryption import Certificates
from integration.sentinels import NAME, PASSWORD, SENTINEL_PASSWORD, Topology
from integration.servers import PASSWORD as CLUSTER_PASSWORD
from integration.servers import free_ports

from ansible_collections.omnimind.platform.plugins.module_utils.backend.cache_url import cache_url, parse_url
from ansible_collections.omnimind.platform.plugins.module_utils.backend.redis_ping import unreachable


def asked(servers: list, kind: str, authorities: str = "", port_offset: int = 0, **login: Any) -> dict[str, str]:
    nodes = [{"host": server.host, "port": server.port + port_offset} for server in servers]
    return unreachable(parse_url(cache_url(nodes, kind, login)), authorities)


def test_a_cluster(start):
    servers = start(["127.0.0.1", "127.0.0.2"]).servers
    assert asked(servers, "cluster", password=CLUSTER_PASSWORD) == {}
    for login in ({"password": "tiger"}, {}, {"user": "nobody", "password": CLUSTER_PASSWORD}):
        assert list(asked(servers, "cluster", **login)) == ["redis_password"], login
    servers[0].call("ACL", "SETUSER", "poor", "on", ">secret", "+get", "~*")
    assert list(asked(servers, "cluster", user="poor", password="secret")) == ["redis_user"]
    servers[0].kill()
    assert asked(servers, "cluster", password=CLUSTER_PASSWORD) == {}, "one of them answers"
    servers[1].kill()
    told = asked(servers, "cluster", password=CLUSTER_PASSWORD)
    assert list(told) == ["redis_group"] and all(server.address in told["redis_group"] for server in servers)


def test_one_that_just_starts_is_waited_for(start):
    (server,) = start(["127.0.0.1"]).servers
    place = parse_url(
        cache_url([{"host": server.host, "port": server.port}], "cluster", {"password": CLUSTER_PASSWORD})
    )
    server.kill()
    assert "refused" in unreachable(place)["redis_group"]
    with ThreadPoolExecutor() as pool:
        asking = pool.submit(unreachable, place, "", 30.0)
        server.start()
        server.wait()
        assert asking.result() == {}


def test_a_master_behind_sentinels(tmp_path: Path):
    login = {"service": NAME, "password": PASSWORD, "sentinel_password": SENTINEL_PASSWORD}
    with Topology(tmp_path) as topology:
        told = asked(topology.sentinels, "sentinel", **login)
        assert "answers that it watches no master" in told["redis_group"]
        topology.converge()
        assert asked(topology.sentinels, "sentinel", **login) == {}
        for wrong in ({"password": "tiger"}, {"sentinel_password": "tiger"}):
            assert list(asked(topology.sentinels, "sentinel", **{**login, **wrong})) == ["redis_password"], wrong


@pytest.mark.parametrize("trusted", [True, False])
def test_through_tls(start, tmp_path: Path, trusted: bool):
    certificates = Certificates(tmp_path / "certificates")
    settings = {**certificates.issue("node"), "tls-port": free_ports(1)[0], "tls-auth-clients": "no"}
    options = [str(word) for name, value in settings.items() for word in (f"--{name}", value)]
    servers = start(["127.0.0.1"], *options).servers
    offset = settings["tls-port"] - servers[0].port
    authorities = certificates.ca.read_text() if trusted else ""
    told = asked(servers, "cluster", authorities, offset, tls=True, password=CLUSTER_PASSWORD)
    assert told == {} if trusted else "certificate verify failed" in told["redis_group"]
