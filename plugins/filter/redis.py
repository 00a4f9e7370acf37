# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters over Redis nodes and keys. Each is documented in the YAML file of its name."""
from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ansible_collections.omnimind.platform.plugins.module_utils.plain import plain
from ansible_collections.omnimind.platform.plugins.module_utils.redis.cluster_settings import (
    cluster_settings,
    public_text,
    secret_text,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure
from ansible_collections.omnimind.platform.plugins.module_utils.redis.page import page
from ansible_collections.omnimind.platform.plugins.module_utils.redis.rolling.order import restart_order
from ansible_collections.omnimind.platform.plugins.module_utils.redis.slots import key_slot, parse_slots
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls.ports import ports_of_stage


def redis_shard_of(key, cluster):
    """The shard, of an answer of redis_cluster_info, that owns the slot of a key."""
    slot = key_slot(key)
    for shard in cluster["shards"]:
        if slot in parse_slots(shard["slots"]):
            return shard
    raise AnsibleFilterError(f"no shard owns slot {slot} of the key {key!r}")


def redis_node_settings(ports, directory, announce_ports=None, tls="off", tls_port_offset=100):
    """Settings that each node of a host has for itself, by port."""
    announced = {str(port): value for port, value in (announce_ports or {}).items()}
    return {
        str(port): {
            **ports_of_stage(int(port), tls, int(tls_port_offset)),
            "dir": f"{directory}/{port}",
            **_announcements(announced.get(str(port), {})),
        }
        for port in ports
    }


def _announcements(announced):
    kinds = {"port": "port", "tls_port": "tls-port", "bus_port": "bus-port"}
    return {f"cluster-announce-{kind}": str(announced[key]) for key, kind in kinds.items() if announced.get(key)}


def redis_node_arguments(settings):
    """Command line arguments by port, of settings by port."""
    return {port: " ".join(f"--{name} {value}" for name, value in own.items()) for port, own in settings.items()}


def redis_restart_order(answers, port_offset=0):
    """The servers that wait for a restart: Sentinels, then replicas, then masters."""
    return restart_order(answers, int(port_offset))


def redis_secret_text(settings, users):
    """Secret settings and users as a file."""
    try:
        return secret_text(plain(settings), plain(users))
    except RedisFailure as failure:
        raise AnsibleFilterError(failure.message) from failure


class FilterModule:
    def filters(self):
        return {
            "redis_cluster_settings": cluster_settings,
            "redis_config_text": public_text,
            "redis_key_slot": key_slot,
            "redis_node_arguments": redis_node_arguments,
            "redis_node_settings": redis_node_settings,
            "redis_page": page,
            "redis_restart_order": redis_restart_order,
            "redis_secret_text": redis_secret_text,
            "redis_shard_of": redis_shard_of,
        }
