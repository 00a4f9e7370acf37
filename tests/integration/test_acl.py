"""Users and passwords of real clusters, replaced under writers that note every acknowledgement."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
from benchmarks.load import Load
from integration.servers import PASSWORD
from integration.users import NEW, act, administrator, call, end_rotation, masterauth, start_rotation, takes, users_of
from redis.cluster import ClusterNode, RedisCluster

from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl import application
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure, Refused
from ansible_collections.omnimind.platform.plugins.module_utils.redis.health import check_cluster
from ansible_collections.omnimind.platform.plugins.module_utils.redis.problems import Expectation

SHOP = {"name": "shop", "passwords": ["shop-password"], "role": "application", "keys": ["load:*", "shop:*"]}


def write(cluster, password, **options):
    return Load([(server.host, server.port) for server in cluster.servers], password, rate=1200, **options)


def is_healthy(cluster, password):
    """With every replica logged in to its master."""
    with Session(Login(password=password, timeout=1.0)) as session:
        return check_cluster(session, cluster.nodes, Expectation(), "healthy", time.monotonic() + 20)["healthy"]


@contextmanager
def links_cut(cluster) -> Iterator[list[int]]:
    """Replicas must log in to their masters again and again, at whatever stage passwords are."""
    ended, cut = threading.Event(), [0]
    # These connections stay, whichever password opened them.
    clients = [redis.Redis(server.host, server.port, password=PASSWORD, single_connection_client=True) for server in cluster.servers]

    def cut_links() -> None:
        while not ended.wait(0.02):
            for client in clients:
                cut[0] += client.execute_command("CLIENT", "KILL", "TYPE", "replica")
                cut[0] += client.execute_command("CLIENT", "KILL", "TYPE", "master")

    thread = threading.Thread(target=cut_links)
    thread.start()
    try:
        yield cut
    finally:
        ended.set()
        thread.join()
        for client in clients:
            client.close()


# --- a password is replaced ----------------------------------------------------------------------------


def test_no_client_notices_that_the_password_is_replaced_and_no_replica_is_shut_out(cluster):
    with links_cut(cluster) as cut, write(cluster, PASSWORD) as old_clients:
        time.sleep(0.5)
        assert start_rotation(cluster)["former_logins"] == sorted(cluster.servers.addresses)
        time.sleep(0.5)
        with write(cluster, NEW) as new_clients:
            assert end_rotation(cluster)["changed"]
            time.sleep(0.5)
            results = [new_clients.stop()]
        # They are logged in still; the connections that read back what they wrote are new ones.
        old_clients._password = NEW
        results.append(old_clients.stop())
    assert cut[0] > 50
    for result in results:
        assert result.acknowledged and not result.failed and not result.lost
        assert result.longest_gap() < 1
    assert is_healthy(cluster, NEW)
    assert not any(takes(server, PASSWORD) for server in cluster.servers)
    assert {masterauth(server, NEW) for server in cluster.servers} == {NEW}
    assert not end_rotation(cluster)["changed"]


# By stage: the command of it, the run that dies, a password that all nodes take meanwhile, and who has the command.
STAGES = {
    "addition": (("ACL", "SETUSER"), start_rotation, PASSWORD, lambda server: takes(server, NEW)),
    "replication": (("CONFIG", "SET"), start_rotation, PASSWORD, lambda server: masterauth(server, PASSWORD) == NEW),
    "removal": (("ACL", "SETUSER"), end_rotation, NEW, lambda server: not takes(server, PASSWORD)),
}


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_is_killed_half_way_through_a_stage_is_finished_by_the_next(cluster, monkeypatch, stage):
    """The process is gone when half of the nodes have the stage's command, and every replica logs in again."""
    command, rotate, valid, has_it = STAGES[stage]

    class Dying(Session):
        def ask(self, requests):
            if any(commands[0][:2] == command for commands in requests.values()):
                super().ask(dict(list(requests.items())[:3]))
                raise SystemExit
            return super().ask(requests)

    if rotate is end_rotation:
        start_rotation(cluster)
    with write(cluster, valid) as load:
        with monkeypatch.context() as patch, pytest.raises(SystemExit):
            patch.setattr(application, "Session", Dying)
            rotate(cluster)
        assert sum(has_it(server) for server in cluster.servers) == 3
        for server in cluster.servers:
            call(server, "CLIENT", "KILL", "TYPE", "master", password=valid)
        assert is_healthy(cluster, valid)
        assert rotate(cluster)["changed"] and sum(has_it(server) for server in cluster.servers) == 6
        end_rotation(cluster)
        load._password = NEW
        result = load.stop()
    assert result.acknowledged and not result.failed and not result.lost
    assert is_healthy(cluster, NEW) and not any(takes(server, PASSWORD) for server in cluster.servers)


