"""Policies, pods and flows at random; the same for the same seed. Small vocabularies, so that selectors meet pods."""

from __future__ import annotations

from random import Random
from typing import Any

from unit.kubernetes.talking import manifest

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network.endpoints import (
    Cluster,
    Endpoint,
    NamedPort,
    outside,
    read_addresses,
)

NAMESPACES = {"one": {"team": "a"}, "two": {"team": "b", "open": ""}, "three": {}}
KEYS = {"app": ["web", "api", "db"], "tier": ["front", "back"], "age": ["", "1"]}
TEAMS = {"team": ["a", "b"], "kubernetes.io/metadata.name": [*NAMESPACES], "open": [""]}
BLOCKS = [
    ("10.0.0.0/8", ["10.0.0.0/30", "10.1.0.0/16"]),
    ("0.0.0.0/0", ["10.0.0.0/8", "203.0.113.8/29"]),
    ("203.0.113.0/24", ["203.0.113.7/32"]),
    ("fd00::/8", ["fd00::1:0/112"]),
    ("::/0", ["2001:db8::/32"]),
]
PORTS = [(53, "UDP"), (80, "TCP"), (81, "TCP"), (8000, "TCP"), (9000, "SCTP"), (65535, "TCP")]


def cluster(random: Random, pods: int = 10) -> Cluster:
    """Pods of several namespaces, on nodes and in their networks, of one or both versions of IP; and some outside."""
    found = [pod(random, number) for number in range(pods)]
    nodes = [Endpoint(f"node {n}", node=n, addresses=read_addresses(n, [f"10.9.0.{n[1:]}"])) for n in ("n1", "n2")]
    others = [outside("203.0.113.7"), outside("203.0.113.9", "203.0.113.9", "2001:db8::9"), outside("2a00::1")]
    return Cluster((*found, *nodes, *others), NAMESPACES)


def pod(random: Random, number: int) -> Endpoint:
    # Of ten, most have both versions, some only IPv4, some no address that is known.
    addresses = [f"10.0.{random.randrange(2)}.{number}", f"fd00::{random.randrange(2)}:{number:x}"]
    host = random.random() < 0.1
    names = random.sample([("http", 80, "TCP"), ("http", 8000, "TCP"), ("names", 53, "UDP"), ("http", 81, "TCP")], 2)
    return Endpoint(
        name=f"pod-{number}",
        namespace=random.choice([*NAMESPACES]),
        labels={key: random.choice(values) for key, values in KEYS.items() if random.random() < 0.6},
        addresses=read_addresses("pod", addresses[: random.choice([0, 1, 2, 2, 2])]),
        ports=tuple(NamedPort(*port) for port in names[: random.randrange(3)]),
        node=random.choice(["", "n1", "n2"]),
        host_network=host,
        several=random.random() < 0.1,
    )


def policies(random: Random, count: int) -> list[dict[str, Any]]:
    return [manifest(_spec(random), f"policy-{number}", random.choice([*NAMESPACES])) for number in range(count)]


def policy(random: Random, name: str, namespace: str) -> dict[str, Any]:
    return manifest(_spec(random), name, namespace)


def _spec(random: Random) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if random.random() < 0.9:
        spec["podSelector"] = _selector(random, KEYS)
    if random.random() < 0.7:
        spec["policyTypes"] = random.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"], []])
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        if random.random() < 0.7:
            spec[direction] = [_rule(random, peers) for _turn in range(random.randrange(3))]
    return spec


def _rule(random: Random, peers: str) -> dict[str, Any]:
    rule: dict[str, Any] = {}
    if random.random() < 0.8:
        rule[peers] = [_peer(random) for _turn in range(random.randrange(4))]
    if random.random() < 0.6:
        rule["ports"] = [_port(random) for _turn in range(random.randrange(3))]
    return rule


def _peer(random: Random) -> dict[str, Any]:
    kind = random.randrange(4)
    if kind == 0:
        cidr, excepted = random.choice(BLOCKS)
        return {"ipBlock": {"cidr": cidr, "except": excepted[: random.randrange(3)]}}
    pods, namespaces = {"podSelector": _selector(random, KEYS)}, {"namespaceSelector": _selector(random, TEAMS)}
    return [pods, namespaces, {**pods, **namespaces}][kind - 1]


def _port(random: Random) -> dict[str, Any]:
    number, protocol = random.choice(PORTS)
    return random.choice(
        [
            {},
            {"protocol": protocol},
            {"protocol": protocol, "port": number},
            {"port": number},
            {"port": random.choice(["http", "names"]), "protocol": random.choice(["TCP", "UDP"])},
            {"port": 79, "endPort": random.choice([79, 80, 8000])},
            {"port": 1, "endPort": 65535, "protocol": protocol},
        ]
    )


def _selector(random: Random, keys: dict[str, list[str]]) -> dict[str, Any]:
    key = random.choice([*keys])
    values = random.sample(keys[key], random.randint(1, len(keys[key])))
    return random.choice(
        [
            {},
            {"matchLabels": {key: values[0]}},
            {"matchLabels": {key: values[0]}},
            {"matchExpressions": [{"key": key, "operator": random.choice(["In", "NotIn"]), "values": values}]},
            {"matchExpressions": [{"key": key, "operator": random.choice(["Exists", "DoesNotExist"])}]},
        ]
    )
