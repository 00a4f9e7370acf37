# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters that make manifests of Kubernetes. Each is documented in the YAML file of its name."""
from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ManifestError
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.network import flows as network_flows
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.security import report
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain


def network_policies(flows, namespace, components, peers=None, dns=("dns",), policy_set="platform"):
    """The policies that allow these flows and no other; AnsibleFilterError for a declaration that is wrong."""
    declared = [plain(value) for value in (flows, namespace, components, peers, dns, policy_set)]
    try:
        return network_flows.network_policies(*declared)
    except ManifestError as error:
        raise AnsibleFilterError(f"network_policies: {error.message}") from error


def k8s_security_budget_complaints(problems, guards):
    """Why these budgets cannot be, each beginning with the variable at fault."""
    return report.budget_complaints(plain(problems), plain(guards))


def k8s_security_report(found, fail_on=()):
    """What an audit has found, as lines, and those of them that are failures."""
    return report.report(plain(found), plain(list(fail_on)))


class FilterModule:
    def filters(self):
        return {
            "k8s_security_budget_complaints": k8s_security_budget_complaints,
            "k8s_security_report": k8s_security_report,
            "network_policies": network_policies,
        }
