# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that modules about a Redis Cluster of pods share. Documented in doc_fragments/k8s_redis.py."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..kubernetes import arguments as kubernetes
from ..kubernetes.arguments import cluster_opened
from ..redis.arguments import failures_reported
from ..redis.connection import Login, Session
from .pods import Pods

ARGUMENTS: dict[str, dict[str, Any]] = {
    **kubernetes.CONNECTION_ARGUMENTS,
    "namespace": {"type": "str", "required": True},
    "label_selector": {"type": "str", "required": True},
    "size": {"type": "int"},
    "port": {"type": "int", "default": 6379},
    "replicas": {"type": "int", "default": 1},
    "redis_username": {"type": "str"},
    "redis_password": {"type": "str", "no_log": True},
    "connect_timeout": {"type": "float", "default": 5.0},
}
REQUIRED_TOGETHER = kubernetes.REQUIRED_TOGETHER


@contextmanager
def pods_opened(module: AnsibleModule) -> Iterator[tuple[Pods, Session]]:
    """The pods that a module's options name, and a session that reaches them through the API of their cluster."""
    params = module.params
    # Redis is only asked for in here: a failure of either domain is the module's.
    with failures_reported(module), cluster_opened(module, read_only=True) as client:
        seconds = params["connect_timeout"]
        pods = Pods(client, params["namespace"], params["label_selector"], params["size"], params["port"], seconds)
        password = params["redis_password"] or None
        with Session(Login(params["redis_username"], password, timeout=seconds, dial=pods.dial)) as session:
            yield pods, session
