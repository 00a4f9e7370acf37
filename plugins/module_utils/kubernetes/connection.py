# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a cluster is reached, through the client library `kubernetes` (24.2 and newer)."""
from __future__ import annotations

import base64
import os
import traceback
from dataclasses import dataclass
from typing import Any, Optional

from .errors import ClusterUnreachable

try:
    import kubernetes.client
    import kubernetes.config
    import kubernetes.dynamic

    KUBERNETES_IMPORT_ERROR = None
except ImportError:
    KUBERNETES_IMPORT_ERROR = traceback.format_exc()


@dataclass(frozen=True)
class Connection:
    """As kubernetes.core has the options. What is None is as the kubeconfig, or the library, has it.

    Args:
        timeout: seconds to wait for a connection, and for each answer.
    """

    kubeconfig: Optional[str] = None
    context: Optional[str] = None
    host: Optional[str] = None
    api_key: Optional[str] = None
    username: Optional[str] = None
    password: Optional[str] = None
    validate_certs: Optional[bool] = None
    ca_cert: Optional[str] = None
    client_cert: Optional[str] = None
    client_key: Optional[str] = None
    proxy: Optional[str] = None
    no_proxy: Optional[str] = None
    timeout: float = 30.0


def open_api(connection: Connection) -> Any:
    """The library's dynamic client, which has asked nothing yet; ClusterUnreachable when nothing says where to ask."""
    configuration = kubernetes.client.Configuration()
    # What a pod's or a user's own configuration says is not asked for when the options say it all.
    if connection.kubeconfig or connection.context or not connection.host:
        _load(connection, configuration)
    _override(connection, configuration)
    _stay_overridden(connection, configuration)
    # A cluster that does not answer is told at once, and not after three attempts.
    configuration.retries = False
    return kubernetes.dynamic.DynamicClient(kubernetes.client.ApiClient(configuration), discoverer=_Nothing)


class _Nothing:
    """Stands in for discovery, which asks for all kinds there are and keeps them in a file of everybody's directory.

    We know where the kinds are that we ask for.
    """

    def __init__(self, client: Any, cache_file: Any) -> None:
        pass


def _load(connection: Connection, configuration: Any) -> None:
    """From the kubeconfig; in a pod that is given none, from its service account."""
    explicit = connection.kubeconfig or connection.context
    file = connection.kubeconfig or os.environ.get("KUBECONFIG") or None
    try:
        if not explicit and os.environ.get("KUBERNETES_SERVICE_HOST"):
            kubernetes.config.load_incluster_config(client_configuration=configuration)
            return
        kubernetes.config.load_kube_config(
            config_file=file,
            context=connection.context,
            client_configuration=configuration,
            persist_config=False,
        )
    # The library lets through what its parsers of YAML, of certificates and of tokens raise.
    except Exception as error:  # pylint: disable=broad-except
        where = file or "~/.kube/config"
        raise ClusterUnreachable(
            f"there is no way to a cluster in {where}: {error}. Check kubeconfig and context, or give host and api_key"
        ) from error


def _override(connection: Connection, configuration: Any) -> None:
    if connection.host:
        configuration.host = connection.host.rstrip("/")
    authorization = _authorization(connection)
    if authorization:
        configuration.api_key = {"authorization": authorization}
        # Else the library would put the kubeconfig's own token back before every request.
        configuration.refresh_api_key_hook = None
    others = {
        "verify_ssl": connection.validate_certs,
        "ssl_ca_cert": connection.ca_cert,
        "cert_file": connection.client_cert,
        "key_file": connection.client_key,
        "proxy": connection.proxy,
        "no_proxy": connection.no_proxy,
    }
    for name, value in others.items():
        if value is not None:
            setattr(configuration, name, value)


def _stay_overridden(connection: Connection, configuration: Any) -> None:
    """Each time the library asks for the token, it puts back all else that the kubeconfig says, and its own hook."""
    hook = configuration.refresh_api_key_hook
    if hook:

        def refresh(refreshed: Any) -> None:
            hook(refreshed)
            _override(connection, refreshed)
            refreshed.refresh_api_key_hook = refresh

        configuration.refresh_api_key_hook = refresh


def _authorization(connection: Connection) -> str:
    """The header that the options ask for; empty when they leave that to the kubeconfig."""
    if connection.api_key:
        return f"Bearer {connection.api_key}"
    if connection.username and connection.password:
        return "Basic " + base64.b64encode(f"{connection.username}:{connection.password}".encode()).decode()
    return ""
