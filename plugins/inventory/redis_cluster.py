# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: redis_cluster
short_description: The nodes of a Redis Cluster by the roles that they have now
description:
  - Asks a Redis or Valkey cluster who is master, who replica, and groups its nodes by that, so that plays and ad-hoc
    commands follow the roles as they are now, not as they were when the cluster was formed.
  - An entry of the inventory is a node, so that each is in the groups of its own role only, or a machine with all of
    its nodes, as O(hosts) says.
  - The groups are C(cluster) with everything, C(masters) (whoever owns slots), C(replicas), C(idle) (neither), a
    C(shard_1), C(shard_2) and so on for each shard in the order of slots, C(zone_ZONE), C(host_MACHINE), C(down) for
    nodes that do not answer or that the cluster has given up, and C(lagging) for replicas without a link to their
    master or behind it. Each name begins with O(prefix), and a group without members does not exist.
  - A node that is C(down) stays in the groups of its role, as the rest of the cluster sees it.
  - A node has the values that M(omnimind.platform.redis_cluster_info) returns for it as variables, with C(redis_)
    before their names, such as C(redis_address), C(redis_port), C(redis_role), C(redis_slots) and C(redis_lag_seconds);
    and C(redis_shard) (its number), C(redis_problems) (the codes of the problems that concern it) and C(redis_machine)
    (the inventory name of its machine).
  - A machine has C(redis_nodes), a list of mappings with these values under their own names, and C(redis_roles),
    C(redis_zone) and C(redis_problems).
  - A machine is recognised in the inventory sources before this one by C(redis_cluster_address), C(ansible_host) or its
    name. Its variables, but for those of the group C(all), are those of its nodes too, so they are reached as it is.
    A machine that no such source has is named by the address of its nodes.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis
  - omnimind.platform.tls_client
  - constructed
  - inventory_cache
notes:
  - The name of the file ends with C(redis_cluster.yml) or C(redis_cluster.yaml).
  - A play keeps the hosts that it began with. C(meta) with C(refresh_inventory) asks the cluster anew for the next play,
    and does not read the cache.
  - When nobody answers it is an error. A cluster that is not healthy is shown as it is, with a warning.
  - Text options may be templates, with lookups and extra variables, or vaulted.
options:
  plugin:
    description: Marks the file as one for this plugin.
    type: str
    required: true
    choices: [omnimind.platform.redis_cluster]
  nodes:
    description:
      - Nodes to begin with. One that answers is enough, the others are found from it.
      - Each is C(host:port), or a mapping with C(host) and C(port).
  username:
    env: [{name: OMNIMIND_REDIS_USERNAME}]
  password:
    env: [{name: OMNIMIND_REDIS_PASSWORD}]
  hosts:
    description:
      - V(nodes) makes an entry of each node, for plays that go from node to node.
      - V(machines) makes an entry of each machine, or adds to the one that another source brought, for commands that
        are about hosts. A machine with a master and a replica is in the groups of both.
    type: str
    choices: [nodes, machines]
    default: nodes
  host_name:
    description:
      - The name of a node in the inventory, an expression over its variables. No other host may have it.
      - The default has no colon, which would part two patterns on a command line.
    type: str
    default: redis_machine | replace(':', '-') ~ '-' ~ redis_port
  prefix:
    description: What the name of every group begins with.
    type: str
    default: redis_
  zones:
    description:
      - The zone of each host, by its address as nodes tell it. The variable C(redis_cluster_zone) of a machine counts
        where a host is not listed.
    type: dict
    default: {}
  replicas:
    description: Working replicas that each master is expected to have.
    type: int
    default: 1
  max_lag:
    description: Seconds without an acknowledgement after which a replica counts as lagging.
    type: int
    default: 10
"""

EXAMPLES = r"""
# live.redis_cluster.yml, beside the file of the machines, which is read first as hosts.yml sorts before it
plugin: omnimind.platform.redis_cluster
nodes: ["192.0.2.11:7000", "192.0.2.12:7000", "192.0.2.13:7000"]
password: "{{ lookup('ansible.builtin.env', 'REDIS_PASSWORD') }}"

# ansible -i inventories/vms redis_masters -m ansible.builtin.debug -a var=redis_slots
# ansible-playbook -i inventories/vms rolling.yml --limit 'redis_replicas:!redis_down'
---
# As machines, in zones, with groups of one's own
plugin: omnimind.platform.redis_cluster
nodes: ["[2001:db8::1]:7000"]
hosts: machines
zones: {"2001:db8::1": a, "2001:db8::2": b}
groups:
  redis_mixed: redis_roles | length > 1
