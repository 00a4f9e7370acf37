"""Clusters that are drained: at random, by a seed, and their pods as both the rehearsal and the double have them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from integration.kubernetes.manifests import budget, container, workload
from kubernetes_double import KubernetesDouble
from kubernetes_double.kinds import BY_KIND

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.budgets.pods import Pod

Object = dict[str, Any]


def layout(double: KubernetesDouble, seed: int) -> list[str]:
    """Fill a double; return the nodes to drain."""
    dice = random.Random(seed)
    random.seed(seed)  # the double makes names up
    nodes = [f"n{number}" for number in range(dice.randint(3, 5))]
    double.add_nodes(*nodes, zones=True, cpu=str(dice.randint(3, 6)))
    # One is crowded, and drained first: a budget has several of its pods there.
    crowded = dice.choice(nodes)
    others = [node for node in nodes if node != crowded]
    for batch, closed in enumerate(([], dice.sample(nodes, 1), others)):
        _cordon(double, closed, True)
        for number in range(dice.randint(1, 3)):
            _add(double, dice, dice.choice(["default", "kube-public"]), f"app{batch}{number}")
        double.settle()
        _cordon(double, closed, False)
    # Those of a StatefulSet, as only their successors are held by the same names.
    pods = [one for one in double.list("Pod") if one["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet"]
    double.hold(*(one["metadata"]["name"] for one in pods if dice.random() < 0.1))
    double.settle()
    return [crowded, *dice.sample(others, dice.choice([0, 0, 1]))]


def _cordon(double: KubernetesDouble, names: Iterable[str], closed: bool) -> None:
    for name in names:
        node = double.get("Node", name)
        assert node is not None
        node["spec"] = {"unschedulable": True} if closed else {}
        double.store.put(BY_KIND["Node"], node)


def _add(double: KubernetesDouble, dice: random.Random, namespace: str, app: str) -> None:
    kind = dice.choice(["Deployment"] * 4 + ["StatefulSet"] * 4 + ["DaemonSet"])
    replicas = dice.randint(1, 4)
    request = {"cpu": f"{dice.choice([100, 500, 900])}m"}
    spec: Object = {"containers": [container(resources={"requests": request})]}
    if dice.random() < 0.3:
        term = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": app}}}
        spec["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    if dice.random() < 0.2:
        spec["nodeSelector"] = {"topology.kubernetes.io/zone": f"zone-n{dice.randint(0, 2)}"}
    if dice.random() < 0.2:
        spec["volumes"] = [{"name": "cache", "emptyDir": {}}]
    more = {"podManagementPolicy": dice.choice(["OrderedReady", "Parallel"])} if kind == "StatefulSet" else {}
    manifest = workload(kind, app, replicas, spec, **more)
    if kind == "DaemonSet":
        del manifest["spec"]["replicas"]
    double.create(kind, manifest, namespace)
    if kind != "DaemonSet" and dice.random() < 0.8:
        bound = {dice.choice(["minAvailable", "maxUnavailable"]): dice.choice([1, 1, 1, 2, "50%", "34%"])}
        always = {"unhealthyPodEvictionPolicy": "AlwaysAllow"} if dice.random() < 0.6 else {}
        double.create("PodDisruptionBudget", budget(app, app, **bound, **always), namespace)
        if dice.random() < 0.05:
            double.create("PodDisruptionBudget", budget(f"{app}-too", app, minAvailable=1), namespace)


def places(pods: Iterable[Pod]) -> list[tuple[str, str, str, bool]]:
    """What is where: of most pods the name is made up, but not whose they are."""
    return sorted((pod.namespace, str(pod.owner), pod.node, pod.healthy) for pod in pods)
