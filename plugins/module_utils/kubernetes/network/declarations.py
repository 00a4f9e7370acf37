# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user declares of which policies are made: components of a namespace, peers beside it, and flows among them."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Optional

from ..errors import ManifestError
from ..fields import meant, read_labels, read_list, read_mapping
from .endpoints import NAME_LABEL
from .rules import Ports, read_network, read_ports

_NAME = re.compile(r"(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_LABEL = re.compile(r"([a-z0-9.-]{1,253}/)?(?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
_VALUE = re.compile(r"((?=.{1,63}$)[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?")


@dataclass(frozen=True)
class Declaration:
    """Everything that is declared. `components` are the labels of their pods.

    `peers` are, for components as for others, by their names what stands for them in a rule.
    """

    components: Mapping[str, Mapping[str, str]]
    peers: Mapping[str, list[dict[str, Any]]]
    flows: Sequence[Flow]


@dataclass(frozen=True)
class Flow:
    """A connection that is allowed. One end at least is a component."""

    source: str
    destination: str
    ports: Ports


def read_declaration(flows: Any, components: Any, peers: Any) -> Declaration:
    """All of it; ManifestError at the first thing that is wrong."""
    own = _components(components)
    others, addresses = {}, set()
    for name, value in read_mapping("peers", peers).items():
        where = f"peers.{name}"
        if name in own:
            raise ManifestError(where, "a component has this name, too")
        others[name] = read_peers(where, value)
        if all("ipBlock" in peer for peer in others[name]):
            addresses.add(name)
    pods = {name: [{"podSelector": {"matchLabels": dict(labels)}}] for name, labels in own.items()}
    everyone = {**pods, **others}
    read = [
        flow
        for index, entry in enumerate(read_list("flows", flows))
        for flow in _flows(f"flows[{index}]", entry, own, everyone, addresses)
    ]
    return Declaration(own, everyone, read)


def read_name(where: str, value: Any) -> str:
    """A name that objects can have; ManifestError if it is none."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ManifestError(where, f"{value!r} is no name of small letters, digits and dashes")
    return value


def read_names(where: str, value: Any, known: Sequence[str], what: str) -> list[str]:
    """One name or a list of names, of those that are known; ManifestError if it is none."""
    names = [value] if isinstance(value, str) else read_list(where, value)
    for name in names:
        if name not in known:
            raise ManifestError(where, f"there is no {what} {name!r}; {meant(name, sorted(known))}")
    return list(names)


def read_peers(where: str, value: Any) -> list[dict[str, Any]]:
    """As rules say it, who a peer is, that is a mapping or a list of alternatives; ManifestError if it is nobody."""
    if isinstance(value, Mapping):
        return _peers(where, value)
    found = [peer for index, entry in enumerate(read_list(where, value)) for peer in _peers(f"{where}[{index}]", entry)]
    if not found:
        raise ManifestError(where, "it is nobody")
    return found


def _components(value: Any) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, entry in read_mapping("components", value).items():
        where = f"components.{name}"
        read_name(where, name)
        fields = read_mapping(where, entry, ("labels",), required=("labels",))
        labels = read_strict_labels(f"{where}.labels", fields["labels"])
        if not labels:
            raise ManifestError(f"{where}.labels", "without labels it is every pod of the namespace")
        for other, theirs in found.items():
            for (wide, less), (narrow, more) in permutations(((other, theirs), (name, labels))):
                if less.items() <= more.items():
                    complaint = f"with these every flow of {wide} is allowed to {narrow}, too"
                    raise ManifestError(f"{where}.labels", complaint)
        found[name] = labels
    return found


def _peers(where: str, value: Any) -> list[dict[str, Any]]:
    """What a rule says of pods in other namespaces, both conditions in one entry; or of networks, an entry for each."""
    known = ("namespace", "namespace_labels", "labels", "cidrs", "except")
    fields = read_mapping(where, value, known)
    kinds = [kind for kind in ("namespace", "namespace_labels", "cidrs") if kind in fields]
    if len(kinds) != 1:
        raise ManifestError(where, "it has one of namespace, namespace_labels and cidrs")
    if kinds == ["cidrs"]:
        if "labels" in fields:
            raise ManifestError(f"{where}.labels", "addresses have none")
        return _blocks(where, fields)
    if "except" in fields:
        raise ManifestError(f"{where}.except", "it goes with cidrs")
    if "namespace" in fields:
        namespace = {NAME_LABEL: read_name(f"{where}.namespace", fields["namespace"])}
    else:
        namespace = read_strict_labels(f"{where}.namespace_labels", fields["namespace_labels"])
    peer = {"namespaceSelector": {"matchLabels": namespace} if namespace else {}}
    labels = read_strict_labels(f"{where}.labels", fields.get("labels"))
    return [{**peer, "podSelector": {"matchLabels": labels}} if labels else peer]


def _blocks(where: str, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An exception goes with the networks that it is a part of."""
    found: list[dict[str, Any]] = []
    networks = [
        read_network(f"{where}.cidrs[{index}]", entry)
        for index, entry in enumerate(read_list(f"{where}.cidrs", fields["cidrs"]))
    ]
    excepted = [
        read_network(f"{where}.except[{index}]", entry)
        for index, entry in enumerate(read_list(f"{where}.except", fields.get("except", [])))
    ]
    for index, inner in enumerate(excepted):
        if not any(_part(inner, network) for network in networks):
            whole = " or ".join(map(str, networks))
            raise ManifestError(f"{where}.except[{index}]", f"{inner} is not a part of {whole}")
    for network in networks:
        parts = [str(inner) for inner in excepted if _part(inner, network)]
        found.append({"ipBlock": {"cidr": str(network), **({"except": parts} if parts else {})}})
    return found


def _part(inner: Any, network: Any) -> bool:
    return inner.version == network.version and inner != network and inner.subnet_of(network)


def _flows(
    where: str, value: Any, components: Mapping[str, Any], everyone: Mapping[str, Any], addresses: set[str]
) -> list[Flow]:
    fields = read_mapping(where, value, ("from", "to", "ports"), required=("from", "to", "ports"))
    sources, destinations = (
        read_names(f"{where}.{end}", fields[end], list(everyone), "component or peer") for end in ("from", "to")
    )
    entries = read_list(f"{where}.ports", fields["ports"])
    for name, list_read in (("from", sources), ("to", destinations), ("ports", entries)):
        if not list_read:
            raise ManifestError(f"{where}.{name}", "it is empty")
    ports = [read_port(f"{where}.ports[{index}]", entry) for index, entry in enumerate(entries)]
    for source in sources:
        for destination in destinations:
            if source not in components and destination not in components:
                complaint = f"neither {source} nor {destination} is a component, whose policies could allow it"
                raise ManifestError(where, complaint)
            unnamed: Optional[Ports] = next((one for one in ports if one.name and destination in addresses), None)
            if unnamed:
                complaint = f"{unnamed}: {destination} is addresses, whose ports have no names"
                raise ManifestError(f"{where}.ports", complaint)
    return [Flow(source, destination, one) for source in sources for destination in destinations for one in ports]


def read_port(where: str, value: Any) -> Ports:
    """As in a rule, or its number or name alone. A template makes a text of a number."""
    fields = dict(value) if isinstance(value, Mapping) else {"port": value}
    for key in ("port", "endPort"):
        if isinstance(fields.get(key), str) and fields[key].isdecimal():
            fields[key] = int(fields[key])
    return read_ports(where, fields)


def read_strict_labels(where: str, value: Any) -> dict[str, str]:
    """Labels that an object can have; ManifestError when no object can."""
    labels = read_labels(where, value)
    for key, content in labels.items():
        if not _LABEL.fullmatch(key):
            raise ManifestError(f"{where}.{key}", "a label's name is letters, digits, dashes, underscores and dots")
        if not _VALUE.fullmatch(content):
            raise ManifestError(f"{where}.{key}", f"{content!r} is no value that a label can have")
    return labels