def test_a_password_that_no_node_has_and_none_that_is_former_changes_nothing(six):
    before = [users_of(server) for server in six.servers]
    with pytest.raises(Refused, match="takes neither the password nor a former one"):
        act(six, administrator(NEW), password=NEW, former=["another"], seconds=0)
    assert [users_of(server) for server in six.servers] == before


def test_the_old_password_stays_where_a_node_would_not_take_the_new_one_of_replication(six):
    with pytest.raises(RedisFailure, match="does not take the new password, so no old one was taken"):
        act(six, administrator(NEW), password=NEW, former=[PASSWORD], replication={"masterauth": "misspelt"})
    assert all(takes(server, PASSWORD) for server in six.servers)


def test_replicas_move_to_a_user_of_their_own(cluster):
    replication = {"masteruser": "replicator", "masterauth": "of replicas"}
    replicator = {"name": "replicator", "passwords": ["of replicas"], "role": "replication"}
    with links_cut(cluster), write(cluster, PASSWORD) as load:
        act(cluster, administrator(PASSWORD), replicator, replication=replication)
        result = load.stop()
    assert not result.failed and not result.lost
    master = cluster.master(0)
    call(master, "CLIENT", "KILL", "TYPE", "replica")
    assert is_healthy(cluster, PASSWORD)
    assert "user=replicator" in str(call(master, "CLIENT", "LIST", "TYPE", "replica"))
    with pytest.raises(RedisFailure, match="masteruser: replicator is not among the users"):
        act(cluster, administrator(PASSWORD), replication=replication)


# --- users ---------------------------------------------------------------------------------------------


def test_an_application_works_as_a_cluster_client_and_cannot_hurt_others(cluster):
    act(cluster, administrator(PASSWORD), SHOP)
    with write(cluster, "shop-password", username="shop", writers=2) as load:
        time.sleep(0.5)
        result = load.stop()
    assert result.acknowledged and not result.failed and not result.lost
    server = cluster.master(0)
    with RedisCluster(
        startup_nodes=[ClusterNode(server.host, server.port)], username="shop", password="shop-password"
    ) as client:
        assert client.set("shop:1", "x") and client.get("shop:1") == b"x" and client.eval("return 1", 1, "shop:1") == 1
        client.publish("shop", "news")
        with pytest.raises(redis.exceptions.NoPermissionError, match="key"):
            client.get("bank:1")
    for command in (
        "FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG GET *", "DEBUG SLEEP 0", "SHUTDOWN NOSAVE", "ACL LIST", "CLUSTER RESET",
        "CLUSTER FAILOVER", "CLIENT KILL TYPE normal", "MONITOR", "SWAPDB 0 1", "REPLICAOF NO ONE", "FUNCTION FLUSH",
        "SCRIPT FLUSH", "SLOWLOG RESET", "SAVE",
    ):  # fmt: skip
        with pytest.raises(redis.exceptions.NoPermissionError):
            call(server, *command.split(), username="shop", password="shop-password")


