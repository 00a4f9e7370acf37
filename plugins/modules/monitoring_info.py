#!/usr/bin/python
# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: monitoring_info
short_description: Ask Prometheus, Alertmanager and Grafana whether all is well
description:
  - Asks the servers themselves, not their files, whether they are ready, whether they have read their configuration since
    it changed last and taken it, whether every target is up, and whether members of a cluster see one another.
version_added: 1.0.0
author: OmniMind Development Team (@omnimind)
extends_documentation_fragment:
  - omnimind.platform.reads_only
options:
  prometheus:
    description: Address of Prometheus. Empty where there is none to ask.
    type: str
    default: ""
  alertmanager:
    description: Address of Alertmanager.
    type: str
    default: ""
  grafana:
    description: Address of Grafana.
    type: str
    default: ""
  user:
    description: Whom Prometheus and Alertmanager let in.
    type: str
    default: ""
  password:
    description: The password of that user.
    type: str
    default: ""
  ca:
    description: File of the authority that the servers are known by, where they speak TLS.
    type: str
    default: ""
  config_directory:
    description: Directory with the configuration, C(prometheus) and C(alertmanager) in it. By it a server is known that
      has not read what changed.
    type: str
    default: ""
  targets:
    description: How many targets each job shall have.
    type: dict
    default: {}
  peers:
    description: How many Alertmanagers form a cluster.
    type: int
    default: 1
  wait_for:
    description: V(answers) waits until every server is ready, V(read) until it has read its configuration too, V(healthy)
      until nothing is wrong. The module fails when that does not come.
    type: str
    choices: [nothing, answers, read, healthy]
    default: nothing
  timeout:
    description: Seconds to wait.
    type: int
    default: 60
"""

EXAMPLES = r"""
- name: All targets are up
  omnimind.platform.monitoring_info:
    prometheus: http://192.0.2.31:9090
    alertmanager: http://192.0.2.31:9093
    user: omnimind
    password: "{{ monitoring_password }}"
    wait_for: healthy
"""

RETURN = r"""
healthy:
  description: Whether nothing is wrong.
  returned: always
  type: bool
problems:
  description: What is wrong, in words.
  returned: always
  type: list
  elements: str
  sample: ["target 192.0.2.11:9100 of job node is down (connection refused)"]
unread:
  description: Servers whose files changed since they read them, or that did not take them.
  returned: always
  type: list
  elements: str
  sample: [prometheus]
servers:
  description: What each server said, by C(prometheus), C(alertmanager) and C(grafana), with C(url), C(ready), C(problem),
    C(peers) and C(targets).
  returned: always
  type: dict
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.asking import (
    Login,
    ask_alertmanager,
    ask_grafana,
    ask_prometheus,
    changed_at,
)
from ansible_collections.omnimind.platform.plugins.module_utils.monitoring.health import (
    Expected,
    described,
    problems,
    refused,
    unread,
)

ARGUMENTS = {
    "prometheus": {"type": "str", "default": ""},
    "alertmanager": {"type": "str", "default": ""},
    "grafana": {"type": "str", "default": ""},
    "user": {"type": "str", "default": ""},
    "password": {"type": "str", "default": "", "no_log": True},
    "ca": {"type": "str", "default": ""},
    "config_directory": {"type": "str", "default": ""},
    "targets": {"type": "dict", "default": {}},
    "peers": {"type": "int", "default": 1},
    "wait_for": {"type": "str", "choices": ["nothing", "answers", "read", "healthy"], "default": "nothing"},
    "timeout": {"type": "int", "default": 60},
}
ASK = {"prometheus": ask_prometheus, "alertmanager": ask_alertmanager, "grafana": ask_grafana}
# Prometheus looks at these of its own accord.
LIVE = ("targets", "secrets")
PAUSE = 0.1  # seconds between two looks


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params, directory = module.params, module.params["config_directory"]
    login = Login(params["user"], params["password"], params["ca"])
    changed = {name: changed_at(f"{directory}/{name}", LIVE) for name in ("prometheus", "alertmanager") if directory}
    wanted = {job: int(count) for job, count in params["targets"].items()}
    expected = Expected(wanted, params["peers"], changed)
    deadline = time.monotonic() + params["timeout"]
    while True:
        answers = {name: ask(params[name].rstrip("/"), login) for name, ask in ASK.items() if params[name]}
        found = problems(answers, expected)
        unheard = refused(answers) + unread(answers, expected)
        awaited = {
            "nothing": [],
            "answers": [one.problem for one in answers.values() if one.problem],
            "read": [one.problem for one in answers.values() if one.problem] + unheard,
            "healthy": found,
        }[params["wait_for"]]
        if not awaited or time.monotonic() > deadline:
            break
        time.sleep(PAUSE)
    result = {"healthy": not found, "problems": found, "unread": unheard, "servers": described(answers)}
    if awaited:
        module.fail_json(msg=f"after {params['timeout']} seconds: {'; '.join(found)}", **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
