# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters over Redis nodes and keys. Each is documented in the YAML file of its name."""
from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ansible_collections.omnimind.platform.plugins.module_utils.redis.page import page
from ansible_collections.omnimind.platform.plugins.module_utils.redis.slots import key_slot, parse_slots


def redis_shard_of(key, cluster):
    """The shard, of an answer of redis_cluster_info, that owns the slot of a key."""
    slot = key_slot(key)
    for shard in cluster["shards"]:
        if slot in parse_slots(shard["slots"]):
            return shard
    raise AnsibleFilterError(f"no shard owns slot {slot} of the key {key!r}")


def redis_node_arguments(ports, directory, announce_ports=None):
    """Command line arguments of the nodes of a host, by port."""
    announced = {str(port): value for port, value in (announce_ports or {}).items()}
    return {str(port): _arguments(port, directory, announced.get(str(port), {})) for port in ports}


def _arguments(port, directory, announced):
    arguments = ["--port", str(port), "--dir", f"{directory}/{port}"]
    for key, name in (("port", "cluster-announce-port"), ("bus_port", "cluster-announce-bus-port")):
        if announced.get(key):
            arguments += [f"--{name}", str(announced[key])]
    return " ".join(arguments)


class FilterModule:
    def filters(self):
        return {
            "redis_key_slot": key_slot,
            "redis_node_arguments": redis_node_arguments,
            "redis_page": page,
            "redis_shard_of": redis_shard_of,
        }
