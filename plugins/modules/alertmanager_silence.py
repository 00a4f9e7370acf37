#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: alertmanager_silence
short_description: Silence alerts in Alertmanager while something is worked on
description:
  - Has alerts with certain labels told to nobody for a time. A silence ends by itself, also when the playbook that began it
    fails on its way.
  - A silence with the same matchers that is active is kept as it is, whatever its comment, or made longer when it ends soon.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.tls_client
options:
  url:
    description: Address of an Alertmanager. One of a cluster is enough, as it tells the others.
    type: str
    default: http://127.0.0.1:9093
  matchers:
    description:
      - What labels the alerts have, all of them. Each is written C(label="value"), or with C(!=), C(=~) or C(!~), where the
        value of the last two is a regular expression for the whole value.
    type: list
    elements: str
    required: true
  state:
    description: V(absent) ends every silence that has these matchers and no others.
    type: str
    choices: [present, absent]
    default: present
  duration:
    description: How long the silence lasts from now on, such as V(30m) or V(1h30m).
    type: str
    default: 1h
  least:
    description: A silence that is active at least so long from now on is kept as it is. Half of O(duration) when it is
      not given.
    type: str
  comment:
    description: Why, for those who find the silence.
    type: str
    default: Silenced by a playbook
  author:
    description: Who, for those who find the silence.
    type: str
    default: ansible
  username:
    description: User to log in as, with HTTP basic authentication.
    type: str
  password:
    description: The password of O(username).
    type: str
  timeout:
    description: Seconds that each answer may take.
    type: float
    default: 10.0
attributes:
  check_mode:
    support: full
    description: Returns what would be begun, made longer or ended.
  diff_mode:
    support: full
    description: Shows the silences with these matchers before and after.
notes:
  - An alert that was told before it was silenced is not told as resolved while the silence lasts.
  - Proxies of the environment are not used.
"""

EXAMPLES = r"""
- name: Nobody is woken by this host while it is worked on
  omnimind.platform.alertmanager_silence:
    url: https://alertmanager.example.com
    username: operator
    password: "{{ vault_alertmanager_password }}"
    matchers:
      - host="{{ inventory_hostname }}"
    duration: 2h
    comment: New kernel
  delegate_to: localhost

- name: Its alerts are told again
  omnimind.platform.alertmanager_silence:
    url: https://alertmanager.example.com
    username: operator
    password: "{{ vault_alertmanager_password }}"
    matchers:
      - host="{{ inventory_hostname }}"
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
silence_id:
  description: Identity of the silence. Empty when there is none, and in check mode for one that would be begun.
  returned: success
  type: str
  sample: 2f6a4f0c-5a6b-4b57-8f0a-3c1f2f5a7c11
ends_at:
  description: When the silence ends, in UTC. Empty when there is none.
  returned: success
  type: str
  sample: "2026-11-30T10:00:00.000Z"
ended:
  description: Identities of the silences that were ended.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.alertmanager_api import Alertmanager
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.silencing import silence, unsilence, wish_of
from ansible_collections.omnimind.platform.plugins.module_utils.reporting import failures_reported
from ansible_collections.omnimind.platform.plugins.module_utils.tls.client import CLIENT_ARGUMENTS, CLIENT_TOGETHER

CONNECTION = {
    "url": {"type": "str", "default": "http://127.0.0.1:9093"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    **CLIENT_ARGUMENTS,
    "timeout": {"type": "float", "default": 10.0},
}
ARGUMENTS = {
    **CONNECTION,
    "matchers": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "duration": {"type": "str", "default": "1h"},
    "least": {"type": "str"},
    "comment": {"type": "str", "default": "Silenced by a playbook"},
    "author": {"type": "str", "default": "ansible"},
}
REQUIRED_TOGETHER = [("username", "password"), CLIENT_TOGETHER]


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, required_together=REQUIRED_TOGETHER, supports_check_mode=True)
    params = module.params
    with failures_reported(module):
        wish = wish_of(params)
        server = Alertmanager(**{name: params[name] for name in CONNECTION})
        act = silence if params["state"] == "present" else unsilence
        module.exit_json(**act(server, wish, module.check_mode))


if __name__ == "__main__":
    main()
