# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: redis_nodes
short_description: All Redis nodes of an inventory group
description:
  - Returns the nodes of every host of a group, whatever hosts the play is limited to, so that a module that
    looks after a whole cluster never takes it for smaller than it is.
  - A host's nodes come from its inventory variables C(redis_cluster_ports), C(redis_cluster_address) (else
    C(ansible_host), else its name) and C(redis_cluster_zone), or those of another role.
  - Hosts with C(redis_cluster_leaving) are left out, unless they are asked for.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: Name of the group.
    required: true
  defaults:
    description: YAML file with the default of the variable with the ports, for hosts that do not set it.
    type: path
    required: true
  prefix:
    description: What the names of the variables begin with.
    type: str
    default: redis_cluster_
  ports:
    description: The rest of the name of the variable with the ports.
    type: str
    default: ports
  hosts:
    description: Return the nodes of these hosts only, whether they leave or not.
    type: list
    elements: str
  port_offset:
    description: What is added to the ports, as where nodes are reached through TLS.
    type: int
    default: 0
  leaving:
    description: Return the nodes of the hosts that leave instead.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: The cluster's nodes are known
  ansible.builtin.debug:
    msg: "{{ lookup('omnimind.platform.redis_nodes', 'redis', defaults=role_path ~ '/defaults/main.yml') }}"
"""

RETURN = r"""
_raw:
  description: One list of mappings with C(host), C(port) and C(zone), by host in the order of the group, then by port.
  type: list
  elements: list
"""

from pathlib import Path

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        group, prefix = terms[0], self.get_option("prefix")
        members = variables["groups"].get(group)
        if not members:
            raise AnsibleError(f"{prefix}group: the inventory has no host in a group {group!r}")
        defaults = yaml.safe_load(Path(self.get_option("defaults")).read_text())
        hosts = [(host, variables["hostvars"][host]) for host in members]
        if self.get_option("hosts"):
            hosts = [(host, values) for host, values in hosts if host in self.get_option("hosts")]
        else:
            wanted = self.get_option("leaving")
            hosts = [(host, values) for host, values in hosts if _is_leaving(values, prefix) == wanted]
        ports, offset = prefix + self.get_option("ports"), self.get_option("port_offset")
        return [[node for host, values in hosts for node in _nodes(host, values, prefix, ports, defaults[ports], offset)]]


def _is_leaving(values, prefix):
    return boolean(values.get(f"{prefix}leaving") or False)


def _nodes(host, values, prefix, ports, usual, offset):
    address = values.get(f"{prefix}address") or values.get("ansible_host") or host
    zone = values.get(f"{prefix}zone") or ""
    return [{"host": address, "port": int(port) + offset, "zone": zone} for port in values.get(ports, usual)]
