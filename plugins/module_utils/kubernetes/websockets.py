# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Opens a websocket to the API, as the client library does for its streams, through the package that it brings.

The library's own function has no limit of time for the connection, and changes the client while it connects, so that
threads cannot share one.
"""
from __future__ import annotations

import ssl
import threading
from typing import Any, Dict, List
from urllib.parse import urlsplit

try:
    import kubernetes.client
    import websocket
except ImportError:
    pass  # told by connection.KUBERNETES_IMPORT_ERROR: the one does not come without the other

# The library writes the whole configuration anew, field by field, whenever it is asked for the token.
_READING = threading.Lock()


def open_websocket(configuration: Any, path: str, protocol: str, timeout: float) -> Any:
    """A connected websocket, each of whose operations ends within `timeout` seconds.

    ApiException when the API answers with a refusal; OSError when there is no connection.
    """
    with _READING:
        headers = _headers(configuration)
        url = "ws" + configuration.host[len("http") :] + path
        encryption, proxy = _encryption(configuration), _proxy(configuration)
    made = websocket.WebSocket(sslopt=encryption)
    try:
        # Whoever a redirection names must not be told the token.
        made.connect(url, timeout=timeout, header=headers, subprotocols=[protocol], redirect_limit=0, **proxy)
    except websocket.WebSocketBadStatusException as error:
        refusal = kubernetes.client.ApiException(status=error.status_code, reason=str(error).split(" -+-+-", 1)[0])
        refusal.body = getattr(error, "resp_body", None)
        raise refusal from error
    except websocket.WebSocketException as error:
        raise OSError(str(error)) from error
    return made


def _headers(configuration: Any) -> List[str]:
    settings = configuration.auth_settings().values()
    return [f"{one['key']}: {one['value']}" for one in settings if one["in"] == "header" and one["value"]]


def _encryption(configuration: Any) -> Dict[str, Any]:
    """What the library's requests have for TLS."""
    checked = configuration.verify_ssl
    options = {
        "cert_reqs": ssl.CERT_REQUIRED if checked else ssl.CERT_NONE,
        "check_hostname": bool(checked and configuration.assert_hostname is not False),
        "ca_certs": configuration.ssl_ca_cert if checked else None,
        "certfile": configuration.cert_file,
        "keyfile": configuration.key_file,
        "server_hostname": getattr(configuration, "tls_server_name", None),
    }
    return {name: value for name, value in options.items() if value is not None}


def _proxy(configuration: Any) -> Dict[str, Any]:
    if not configuration.proxy:
        return {"http_no_proxy": ["*"]}  # else a proxy of the environment, which the library has read already
    proxy = urlsplit(configuration.proxy)
    options: Dict[str, Any] = {"http_proxy_host": proxy.hostname, "http_proxy_port": proxy.port or 80}
    if proxy.username:
        options["http_proxy_auth"] = (proxy.username, proxy.password or "")
    if configuration.no_proxy:
        options["http_no_proxy"] = [one.strip() for one in configuration.no_proxy.split(",")]
    return options
