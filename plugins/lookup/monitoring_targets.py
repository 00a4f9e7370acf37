# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: monitoring_targets
short_description: What a Prometheus watches, out of the whole inventory
description:
  - Returns the targets of every scrape job with the nodes of Redis, the backends, and what the role
    P(omnimind.platform.monitoring#role) runs, on every host of the groups C(redis), C(redis_sentinel), C(backend),
    C(monitored) and the role's own, whatever hosts the play is limited to.
  - Ports and addresses come from the inventory variables of those roles, else from their defaults.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: Directory that holds the roles, for their defaults.
    required: true
  group:
    description: The group whose hosts run the servers.
    type: str
    default: monitoring
  user:
    description: User of Redis, in place of the default one.
    type: str
    default: ""
  password:
    description: Password of Redis, in place of the one that the nodes' own variables have.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Targets are known
  ansible.builtin.debug:
    msg: "{{ lookup('omnimind.platform.monitoring_targets', playbook_dir ~ '/roles').jobs }}"
"""

RETURN = r"""
_raw:
  description:
    - A mapping with C(jobs), entries of file_sd_configs by the name of the job; C(alertmanagers) and C(peers), addresses
      of Alertmanagers and of their cluster ports by host; C(grafanas), addresses by host; C(redis_passwords), passwords by
      the address of a node; and C(unreachable), sentences about targets that this host cannot scrape.
  type: list
  elements: dict
"""

from pathlib import Path

import yaml
from ansible.plugins.lookup import LookupBase

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.targets import (
    WATCHED,
    Host,
    Inventory,
    jobs,
    members,
    redis_nodes,
    redis_passwords,
    unreachable,
)

ROLES = ("monitoring", "redis_cluster", "redis_sentinel", "backend")


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        group = self.get_option("group")
        groups = {name: _hosts(variables, name) for name in {group, *WATCHED}}
        inventory = Inventory(groups, _defaults(Path(terms[0])), group)
        nodes = redis_nodes(inventory, self.get_option("user"), self.get_option("password"))
        return [
            {
                "jobs": jobs(inventory),
                "alertmanagers": _addresses(inventory, "alertmanager"),
                "peers": _addresses(inventory, "alertmanager", "cluster_port"),
                "grafanas": _addresses(inventory, "grafana"),
                "redis_passwords": redis_passwords(nodes),
                "unreachable": unreachable(inventory, variables["inventory_hostname"]),
            }
        ]


def _hosts(variables, group):
    return [Host(name, variables["hostvars"][name]) for name in variables["groups"].get(group, [])]


def _defaults(roles):
    """Defaults that are plain values; what Ansible computes is computed by the hosts' own addresses here."""
    found = {}
    for role in ROLES:
        values = yaml.safe_load((roles / role / "defaults" / "main.yml").read_text())
        found.update({name: value for name, value in values.items() if "{{" not in str(value)})
    return found


def _addresses(inventory, component, port="port"):
    return {host.name: address for host, address in members(inventory, component, port)}
