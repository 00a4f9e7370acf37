# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user declares of a namespace's security, read into the objects that shall be there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from ..errors import ManifestError
from ..fields import read_list, read_mapping
from ..network.declarations import read_declaration, read_name, read_names
from ..network.flows import CLUSTER_DNS, network_policies
from ..probing.probes import check_probes, check_times
from .entries import COMPONENT, MANAGED_BY, MANAGER, PART_OF, components_of, config_maps_of, manifests_of
from .guards import budget as budget_of
from .guards import limit_range, limit_range_complaints, quota

Object = Dict[str, Any]
MODES = ("enforce", "warn", "audit")
_VERSION = re.compile(r"latest|v1\.\d{1,3}")


@dataclass
class Declaration:
    """All of it, and why it cannot be: `complaints` begin with the variable at fault, without the role's prefix.

    Args:
        namespace_labels: the level of Pod Security, and whose it is.
        flows: expectations, as k8s_network_flows_assert takes them.
        guards: budgets, quota and limit range.
    """

    namespace: str = ""
    namespace_labels: Dict[str, str] = field(default_factory=dict)
    components: Dict[str, Any] = field(default_factory=dict)
    peers: Dict[str, Any] = field(default_factory=dict)
    flows: List[Object] = field(default_factory=list)
    policies: List[Object] = field(default_factory=list)
    guards: List[Object] = field(default_factory=list)
    config_maps: Dict[str, Any] = field(default_factory=dict)
    manifests: List[Object] = field(default_factory=list)
    complaints: List[str] = field(default_factory=list)


class Reader:
    """Reads the role's variables, by their names without the role's own."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._given = variables
        self._read = Declaration()

    def read(self) -> Declaration:
        """All of it, with every complaint. What is removed needs no more than its name."""
        found = self._read
        found.namespace = self._tried(lambda: read_name("namespace", self._given["namespace"])) or ""
        self._tried(lambda: read_name("policy_set", self._given["policy_set"]))
        part_of = self._tried(lambda: read_name("part_of", self._given["part_of"])) or "omnimind"
        found.config_maps = self._tried(lambda: config_maps_of(self._given["config_maps"])) or {}
        if not found.namespace or self._given["state"] == "absent":
            return found
        found.namespace_labels = self._namespace_labels(part_of)
        found.components = self._tried(lambda: components_of(self._given["components"], part_of)) or {}
        found.peers = self._tried(self._peers) or {}
        if not found.complaints:
            self._network()
        if self._given["probes"]:
            self._probes()
        labels = {PART_OF: part_of, MANAGED_BY: MANAGER}
        found.guards = [*self._limits(part_of, labels), *self._budgets(part_of, labels)]
        found.manifests = self._tried(lambda: manifests_of(self._given["manifests"], found.namespace)) or []
        return found

    def _tried(self, read: Callable[[], Any]) -> Any:
        """What is read; None, and a complaint, when it is wrong."""
        try:
            return read()
        except ManifestError as error:
            self._read.complaints.append(error.message)
            return None

    def _namespace_labels(self, part_of: str) -> Dict[str, str]:
        version = str(self._given["pod_security_version"])
        if not _VERSION.fullmatch(version):
            complaint = f"pod_security_version: {version!r} is none; right is latest, or such as v1.31"
            self._read.complaints.append(complaint)
        names = {"enforce": "pod_security", "warn": "pod_security_warn", "audit": "pod_security_audit"}
        found = {PART_OF: part_of}
        for mode in MODES:
            level = self._given[names[mode]]
            if level != "none":
                found[f"pod-security.kubernetes.io/{mode}"] = level
                found[f"pod-security.kubernetes.io/{mode}-version"] = version
        return found

    def _peers(self) -> Dict[str, Any]:
        """The gateway and the name servers, and what the user adds, or puts in their place."""
        gateway: Object = {"namespace": self._given["gateway_namespace"], "labels": self._given["gateway_labels"]}
        usual = {"dns": CLUSTER_DNS, **({"gateway": gateway} if gateway["namespace"] else {})}
        return {**usual, **read_mapping("peers", self._given["peers"])}

    def _network(self) -> None:
        """Policies of all flows, and what is expected of them."""
        found = self._read
        for name in ("flows", "more_flows"):
            self._tried(lambda name=name: _checked_flows(name, self._given[name], found))  # type: ignore[misc]
        dns = self._tried(
            lambda: read_names("dns", self._given["dns"] or [], [*found.components, *found.peers], "component or peer")
        )
        if found.complaints:
            return
        declared = [*self._given["flows"], *self._given["more_flows"]]
        set_name = self._given["policy_set"]
        found.policies = network_policies(declared, found.namespace, found.components, found.peers, dns, set_name)
        found.flows = [
            *_named("flows", self._given["flows"]),
            *_named("more_flows", self._given["more_flows"]),
            *_questions(found.components, dns),
            *_named("expected", read_list("expected", self._given["expected"])),
        ]

    def _probes(self) -> None:
        """Who shall be tried is there only later; all else about it is known now."""
        given = self._given
        self._tried(lambda: check_probes("probes", given["probes"], self._read.components))
        self._tried(lambda: check_times(given["probe_timeout"], given["probe_seconds"]))
        if not given["probe_image"]:
            self._read.complaints.append("probe_image: it is empty, and probes need one that has python3")

    def _limits(self, name: str, labels: Object) -> Iterator[Object]:
        place = {"name": name, "namespace": self._read.namespace, "labels": labels}
        for make, wanted in ((limit_range, self._given["limit_range"]), (quota, self._given["quota"])):
            made = self._tried(lambda make=make, wanted=wanted: make(place, wanted) if wanted else None)  # type: ignore
            if made:
                yield made
        self._read.complaints += limit_range_complaints(self._given["limit_range"])

    def _budgets(self, part_of: str, labels: Object) -> Iterator[Object]:
        components = self._read.components
        for name, wanted in (self._tried(lambda: read_mapping("budgets", self._given["budgets"])) or {}).items():
            made: Optional[Object] = self._tried(
                lambda name=name, wanted=wanted: budget_of(  # type: ignore[misc]
                    {
                        "name": f"{part_of}-{name}",
                        "namespace": self._read.namespace,
                        "labels": {**labels, COMPONENT: str(name)},
                    },
                    name,
                    wanted,
                    components,
                )
            )
            if made:
                yield made


def read_declared(variables: Mapping[str, Any]) -> Declaration:
    """What the variables of the role declare."""
    return Reader(variables).read()


def _checked_flows(variable: str, value: Any, declared: Declaration) -> None:
    try:
        read_declaration(value, declared.components, declared.peers)
    except ManifestError as error:
        text = error.message
        if "gateway" not in declared.peers and "'gateway'" in text:
            text += ". gateway_namespace is empty"
        elif text.startswith("peers.gateway."):
            text = text.replace("peers.gateway.", "gateway_")
        where, _colon, complaint = text.partition(": ")
        raise ManifestError(re.sub(r"^flows", variable, where), complaint) from error


def _named(variable: str, flows: Any) -> List[Object]:
    """Flows that messages call by the role's variable."""
    return [
        {"name": f"k8s_security_{variable}[{index}]", **(dict(one) if isinstance(one, Mapping) else {"from": one})}
        for index, one in enumerate(flows)
    ]


def _questions(components: Mapping[str, Any], servers: List[str]) -> List[Object]:
    ports = [53, {"port": 53, "protocol": "UDP"}]
    if not servers or not components:
        return []
    return [{"name": "k8s_security_dns", "from": list(components), "to": list(servers), "ports": ports}]
