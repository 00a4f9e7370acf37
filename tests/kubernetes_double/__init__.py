"""A double of the Kubernetes API server, on loopback, for tests of what talks to a cluster.

    with KubernetesDouble() as double:
        double.add_nodes("a", "b", "c")
        kubeconfig = double.kubeconfig(tmp_path / "kubeconfig")
        ...                      # anything that speaks to Kubernetes
        double.settle()          # the controllers act until nothing happens any more
        assert not double.changes()

It keeps objects, and does with them what a real server does: schemas, defaults, rules, versions, owners of fields,
quotas, limits, budgets. Whatever it says is in the real one's words, as far as the tests of this project see them.
tests/integration/test_kubernetes_double.py holds it against a real cluster where there is one.
No container runs, and NetworkPolicies are only kept.
"""

from __future__ import annotations

from .double import ADMIN_TOKEN, READER_TOKEN, KubernetesDouble

__all__ = ["ADMIN_TOKEN", "READER_TOKEN", "KubernetesDouble"]
