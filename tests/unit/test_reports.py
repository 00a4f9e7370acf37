"""What INFO tells of a node."""

from __future__ import annotations

import pytest
from unit.core import nodes, reports

Address = nodes.Address

# Recorded from Redis 7.0.15.
MASTER = """\
# Replication\r
role:master\r
connected_slaves:2\r
slave0:ip=127.0.0.1,port=27003,state=online,offset=140,lag=1\r
slave1:ip=::1,port=27004,state=wait_bgsave,offset=0,lag=0\r
master_failover_state:no-failover\r
master_repl_offset:150\r
\r
# Keyspace\r
db0:keys=12,expires=3,avg_ttl=0\r
"""


def report(info: str, **settings: str) -> reports.Report:
    return reports.Report(Address("h", 1), info=reports.parse_info(info), settings=settings)


def test_fields_of_a_master() -> None:
    found = report(MASTER)
    assert found.keys == 12
    assert found.offset == 150
    assert found.replica_lags() == {Address("127.0.0.1", 27003): 1, Address("::1", 27004): 0}


def test_fields_of_a_replica() -> None:
    found = report(
        "role:slave\nmaster_link_status:down\nslave_repl_offset:7\nslave_read_only:1\nmaster_repl_offset:9\n"
    )
    assert not found.link_up
    assert found.offset == 7
    assert found.replica_lags() == {}


@pytest.mark.parametrize(
    ("info", "version"),
    [
        ("redis_version:7.0.15", "redis 7.0.15"),
        ("redis_version:8.0.2", "redis 8.0.2"),
        ("redis_version:7.2.4\nserver_name:valkey\nvalkey_version:8.1.1", "valkey 8.1.1"),
        ("", "redis unknown"),
    ],
)
def test_the_version_is_that_of_the_product(info: str, version: str) -> None:
    assert report(info).version == version


def test_a_forming_is_known_by_its_node_timeout() -> None:
    assert report("", **{"cluster-node-timeout": str(reports.FORMING_NODE_TIMEOUT)}).is_forming
    assert not report("", **{"cluster-node-timeout": "15000"}).is_forming
    assert not report("").is_forming


def test_values_with_colons_stay_whole() -> None:
    assert reports.parse_info("executable:/usr/bin/redis:server\n# Server\n\nbare\n") == {
        "executable": "/usr/bin/redis:server"
    }
