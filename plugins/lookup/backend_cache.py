# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: backend_cache
short_description: Where a backend finds the Redis of an inventory group
description:
  - Returns the nodes of a Redis Cluster, or the Sentinels of a master, with the login, as one text that the backend reads.
    User and password are encoded, so they may have any characters.
  - Keep it out of logs and command lines.
version_added: 0.1.0
author: OmniMind Development Team (@omnimind)
options:
  _terms:
    description: Name of the group. C(none:) is returned for an empty one.
    required: true
  kind:
    description: What the hosts of the group run, by the role P(omnimind.platform.redis_cluster#role) or
      P(omnimind.platform.redis_sentinel#role).
    type: str
    choices: [cluster, sentinel]
    default: cluster
  defaults:
    description: YAML file with the defaults of that role.
    type: path
    required: true
  user:
    description: The ACL user. The default user when it is empty.
    type: str
    default: ""
  password:
    description: The password of the user.
    type: str
    default: ""
  sentinel_password:
    description: What Sentinels ask for.
    type: str
    default: ""
  tls:
    description: Whether nodes are reached through TLS.
    type: bool
    default: false
  tls_port_offset:
    description: What is added to the ports then.
    type: int
    default: 100
  ca_file:
    description: File on the backend's host with the authorities that it trusts.
    type: str
    default: ""
  more:
    description: More settings of the backend's cache, by their names.
    type: dict
    default: {}
seealso:
  - plugin: omnimind.platform.redis_nodes
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Redis takes the login that the backend will use
  omnimind.platform.backend_preflight:
    ports: [8000]
    config_directory: /etc/omnimind-backend
    cache_url: "{{ lookup('omnimind.platform.backend_cache', 'redis', defaults=defaults, password=redis_password) }}"
"""

RETURN = r"""
_raw:
  description: One text.
  type: list
  elements: str
"""

from pathlib import Path

import yaml
from ansible.plugins.loader import lookup_loader
from ansible.plugins.lookup import LookupBase

from ansible_collections.omnimind.platform.plugins.module_utils.backend.cache_url import cache_url

NODES = "omnimind.platform.redis_nodes"


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        if not terms[0]:
            return ["none:"]
        kind, tls = self.get_option("kind"), self.get_option("tls")
        prefix, defaults = f"redis_{kind}_", self.get_option("defaults")
        offset = self.get_option("tls_port_offset") if tls else 0
        lookup = lookup_loader.get(NODES, loader=self._loader, templar=self._templar)
        nodes = lookup.run([terms[0]], variables, defaults=defaults, prefix=prefix, port_offset=offset)[0]
        usual = yaml.safe_load(Path(defaults).read_text())
        more = {**self.get_option("more"), "ca_file": self.get_option("ca_file") if tls else ""}
        if kind == "sentinel":
            more["sentinel_password"] = self.get_option("sentinel_password")
        return [
            cache_url(
                kind,
                nodes,
                self.get_option("user"),
                self.get_option("password"),
                self._service(terms[0], variables, usual) if kind == "sentinel" else "",
                tls,
                more,
            )
        ]

    @staticmethod
    def _service(group, variables, usual):
        """The name by which the Sentinels of a group know their master."""
        host = variables["groups"][group][0]
        return variables["hostvars"][host].get("redis_sentinel_monitor", usual["redis_sentinel_monitor"])