def test_a_reader_reads_and_a_monitor_sees_no_key_and_no_password(cluster):
    reader = {"name": "reader", "passwords": ["r"], "role": "readonly", "keys": ["shop:*"]}
    monitor = {"name": "monitor", "passwords": ["m"], "role": "monitor"}
    act(cluster, administrator(PASSWORD), reader, monitor)
    server = cluster.master(0)
    with RedisCluster(startup_nodes=[ClusterNode(server.host, server.port)], username="reader", password="r") as client:
        assert client.get("shop:1") is None
        for forbidden in (lambda: client.set("shop:1", "x"), lambda: client.get("bank"), lambda: client.publish("a", "b")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                forbidden()
    for command in ("INFO", "SLOWLOG GET", "LATENCY LATEST", "CLUSTER INFO", "CLIENT LIST", "MEMORY STATS"):
        call(server, *command.split(), username="monitor", password="m")
    for command in ("GET shop:1", "CONFIG GET masterauth", "KEYS *", "SCAN 0", "MONITOR", "CLIENT KILL TYPE normal"):
        with pytest.raises(redis.exceptions.NoPermissionError):
            call(server, *command.split(), username="monitor", password="m")


def test_users_change_and_go_and_a_second_run_changes_nothing(six):
    everybody = administrator(PASSWORD), SHOP
    assert act(six, *everybody)["changed"] and not act(six, *everybody)["changed"]
    server = six.servers[2]
    call(server, "ACL", "SETUSER", "shop", "+flushall", "nopass")
    call(server, "ACL", "SETUSER", "ghost", "on", "nopass", "+@all", "~*")
    planned = act(six, *everybody, check_mode=True)
    assert "user ghost on" in planned["diff"]["before"] and "user ghost" not in planned["diff"]["after"]
    assert "user ghost" in str(users_of(server)), "check mode"
    kept = act(six, *everybody, keep_unknown=True, check_mode=True)
    assert not any("ghost" in action["action"] for action in kept["actions"])
    done = act(six, *everybody)
    assert done["actions"] == planned["actions"] and {action["node"] for action in done["actions"]} == {server.address}
    assert not takes(server, "guess", "shop") and "ghost" not in str(users_of(server))
    assert not act(six, *everybody)["changed"]
    disabled = {**SHOP, "enabled": False}
    assert act(six, administrator(PASSWORD), disabled)["changed"] and not takes(server, "shop-password", "shop")
    assert not act(six, administrator(PASSWORD), disabled)["changed"]


def test_a_rule_that_the_server_does_not_know_is_refused_before_any_change(six):
    before = [users_of(server) for server in six.servers]
    for rule in ("+flushal", "-@dangerouss", "(+gett ~a)", "+get|x|y"):
        with pytest.raises(Refused) as caught:
            act(six, administrator(PASSWORD), SHOP, {**SHOP, "name": "bad", "rules": [rule]})
        reasons = {refusal["reason"].split(":")[0] for refusal in caught.value.details["refusals"]}
        assert reasons == {"user bad"} and rule.strip("()").split()[0] in caught.value.message
    assert [users_of(server) for server in six.servers] == before


def test_only_added_where_nodes_run_and_all_must_run_for_the_rest(six):
    gone = six.servers[5]
    gone.kill()
    call(six.servers[0], "ACL", "SETUSER", "ghost", "on", "nopass", "+@all", "~*")
    answer = start_rotation(six, additive=True)
    assert answer["not_running"] == [gone.address]
    assert "user ghost" in answer["diff"]["after"] and "ghost" in str(users_of(six.servers[0]))
    assert all(takes(server, word) for server in six.servers[:5] for word in (NEW, PASSWORD))
    assert masterauth(six.servers[0], PASSWORD) == PASSWORD
    with pytest.raises(Refused, match=f"{gone.address}: does not answer"):
        start_rotation(six, seconds=0.2)
    gone.start()
    gone.wait()
    assert start_rotation(six)["changed"]
