#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_sentinel_info
short_description: Check Sentinels and the master and replicas that they watch
description:
  - Asks every Sentinel what it says, and every node that a Sentinel knows what it says of itself, and compares.
  - So it finds what C(SENTINEL CKQUORUM) calls OK, such as a master that is a replica of itself, replicas that follow
    another node than Sentinels tell clients of, and a Sentinel with another opinion.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.redis_sentinel
  - omnimind.platform.tls_client
  - omnimind.platform.reads_only
options:
  name:
    description: Name of the group to check. All groups that the Sentinels watch when it is not given.
    type: str
  nodes:
    description:
      - The nodes that the group of O(name) shall have. One that does not answer, or follows another master, is then
        found even if no Sentinel knows it, and one that Sentinels know in vain is only a warning.
      - Without it the nodes are those that Sentinels know.
    type: list
    elements: raw
  replicas:
    description: Working replicas that each master is expected to have. V(0) when none are expected.
    type: int
    default: 1
  max_lag:
    description: Seconds without an acknowledgement after which a replica counts as lagging.
    type: int
    default: 10
  wait_for:
    description: With V(healthy), poll until no problem of severity V(error) is left, or fail when O(timeout) is over.
    type: str
    choices: [healthy]
  timeout:
    description: Seconds to wait for O(wait_for).
    type: float
    default: 60.0
seealso:
  - module: omnimind.platform.redis_sentinel
  - module: omnimind.platform.redis_sentinel_failover
"""

EXAMPLES = r"""
- name: The group is healthy
  omnimind.platform.redis_sentinel_info:
    sentinels: ["10.0.0.1:26379", "10.0.0.2:26379", "10.0.0.3:26379"]
    sentinel_password: "{{ sentinel_password }}"
    password: "{{ redis_password }}"
    name: cache
    nodes: ["10.0.0.1:6379", "10.0.0.2:6379", "10.0.0.3:6379"]
    replicas: 2
    wait_for: healthy
    timeout: 30
"""

RETURN = r"""
healthy:
  description: Whether there is no problem of severity V(error).
  returned: always
  type: bool
problems:
  description: What is wrong, errors first.
  returned: always
  type: list
  elements: dict
  contains:
    code:
      description: A stable name of the kind of problem, such as V(quorum_lost). The guide lists all.
      type: str
    severity:
      description: V(error) or V(warning).
      type: str
    message:
      description: The problem in words.
      type: str
    nodes:
      description: Addresses of the Sentinels and nodes concerned, the one at fault first.
      type: list
      elements: str
    monitor:
      description: Name of the group; empty when it is about a Sentinel itself.
      type: str
sentinels:
  description: Every Sentinel.
  returned: always
  type: list
  elements: dict
  contains:
    address:
      description: Where it was asked, C(host:port).
      type: str
    id:
      description: Its id, empty when it does not answer.
      type: str
    alive:
      description: Whether it answers.
      type: bool
    tilt:
      description: Whether it distrusts its clock, and takes part in nothing.
      type: bool
    masters:
      description: By name of a group, the master that it tells clients of.
      type: dict
    quorum_reachable:
      description: By name of a group, whether it finds enough Sentinels to agree and to authorise a failover.
      type: dict
monitors:
  description: Every group that was asked for and that a Sentinel watches.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the group.
      type: str
    master:
      description: The master that counts, of the latest failover, where Sentinels differ.
      type: str
    agree:
      description: Whether all Sentinels tell clients of the same master.
      type: bool
    quorum:
      description: How many Sentinels must agree that the master is down.
      type: int
    quorum_reachable:
      description: Whether every Sentinel finds enough others to agree and to authorise a failover.
      type: bool
    epoch:
      description: The number of the last failover.
      type: int
    failover_in_progress:
      description: Whether some Sentinel leads a failover now.
      type: bool
    subjectively_down:
      description: Whether some Sentinel holds the master for down.
      type: bool
    objectively_down:
      description: Whether a quorum of Sentinels holds the master for down.
      type: bool
    sentinels:
      description: Addresses of the Sentinels that watch it.
      type: list
      elements: str
    nodes:
      description: The master and the other nodes. C(master), C(link_up), C(lag_seconds) and C(lag_bytes) are those of
        replicas only.
      type: list
      elements: dict
      contains:
        address:
          description: Where it was asked, C(host:port).
          type: str
        role:
          description: V(master) or V(replica), as it says itself; null when it does not answer.
          type: str
        alive:
          description: Whether it answers.
          type: bool
        version:
          description: Engine and version, such as V(redis 7.0.15); null when it does not answer.
          type: str
        key_count:
          description: How many keys it holds; null when it does not answer.
          type: int
        memory_bytes:
          description: Bytes of memory that it uses; null when it does not answer.
          type: int
        priority:
          description: Its C(replica-priority), lower ones are promoted first and V(0) never; null when it does not answer.
          type: int
        master:
          description: Address of the master it follows.
          type: str
        link_up:
          description: Whether its replication link is up.
          type: bool
        lag_seconds:
          description: Seconds since its master last heard from it.
          type: int
        lag_bytes:
          description: Bytes of its master's replication stream that it has not read yet.
          type: int
elapsed_ms:
  description: Milliseconds from the first question to the last answer of the last survey, with its check.
  returned: always
  type: float
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.redis.arguments import REQUIRED_TOGETHER
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.arguments import (
    SENTINEL_ARGUMENTS,
    parse_addresses,
    sentinels_opened,
)
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.health import check_groups
from ansible_collections.omnimind.platform.plugins.module_utils.redis.sentinel.problems import Expectation

ARGUMENTS = {
    **SENTINEL_ARGUMENTS,
    "name": {"type": "str"},
    "nodes": {"type": "list", "elements": "raw"},
    "replicas": {"type": "int", "default": 1},
    "max_lag": {"type": "int", "default": 10},
    "wait_for": {"type": "str", "choices": ["healthy"]},
    "timeout": {"type": "float", "default": 60.0},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_together=REQUIRED_TOGETHER,
        required_by={"nodes": ["name"]},
        supports_check_mode=True,
    )
    params = module.params
    expected = Expectation(params["replicas"], params["max_lag"])
    deadline = time.monotonic() + params["timeout"]
    with sentinels_opened(module) as group:
        listed = parse_addresses(params["nodes"], "nodes") if params["nodes"] else []
        names = [params["name"]] if params["name"] else None
        wait = params["wait_for"] == "healthy"
        module.exit_json(changed=False, **check_groups(group, listed, names, expected, wait, deadline))


if __name__ == "__main__":
    main()
