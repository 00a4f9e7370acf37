# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks an Alertmanager."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote

from ansible.module_utils.urls import open_url

from .errors import MonitoringFailure
from .silences import Silence, parse_silences


@dataclass(frozen=True)
class Alertmanager:
    """One Alertmanager, or any of a cluster: silences reach the others by themselves.

    Args:
        url: without a path, or with that of its `--web.external-url`.
        timeout: seconds for each answer.
    """

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    validate_certs: bool = True
    ca_certs: str | None = None
    client_cert_file: str | None = None
    client_key_file: str | None = None
    timeout: float = 10.0

    def silences(self) -> list[Silence]:
        """All that it has, expired ones too; MonitoringFailure when it does not tell, as with all below."""
        return parse_silences(self._ask("GET", "silences"))

    def set_silence(self, body: Mapping[str, Any]) -> str:
        """Begin a silence or make one longer; its identity."""
        return self._ask("POST", "silences", body)["silenceID"]

    def end_silence(self, identity: str) -> None:
        self._ask("DELETE", f"silence/{quote(identity, safe='')}")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        url = f"{self.url.rstrip('/')}/api/v2/{path}"
        try:
            with open_url(
                url,
                method=method,
                data=None if body is None else json.dumps(body),
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                timeout=self.timeout,
                validate_certs=self.validate_certs,
                ca_path=self.ca_certs,
                client_cert=self.client_cert_file,
                client_key=self.client_key_file,
                url_username=self.username,
                url_password=self.password,
                force_basic_auth=True,
                use_proxy=False,
            ) as answer:
                text = answer.read()
        except HTTPError as error:
            reason = error.read(500).decode(errors="replace").strip() or error.reason
            raise MonitoringFailure(f"{self.url} answers {method} {path} with {error.code}: {reason}") from error
        except (OSError, HTTPException, ValueError) as error:
            reason = str(getattr(error, "reason", error)).strip()
            raise MonitoringFailure(f"{self.url} gives no answer: {reason}") from error
        try:
            return json.loads(text) if text.strip() else None
        except ValueError as error:
            raise MonitoringFailure(f"{self.url} answers {method} {path} with something else than JSON") from error