keyed_groups:
  - key: redis_problems
    prefix: redis_problem
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible-inventory
cache_timeout: 60
"""

import sys

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.helpers import get_group_vars
from ansible.module_utils.common.validation import check_required_together
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var
from ansible.utils.vars import combine_vars
from ansible.vars.plugins import get_vars_from_inventory_sources

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import (
    CONNECTION_ARGUMENTS,
    REQUIRED_TOGETHER,
    login_of,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import REDIS_IMPORT_ERROR, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure
from ansible_collections.omnimind.platform.plugins.module_utils.redis.health import check_cluster, summary
from ansible_collections.omnimind.platform.plugins.module_utils.redis.inventory import (
    Machine,
    machine_entries,
    node_entries,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.problems import Expectation

# The variables that say where a machine is, the most telling first.
ADDRESSES = ("redis_cluster_address", "ansible_host", "inventory_hostname")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "omnimind.platform.redis_cluster"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith(("redis_cluster.yml", "redis_cluster.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        found = self._cached(self.get_cache_key(path), cache)
        if not found["healthy"]:
            self.display.warning(f"The Redis Cluster of {path} is not healthy: {summary(found)}")
        # What servers say is never a template, whatever they say.
        found, machines = wrap_var(found), self._machines()
        if self.get_option("hosts") == "machines":
            named = [(entry.machine, entry) for entry in machine_entries(found, machines)]
        else:
            named = self._named(node_entries(found, machines))
        for name, entry in named:
            self._add(name, entry)

    def _cached(self, key, may_read):
        """The cluster as the cache has it, else as it is now."""
        caching = self.get_option("cache")
        if caching and may_read and key in self._cache:
            return self._cache[key]
        found = self._ask()
        if caching:
            self._cache[key] = found
        return found

    def _ask(self):
        """The cluster as redis_cluster_info describes it; AnsibleParserError when nobody tells of it."""
        if REDIS_IMPORT_ERROR:
            raise AnsibleParserError(
                "redis-py is needed where Ansible runs (pip: redis, Debian: python3-redis), "
                f"{sys.executable} does not have it"
            )
        self.templar.available_variables = self._vars
        params = {name: self.templar.template(self.get_option(name)) for name in CONNECTION_ARGUMENTS}
        expected = Expectation(self.get_option("replicas"), self.get_option("max_lag"))
        try:
            check_required_together(REQUIRED_TOGETHER, {name for name, value in params.items() if value})
            with Session(login_of(params)) as session:
                found = check_cluster(session, parse_nodes(params["nodes"]), expected)
        except (RedisFailure, TypeError) as failure:
            raise AnsibleParserError(str(failure)) from failure
        if not found["nodes"]:
            raise AnsibleParserError(f"No node tells of a Redis Cluster: {summary(found)}")
        return found

    def _machines(self):
        """What the sources before this one know of machines, by each address that a machine has."""
        zones, found = self.get_option("zones"), {}
        hosts = {name: self._variables(host) for name, host in self.inventory.hosts.items()}
        for variable in ADDRESSES:
            for name, variables in hosts.items():
                address = name if variable == "inventory_hostname" else self._value(variables, variable)
                if address and address not in found and "redis_machine" not in variables:
                    zone = zones.get(address) or self._value(variables, "redis_cluster_zone")
                    found[address] = Machine(name, variables, zone or "")
        return {**{address: Machine(address, zone=zone) for address, zone in zones.items()}, **found}

    def _variables(self, host):
        """The variables of a host, those in group_vars and host_vars beside its source included; not those of all."""
        groups = [group for group in host.get_groups() if group.name != "all"]
        sources = getattr(self.inventory, "processed_sources", [])
        found = get_group_vars(groups)
        for entities, own in ((groups, {}), ([host], host.vars)):
            beside = get_vars_from_inventory_sources(self.loader, sources, entities, "all")
            found = combine_vars(combine_vars(found, own), beside)
        return found

    def _value(self, variables, name):
        """A variable's value, None when it can only be known while a play runs."""
        self.templar.available_variables = variables
        try:
            return self.templar.template(variables.get(name))
        except AnsibleError:
            return None

    def _named(self, entries):
        """Each entry with the name that `host_name` gives it."""
        expression, named = self.get_option("host_name"), {}
        for entry in entries:
            try:
                name = str(self._compose(expression, entry.variables))
            except AnsibleError as error:
                raise AnsibleParserError(f"host_name: {expression!r} is no expression: {error}") from error
            if name in named or name in self.inventory.hosts:
                raise AnsibleParserError(f"host_name: {expression!r} gives a node the name {name}, which is taken")
            named[name] = entry
        return named.items()

    def _add(self, name, entry):
        self.inventory.add_host(name)
        for suffix in sorted(entry.groups):
            group = self.inventory.add_group(self._sanitize_group_name(self.get_option("prefix") + suffix))
            self.inventory.add_host(name, group)
        for variable, value in entry.variables.items():
            self.inventory.set_variable(name, variable, value)
        strict, variables = self.get_option("strict"), self._variables(self.inventory.hosts[name])
        self._set_composite_vars(self.get_option("compose"), variables, name, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict)
