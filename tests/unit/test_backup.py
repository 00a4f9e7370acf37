"""What a backup is made of, chosen from, checked by and restored into: decisions without a server."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.core import errors, nodes, slots, topology
from unit.model import Model, complete

from ansible_collections.omnimind.platform.plugins.module_utils.redis.backup import (
    choice,
    manifest,
    proof,
    rdb,
    snapshot,
    target,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login

THIRDS = ["0-5460", "5461-10921", "10922-16383"]


def shard(number: int, **changes) -> manifest.ShardFile:
    values = {
        "file": f"shard-00{number}.rdb", "slots": THIRDS[number], "source": "10.0.0.1:7000", "replication_id": "a" * 40,
        "offset": 14, "key_count": 5, "expires": 1, "bytes": 200, "memory_bytes": 3 * 2**20, "sha256": "0" * 64,
    }  # fmt: skip
    return manifest.ShardFile(**{**values, **changes})


def some_manifest(**changes) -> manifest.Manifest:
    values = {
        "name": "one", "time": "2026-01-01T00:00:00+00:00", "version": "redis 7.0.15", "rdb_version": 10,
        "consistent": False, "functions": {}, "shards": tuple(shard(number) for number in range(3)),
    }  # fmt: skip
    return manifest.Manifest(**{**values, **changes})


# --- RDB files ---------------------------------------------------------------------------------------------------------


def length(value: int) -> bytes:
    if value < 64:
        return bytes([value])
    return bytes([0x40 | value >> 8, value & 0xFF]) if value < 2**14 else b"\x80" + value.to_bytes(4, "big")


def text(value: bytes) -> bytes:
    return length(len(value)) + value


def rdb_file(magic: bytes = b"REDIS0010", keys: int = 0, offset: int = 0, function: bytes = b"") -> bytes:
    fields = {b"redis-ver": text(b"7.0.15"), b"repl-id": text(b"a" * 40), b"repl-offset": b"\xc2" + offset.to_bytes(4, "little")}
    content = magic + b"".join(b"\xfa" + text(name) + value for name, value in fields.items()) + function
    content += b"\xfe\x00\xfb" + length(keys) + length(keys // 2) if keys else b""
    return content + b"\xff" + bytes(8)


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1), st.binary(max_size=300))
def test_the_beginning_of_an_rdb_file_is_read(keys, offset, code):
    function = b"\xf5" + text(code)
    header = rdb.read_header(io.BytesIO(rdb_file(keys=keys, offset=offset, function=function)))
    assert header.fields["redis-ver"] == "7.0.15" and header.replication_id == "a" * 40
    assert (header.version, header.keys, header.expires, header.offset) == (10, keys, keys // 2, offset)


def test_a_compressed_function_is_passed_over():
    function = b"\xf5\xc3" + length(5) + length(400) + b"abcde"
    assert rdb.read_header(io.BytesIO(rdb_file(keys=7, function=function))).keys == 7


def test_what_a_module_wrote_is_passed_over():
    module = b"\xf7\x81" + bytes(8) + b"\x02\x01" + b"\x05" + text(b"abc") + b"\x04" + bytes(8) + b"\x03" + bytes(4) + b"\x00"
    assert rdb.read_header(io.BytesIO(rdb_file(keys=7, function=module))).keys == 7


@given(st.integers(0, 60))
def test_a_file_that_ends_too_soon_is_none(count):
    with pytest.raises(ValueError):
        rdb.read_header(io.BytesIO(rdb_file(keys=9)[:count]))


@pytest.mark.parametrize("magic, version", [(b"REDIS0012", 12), (b"VALKEY080", 80)])
def test_both_engines_are_known(magic, version):
    assert rdb.read_header(io.BytesIO(rdb_file(magic))).version == version


def test_a_server_reads_older_formats_of_its_own_engine():
    assert rdb.is_readable(10, 10) and rdb.is_readable(9, 12) and rdb.is_readable(11, 80) and rdb.is_readable(80, 81)
    assert not rdb.is_readable(11, 10) and not rdb.is_readable(12, 80) and not rdb.is_readable(80, 13)


# --- the manifest ------------------------------------------------------------------------------------------------------


def test_a_manifest_is_read_as_it_was_written():
    written = some_manifest(functions={"library": "0" * 64})
    assert manifest.parse_manifest(written.to_text()) == written
    assert json.loads(written.to_text())["key_count"] == 15


@given(st.integers(0, len(some_manifest().to_text().encode()) - 1), st.integers(0, 7))
def test_a_flipped_bit_in_a_manifest_is_found(place, bit):
    damaged = bytearray(some_manifest().to_text().encode())
    damaged[place] ^= 1 << bit
    try:
        assert manifest.parse_manifest(bytes(damaged)) == some_manifest(), "blank space between two values"
    except errors.RedisFailure:
        pass


@pytest.mark.parametrize(
    "shards",
    [
        (shard(0), shard(1)),
        (shard(0), shard(1), shard(2, slots="10921-16383")),
        (shard(0), shard(1), shard(2, file="shard-001.rdb")),
        (shard(0), shard(1), shard(2, file="../shard-2.rdb")),
    ],
)
def test_a_manifest_has_every_slot_once_and_a_file_a_shard(shards):
    with pytest.raises(errors.RedisFailure):
        manifest.parse_manifest(some_manifest(shards=shards).to_text())


def test_the_oldest_of_a_series_are_outdated():
    times = [datetime(2026, 1, day, tzinfo=timezone.utc) for day in range(1, 6)]
    own = [manifest.series_name("redis", time) for time in times]
    own[2] += ".tar.gz"
    others = ["redis-of-others-20250101T000000Z", "redis-mine", "other-20250101T000000Z", "redis-20250101T000000Z.part"]
    assert manifest.outdated([*own[::-1], *others], "redis", 3) == own[:2]
    assert manifest.outdated(own, "redis", 5) == manifest.outdated(own, "redis", 0) == []


# --- sources -----------------------------------------------------------------------------------------------------------


def sources(model: Model, source: str = choice.REPLICA) -> dict[str, str]:
    found = choice.choose_sources(topology.read_topology(model.survey()), source, 10)
    return {chosen.master.name: chosen.node.name for chosen in found}


def refusals(model: Model, source: str = choice.REPLICA) -> list[str]:
    with pytest.raises(errors.Refused) as caught:
        sources(model, source)
    return [refusal["reason"] for refusal in caught.value.details["refusals"]]


@given(st.integers(3, 8), st.integers(2, 3))
def test_snapshots_come_from_replicas_and_no_host_has_many(masters, replicas):
    found = sources(complete(masters, replicas))
    hosts = Counter(name.split(":")[0] for name in found.values())
    assert len(found) == masters and max(hosts.values()) <= 2
    assert not set(found) & set(found.values())


def test_masters_only_when_that_is_said():
    model = complete()
    assert all(master == node for master, node in sources(model, choice.MASTER).items())
    model.at("10.0.0.2:7001").info = {"role": "slave", "master_link_status": "down"}
    assert refusals(model) == [
        "has no replica to take the backup from (10.0.0.2:7001 is not in sync: it has no replication link to "
        "10.0.0.1:7000); source=prefer_replica takes it from the master"
    ]
    found = sources(model, choice.PREFER_REPLICA)
    assert [master for master, node in found.items() if master == node] == ["10.0.0.1:7000"]


def test_slots_that_are_not_served_by_one_node_are_refused():
    model = complete()
    model.do("10.0.0.1:7000", "CLUSTER", "DELSLOTS", 5)
    assert "the slots 5 belong to no node" in refusals(model)
    model = complete()
    model.at("10.0.0.1:7000").open_slots = f"[93->-{model.at('10.0.0.2:7000').id}]"
    assert refusals(model) == ["the slots 93 are on their way to another node"]
    model = complete()
    model.at("10.0.0.1:7000").trouble = "Connection refused"
    assert refusals(model) == ["the slots 0-5460 belong to a node that does not answer"]


def test_the_password_is_not_among_the_words_of_the_client():
    login = Login("me", "secret", tls=True, ca_certs="/ca", validate_certs=False)
    taking = snapshot.Taking(login, "redis-cli", 0, 0)
    assert snapshot.client_command(taking, nodes.Address("::1", 7000), "/x") == [
        "redis-cli", "-h", "::1", "-p", "7000", "--user", "me", "--cacert", "/ca", "--tls", "--insecure", "--rdb", "/x",
    ]  # fmt: skip


# --- the target ----------------------------------------------------------------------------------------------------------


def objections(model: Model, existing: str = target.REFUSE, writes: int = 10, **state) -> list[str]:
    found = topology.read_topology(model.survey())
    masters = [own.master.address for own in found.shards]
    values = {"formats": dict.fromkeys(masters, 10), "functions": dict.fromkeys(masters, {}), **state}
    try:
        target.check_target(found, target.State(**values), some_manifest(functions={"f": "1"}), writes, existing)
    except errors.Refused as refused:
        return [f"{refusal['node']} {refusal['reason']}" for refusal in refused.details["refusals"]]
    return []


def with_keys() -> Model:
    model = complete()
    model.at("10.0.0.2:7000").keys[6000] = 3
    return model


def test_an_empty_cluster_is_taken_and_one_with_keys_is_not():
    assert objections(complete()) == []
    (reason,) = objections(with_keys())
    assert reason.startswith("10.0.0.2:7000 holds 3 keys")
    assert objections(with_keys(), target.KEEP) == objections(with_keys(), target.REPLACE) == []


def test_a_restore_goes_on_into_the_cluster_that_it_began_with_and_into_no_other():
    assert objections(with_keys(), mark=some_manifest(functions={"f": "1"}).id) == []
    for existing in target.EXISTING:
        assert "another backup was being restored" in objections(with_keys(), existing, mark="f" * 64)[0]


def test_what_the_nodes_do_not_read_is_refused():
    formats = {own: 9 for own in (nodes.Address(f"10.0.0.{host}", 7000) for host in (1, 2, 3))}
    assert len(objections(complete(), formats=formats)) == 3
    assert "keys would come in format 12" in objections(complete(), writes=12)[0]


def test_another_function_library_of_the_same_name_is_refused():
    functions = {nodes.Address(f"10.0.0.{host}", 7000): {"f": "1"} for host in (1, 2, 3)}
    assert objections(complete(), functions=functions) == []
    functions[nodes.Address("10.0.0.3", 7000)] = {"f": "2"}
    assert len(objections(complete(), functions=functions)) == 1


@pytest.mark.parametrize("limit, fits", [(0, True), (2**30, True), (4 * 2**20, False)])
def test_a_node_must_hold_its_part(limit, fits):
    found = topology.read_topology(complete().survey())
    for own in found.shards:
        own.master.report.info["maxmemory"] = str(limit)
    assert (list(target._too_small([own.master for own in found.shards], some_manifest(), True)) == []) is fits


def test_every_slot_has_the_owner_that_serves_it():
    found = topology.read_topology(complete(masters=5).survey())
    by_slot = target.owners(found)
    assert len(by_slot) == slots.SLOTS
    assert all(by_slot[slot] == own.master.address for own in found.shards for slot in own.master.slots)


# --- loading -----------------------------------------------------------------------------------------------------------


def test_as_many_files_are_loaded_at_once_as_fit():
    free = 3 * (2**30 + proof.OVERHEAD)
    assert proof.loaders(8, [2**30] * 5, free) == 3
    assert proof.loaders(2, [2**30] * 5, free) == 2
    assert proof.loaders(8, [2**30], free) == 1
    with pytest.raises(errors.RedisFailure, match="to load a shard takes"):
        proof.loaders(1, [2**30], 2**29)


def test_the_id_of_a_backup_is_of_its_content():
    assert some_manifest().id != replace(some_manifest(), shards=(shard(0), shard(1), shard(2, sha256="1" * 64))).id
