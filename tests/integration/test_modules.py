"""The modules through Ansible itself: options, check mode, diff, failures."""

from __future__ import annotations

from integration.ansible_run import run_module
from integration.servers import PASSWORD


def login(cluster, **more):
    nodes = [{"host": server.host, "port": server.port} for server in cluster.servers]
    return {"nodes": nodes, "password": PASSWORD, **more}


def test_a_cluster_is_planned_formed_checked_and_left_alone(six):
    planned = run_module("redis_cluster", login(six), "--check", "--diff")
    assert planned["changed"] and "owns slots 0-5460" in planned["output"]
    assert not six.check()["healthy"]
    formed = run_module("redis_cluster", login(six, anti_affinity="required"))
    assert formed["changed"] and formed["cluster"]["healthy"]
    assert not run_module("redis_cluster", login(six))["changed"]
    found = run_module("redis_cluster_info", login(six, wait_for="healthy", timeout=5))
    assert found["healthy"] and found["slots"]["covered"] == 16384 and not found["changed"]


def test_the_deadline_says_what_was_still_wrong(cluster):
    replica = cluster.replica(0)
    replica.kill()
    answer = run_module("redis_cluster_info", login(cluster, wait_for="healthy", timeout=1, connect_timeout=0.5))
    assert answer["failed"] and replica.address in answer["msg"]
    assert "node_unreachable" in {problem["code"] for problem in answer["problems"]}


def test_a_refusal_names_node_and_reason(six):
    answer = run_module("redis_cluster", login(six, replicas=2))
    assert answer["failed"] and "9 nodes are needed" in answer["msg"]
    assert answer["refusals"][0]["reason"].startswith("9 nodes")


def test_nodes_are_checked_before_anybody_is_asked():
    for nodes, complaint in (
        (["127.0.0.1"], "'127.0.0.1' is not host:port"),
        (["127.0.0.1:99999"], "not within 1 and 65535"),
        (["127.0.0.1:7000", {"host": "127.0.0.1", "port": 7000}], "127.0.0.1:7000 is listed twice"),
        ([{"host": "127.0.0.1", "prot": 7000}], "unknown key 'prot'"),
        ([], "the list is empty"),
    ):
        answer = run_module("redis_cluster_info", {"nodes": nodes})
        assert answer["failed"] and complaint in answer["msg"]


def test_settings_are_set_live_and_a_restart_is_announced(six):
    wanted = {"maxmemory": "64mb", "maxmemory-policy": "allkeys-lru", "io-threads": 2, "save": ["3600 1"]}
    rehearsed = run_module("redis_config", login(six, settings=wanted), "--check")
    address = six.servers[0].address
    live = {"maxmemory": "64mb", "maxmemory-policy": "allkeys-lru", "save": "3600 1"}
    assert rehearsed["set"][address] == live and rehearsed["restart_required"][address] == {"io-threads": "2"}
    assert six.servers[0].setting("maxmemory") == "0"
    done = run_module("redis_config", login(six, settings=wanted), "--diff")
    assert done["set"] == rehearsed["set"] and done["changed"]
    assert f"+{address} maxmemory 64mb" in done["output"]
    assert six.servers[5].setting("maxmemory") == str(64 * 2**20)
    again = run_module("redis_config", login(six, settings=wanted))
    assert not again["changed"] and again["restart_required"] == done["restart_required"]
    assert f"{address} must be restarted for io-threads" in " ".join(again["output"].split())


def test_unknown_and_refused_settings_are_named(six):
    answer = run_module("redis_config", login(six, settings={"maxmemroy": "1gb"}))
    assert answer["failed"] and "knows no setting maxmemroy" in answer["msg"]
    answer = run_module("redis_config", login(six, settings={"maxmemory-policy": "all"}))
    assert answer["failed"] and "refuses the setting maxmemory-policy" in answer["msg"]


def test_a_password_is_never_shown(six):
    answer = run_module("redis_config", login(six, settings={"masterauth": "swordfish-2"}), "--diff")
    assert answer["changed"] and "swordfish" not in answer["output"]


def test_a_setting_that_is_in_no_file_is_found_and_brought_back(start, tmp_path):
    """Set by hand, or taken out of the file: the running server shall not keep it."""
    file = tmp_path / "redis.conf"
    settings = {"requirepass": PASSWORD, "masterauth": PASSWORD, "maxmemory": "64mb"}
    written = run_module("redis_config_file", {"path": str(file), "settings": settings})
    assert written["changed"] and written["tried"] and file.stat().st_mode & 0o777 == 0o640
    assert not run_module("redis_config_file", {"path": str(file), "settings": settings})["changed"]
    cluster = start(["127.0.0.1"] * 6)
    cluster.form()
    arguments = login(cluster, settings=settings, config_file=str(file))
    run_module("redis_config", arguments)
    server = cluster.replica(1)
    server.call("CONFIG", "SET", "hz", 50, "maxmemory", 0)
    brought_back = run_module("redis_config", arguments)
    assert brought_back["set"] == {server.address: {"hz": "10", "maxmemory": "64mb"}}
    settled = run_module("redis_config", arguments)
    assert not settled["changed"]
    # The servers of these tests were started with one setting that only a restart could take from them.
    assert set(settled["restart_required"][server.address]) == {"enable-debug-command"}


def test_a_file_that_no_server_starts_with_is_not_written(tmp_path):
    file = tmp_path / "redis.conf"
    file.write_text("# the old one\n")
    settings = {"maxmemory-policy": "all-of-them", "requirepass": "swordfish-3"}
    answer = run_module("redis_config_file", {"path": str(file), "settings": settings}, "--diff")
    assert answer["failed"] and "maxmemory-policy all-of-them" in answer["msg"]
    assert file.read_text() == "# the old one\n" and "swordfish" not in answer["output"]
