# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters that make rules of Prometheus. Each is documented in the YAML file of its name."""
from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring import anomaly, slo
from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain


def slo_rules(entries, thresholds, runbooks, dashboards=""):
    """Rules of service levels; AnsibleFilterError for entries that are not well-formed."""
    entries = plain(entries)
    _refuse(slo.complaints(entries))
    return _marked(slo.slo_rules(entries, plain(thresholds), str(runbooks), str(dashboards)))


def anomaly_rules(signals, thresholds, runbooks, dashboards=""):
    """Rules of early warning; AnsibleFilterError for signals that are not well-formed."""
    signals = plain(signals)
    _refuse(anomaly.complaints(signals))
    return _marked(anomaly.anomaly_rules(signals, plain(thresholds), str(runbooks), str(dashboards)))


def _marked(rules):
    """With texts that Ansible does not take for templates of its own: Prometheus' look the same."""
    return wrap_var(rules)


def _refuse(complaints):
    if complaints:
        raise AnsibleFilterError("; ".join(complaints))


class FilterModule:
    def filters(self):
        return {"anomaly_rules": anomaly_rules, "slo_rules": slo_rules}
