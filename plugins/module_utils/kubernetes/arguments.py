# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options that all modules of this domain share, declared once. Documented in doc_fragments/kubernetes.py."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.basic import AnsibleModule, env_fallback, missing_required_lib

from .. import reporting
from .client import Client
from .connection import KUBERNETES_IMPORT_ERROR, Connection


def _from_environment(*names: str) -> tuple[Any, list[str]]:
    return env_fallback, [f"K8S_AUTH_{name}" for name in names]


# The names and the variables of the environment are those of kubernetes.core.
CONNECTION_ARGUMENTS: dict[str, dict[str, Any]] = {
    "kubeconfig": {"type": "path", "fallback": _from_environment("KUBECONFIG")},
    "context": {"type": "str", "fallback": _from_environment("CONTEXT")},
    "host": {"type": "str", "fallback": _from_environment("HOST")},
    "api_key": {"type": "str", "no_log": True, "fallback": _from_environment("API_KEY")},
    "username": {"type": "str", "fallback": _from_environment("USERNAME")},
    "password": {"type": "str", "no_log": True, "fallback": _from_environment("PASSWORD")},
    "validate_certs": {
        "type": "bool",
        "aliases": ["verify_ssl"],
        "fallback": _from_environment("VALIDATE_CERTS", "VERIFY_SSL"),
    },
    "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"], "fallback": _from_environment("CA_CERT", "SSL_CA_CERT")},
    "client_cert": {
        "type": "path",
        "aliases": ["cert_file"],
        "fallback": _from_environment("CLIENT_CERT", "CERT_FILE"),
    },
    "client_key": {
        "type": "path",
        "no_log": False,
        "aliases": ["key_file"],
        "fallback": _from_environment("CLIENT_KEY", "KEY_FILE"),
    },
    "proxy": {"type": "str", "fallback": _from_environment("PROXY")},
    "no_proxy": {"type": "str", "fallback": _from_environment("NO_PROXY")},
    "request_timeout": {"type": "float", "default": 30.0},
}

REQUIRED_TOGETHER = [("client_cert", "client_key"), ("username", "password")]


def connection_of(params: dict[str, Any]) -> Connection:
    """The connection that a module's options describe. What is empty, as of an unset variable, is not given."""
    fields = {name: params[name] for name in CONNECTION_ARGUMENTS if name != "request_timeout"}
    given = {name: value for name, value in fields.items() if value not in (None, "")}
    return Connection(**given, timeout=params["request_timeout"])


@contextmanager
def cluster_opened(module: AnsibleModule, read_only: bool = False) -> Iterator[Client]:
    """The cluster that a module's options lead to, which has answered; in check mode, or `read_only`, nothing changes.

    Failures are the module's from here on, and what the API warns of is a warning of the module.
    """
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    with reporting.failures_reported(module):
        client = Client(connection_of(module.params), read_only or module.check_mode, module.warn)
        client.reach()
        yield client
