# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one door to the API: guards what may be sent, and makes of every error what a user must know."""
from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Dict, Optional, Set

from .connection import Connection, open_api
from .errors import ApiRefusal, ClusterUnreachable, NotRehearsed
from .websockets import open_websocket

try:
    import kubernetes.client
except ImportError:
    pass  # told by connection.KUBERNETES_IMPORT_ERROR

Object = Dict[str, Any]


class Sender:
    """Sends requests to one cluster.

    Args:
        read_only: nothing but readings and rehearsals (dryRun=All) may be sent.
        warn: is called with everything that the API warns of, once.
    """

    def __init__(self, connection: Connection, read_only: bool, warn: Callable[[str], None]) -> None:
        self.read_only = read_only
        self._warn = warn
        self._warned: Set[str] = set()
        self._timeout = connection.timeout
        self._api = open_api(connection)

    @property
    def host(self) -> str:
        return self._api.configuration.host

    def send(
        self,
        method: str,
        path: str,
        act: str,
        body: Optional[Object] = None,
        query: Optional[Mapping[str, Any]] = None,
        content_type: str = "application/json",
    ) -> Object:
        """The API's answer; ApiRefusal, ClusterUnreachable. `act` begins the message of a refusal."""
        asked = [(name, value) for name, value in (query or {}).items() if value is not None]
        if self.read_only and method != "GET" and not _is_rehearsal(method, asked, body):
            raise NotRehearsed(f"{method} {path} would change something, and nothing may be changed now")
        try:
            answer = self._api.request(
                method,
                path,
                body=body,
                query_params=asked,
                header_params={},
                content_type=content_type,
                serialize=False,
                _request_timeout=(self._timeout, self._timeout),
            )
            content = answer.data
        # The library lets through what its transport raises, which differs from version to version.
        except Exception as error:  # pylint: disable=broad-except
            raise self._failure(error, act) from error
        self._hand_on_warnings(answer.headers)
        try:
            return json.loads(content)
        except ValueError as error:
            raise no_kubernetes(self.host) from error

    def upgrade(self, path: str, act: str, protocol: str, timeout: float) -> Any:
        """A websocket; ApiRefusal and ClusterUnreachable when we may not have it, OSError when there is none now."""
        try:
            return open_websocket(self._api.configuration, path, protocol, timeout)
        except OSError as error:
            raise OSError(f"{act}: {error}") from error
        except kubernetes.client.ApiException as error:
            failure = self._failure(error, act)
            if error.status in (401, 403):
                raise failure from error
            raise OSError(str(failure)) from error

    def _hand_on_warnings(self, headers: Any) -> None:
        """Hand on what the API warns of, such as pods that a stricter level of Pod Security would refuse."""
        for line in headers.getlist("Warning") if hasattr(headers, "getlist") else ():
            text = line.partition('"')[2].rpartition('"')[0].replace('\\"', '"').replace("\\\\", "\\")
            if text and text not in self._warned:
                self._warned.add(text)
                self._warn(text)

    def _failure(self, error: Exception, act: str) -> Exception:
        """What a user must know about an error of the library."""
        status = getattr(error, "status", None)
        if not isinstance(status, int) or not status:
            why = str(getattr(error, "reason", "") or error).splitlines()[-1:] or [type(error).__name__]
            checks = "host, kubeconfig and context, proxy, and for TLS ca_cert and validate_certs"
            return ClusterUnreachable(f"the cluster at {self.host} cannot be reached: {why[0]}. Check {checks}")
        told = _status_of(error)
        if status == 401:
            checks = "api_key, client_cert, or the user of the context"
            return ClusterUnreachable(
                f"the cluster at {self.host} does not know these credentials (401). Check {checks}"
            )
        details = told.get("details") or {}
        message = told.get("message") or f"HTTP {status} {getattr(error, 'reason', '')}".strip()
        why = message.partition("forbidden: ")[2]
        # Quotas and levels of Pod Security forbid as well, and say so, whoever asks.
        if status == 403 and (not why or why.startswith("User ")):
            message += ". Check what the user of api_key, client_cert, or of the context may do"
        return ApiRefusal(
            f"{act}: {message}",
            status,
            told.get("reason", ""),
            details.get("causes") or (),
            details.get("retryAfterSeconds") or 0,
        )


def _is_rehearsal(method: str, asked: Sequence[tuple[str, Any]], body: Optional[Object]) -> bool:
    """Whether a request changes nothing. Of a deletion that has a body the API ignores the query."""
    if method == "DELETE" and body:
        return body.get("dryRun") == ["All"]
    return ("dryRun", "All") in asked


def no_kubernetes(host: str) -> ClusterUnreachable:
    """Somebody else answers there."""
    return ClusterUnreachable(f"what answers at {host} is no Kubernetes. Check host and kubeconfig")


def _status_of(error: Any) -> Object:
    """The Status that the API explains itself with; empty when it does not."""
    body = getattr(error, "body", None)
    try:
        told = json.loads(body) if body else {}
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
