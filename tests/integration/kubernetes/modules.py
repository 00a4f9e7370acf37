"""Modules of this collection, run in this process: a new one would need seconds to import what they import."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stdout, suppress
from importlib import import_module
from typing import Any
from unittest import mock

from ansible.module_utils import basic
from integration.kubernetes.cluster import Cluster

MODULES = "ansible_collections.omnimind.platform.plugins.modules"


def run_module(module: str, cluster: Cluster | None = None, check: bool = False, **options: Any) -> dict[str, Any]:
    """The answer; `failed` is always in it. Without a cluster no option leads to one."""
    given = {"_ansible_check_mode": check, "_ansible_diff": True, **options}
    if cluster:
        given.setdefault("kubeconfig", str(cluster.kubeconfig))
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith(("K8S_", "KUBE"))}
    told = io.StringIO()
    # As Ansible hands arguments over; the profile says how they are written, since ansible-core 2.19.
    arguments = json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()
    with mock.patch.multiple(basic, create=True, _ANSIBLE_ARGS=arguments, _ANSIBLE_PROFILE="legacy"):
        with mock.patch.dict(os.environ, {**surroundings, "HOME": "/nonexistent"}, clear=True):
            with redirect_stdout(told), suppress(SystemExit):
                import_module(f"{MODULES}.{module}").main()
    return {"failed": False, **json.loads(told.getvalue())}
