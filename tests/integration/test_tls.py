"""TLS is turned on and off in real clusters that serve; certificates are renewed while connections last."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
import redis
from benchmarks.load import Load
from integration.ansible_run import run_module
from integration.encryption import HOSTS, Certificates, Encryptable, presented
from integration.servers import PASSWORD

from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure, Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.live_settings import apply_settings
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import Address
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls.doors import Doors
from ansible_collections.omnimind.platform.plugins.module_utils.tls.trust import distrusts


class Killed(BaseException):
    """The program was killed."""


@pytest.fixture
def certificates(tmp_path):
    return Certificates(tmp_path / "certificates")


@pytest.fixture
def plain(start, certificates):
    """A healthy cluster without TLS, whose servers have certificates."""
    settings = {**certificates.issue("node"), "tls-auth-clients": "no"}
    cluster = start([*HOSTS, *HOSTS], *(text for name, value in settings.items() for text in (f"--{name}", value)))
    cluster.form()
    cluster.session.__exit__()  # so that no client is connected
    return Encryptable(cluster, certificates)


def write(plain, tls=False):
    nodes = plain.tls_nodes if tls else [(server.host, server.port) for server in plain.servers]
    return Load(nodes, PASSWORD, rate=1500, **(plain.tls_client if tls else {}))


def report(what, result):
    print(f"{what}: {len(result.acknowledged)} acknowledged, {len(result.lost)} lost, {len(result.failed)} failed "
          f"{dict(result.errors)}, longest stall {result.longest_gap():.2f} s")  # fmt: skip
    assert result.acknowledged and not result.lost and not result.failed


def test_on_and_off_again_under_writers(plain):
    switched = time.time()
    with write(plain) as load:
        assert plain.change("offered")["changed"]
        report("off to offered", load.stop())
    assert plain.oldest_bus_link() > switched, "no link was left that is not encrypted"
    assert plain.replication_ports() < {port for host, port in plain.tls_nodes}
    assert plain.check()["healthy"] and plain.check(tls=False)["healthy"], "for clients on either port"
    assert not plain.change("offered")["changed"]

    with write(plain, tls=True) as load:
        time.sleep(1)  # many handshakes take a while on a busy machine
        assert plain.change("required")["changed"]
        assert plain.is_open(0) == {False}
        assert plain.check()["healthy"]
        assert plain.change("offered")["changed"]
        report("offered to required and back", load.stop())

    switched = time.time()
    with write(plain) as load:
        assert plain.change("off")["changed"]
        report("offered to off", load.stop())
    assert plain.oldest_bus_link() > switched and plain.is_open(plain.offset) == {False}
    assert plain.check(tls=False)["healthy"]
    assert not plain.change("off")["changed"]


def killed_at(name):
    def on_step(step):
        if step == name:
            raise Killed

    return on_step


def test_killed_before_a_step_and_run_again(plain):
    for state, step in (("required", "encrypt"), ("required", "close the plain port"), ("off", "decrypt")):
        with pytest.raises(Killed):
            plain.change(state, on_step=killed_at(step))
    plain.change("off")
    plain.change("required")
    assert plain.check()["healthy"] and plain.is_open(0) == {False}


class HalfWay(Doors):
    """Killed when half of the nodes have been told to encrypt."""

    def ask(self, requests):
        if any("tls-cluster" in commands[0] for commands in requests.values()):
            super().ask(dict(list(requests.items())[: len(requests) // 2]))
            raise Killed
        return super().ask(requests)


def test_killed_within_the_switch_and_run_again(plain):
    with write(plain) as load:
        with pytest.raises(Killed):
            plain.change("offered", doors=HalfWay)
        assert plain.change("offered")["changed"]
        report("killed within the switch", load.stop())
    plain.change("off")
    with pytest.raises(Killed):
        plain.change("offered", doors=HalfWay)
    time.sleep(4)  # two node timeouts: the halves have given each other up
    assert plain.change("offered")["changed"]
    assert plain.check()["healthy"]


def test_certificates_are_renewed_while_connections_last(plain):
    plain.change("offered")
    server, renewed = plain.servers[0], plain.certificates.issue("renewed")
    address = Address(server.host, server.port + plain.offset)

    def renew(**settings):
        return apply_settings(session, [address], {**renewed, **settings}, time.monotonic() + 5, False)

    with server.client() as client, Session(replace(plain.login, tls=True)) as session:
        before, number = presented(client), client.client_id()
        with pytest.raises(RedisFailure, match=f"{address} refuses the setting tls-cert-file"):
            renew(**{"tls-key-file": plain.certificates.issue("other")["tls-key-file"]})
        answer = renew()
        assert answer["changed"] and not answer["restart_required"]
        assert not renew()["changed"]
        assert client.client_id() == number, "the connection has lasted"
        with server.client() as newcomer:
            assert presented(newcomer) != before
    assert plain.check()["healthy"]
    other = Certificates(plain.certificates.directory.parent / "other").ca.read_text()
    assert distrusts(other, *address) and not distrusts(other + plain.certificates.ca.read_text(), *address)
    assert not distrusts(other, server.host, server.port), "of a port without TLS nothing is known"


def test_what_would_not_end_well_is_refused_before_the_first_step(plain):
    server, victim = plain.servers[0], plain.servers[3]
    key = victim.setting("tls-key-file")
    victim.call("CONFIG", "SET", "tls-key-file", "/nowhere/node.key")
    with pytest.raises(Refused, match=f"{victim.address}: cannot load its certificate"):
        plain.change("offered")
    victim.call("CONFIG", "SET", "tls-key-file", key)
    with server.client() as client:
        client.ping()
        with pytest.raises(Refused, match=f"{server.address}: 1 client still on the plain port, from 127.0.0.1"):
            plain.change("required")
        assert {one.setting("tls-cluster") for one in plain.servers} == {"no"}
        assert plain.is_open(plain.offset) == {False}
        plain.change("required", disconnect=True)
        with pytest.raises(redis.ConnectionError):
            client.ping()


def test_a_cluster_that_is_formed_and_checked_through_tls_only(start, certificates):
    """Through the modules; a wrong authority and a wrong host are told in so many words."""
    other = Certificates(certificates.directory.parent / "other")
    settings = {**certificates.issue("node", ["127.0.0.1"]), "tls-cluster": "yes", "tls-replication": "yes"}
    settings |= {"tls-auth-clients": "no", "port": "0"}
    options = [text for name, value in settings.items() for text in (f"--{name}", value)]
    cluster = start(["127.0.0.1"] * 6, *options, own=lambda server: by_tls(server, certificates))
    common = {"password": PASSWORD, "tls": True, "ca_certs": str(certificates.ca)}
    nodes = [f"127.0.0.1:{server.port}" for server in cluster.servers]
    formed = run_module("redis_cluster", {**common, "nodes": nodes, "node_timeout": 2000})
    assert formed["changed"] and formed["cluster"]["healthy"], formed
    stage = {"state": "required", "port_offset": 0}
    assert not run_module("redis_cluster_tls", {**common, **stage, "nodes": nodes})["changed"]

    distrusting = run_module("redis_cluster_info", {**common, "nodes": nodes[:1], "ca_certs": str(other.ca)})
    assert not distrusting["healthy"] and "certificate verify failed" in distrusting["output"]
    common["nodes"] = [node.replace("127.0.0.1", "localhost") for node in nodes]
    assert "certificate is not valid for 'localhost'" in run_module("redis_cluster_info", common)["output"]


def by_tls(server, certificates):
    server.options += ["--tls-port", str(server.port)]
    server.client_options = {"ssl": True, "ssl_ca_certs": str(certificates.ca)}
