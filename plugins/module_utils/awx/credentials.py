# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Credentials of AWX, by what they are for. Values are looked at here and never handed on."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A credential that the role knows.

    Attributes:
        title: the end of its name.
        type: what AWX calls its type.
        enough: inputs of which one group must be given.
    """

    title: str
    type: str
    enough: tuple[tuple[str, ...], ...]


KINDS = {
    "machine": Kind("SSH", "Machine", (("ssh_key_data",), ("username", "password"))),
    "vault": Kind("Vault", "Vault", (("vault_password",),)),
    "source_control": Kind("Git", "Source Control", (("ssh_key_data",), ("username", "password"))),
    "registry": Kind("Registry", "Container Registry", (("host",),)),
    "kubernetes": Kind("Kubernetes", "OpenShift or Kubernetes API Bearer Token", (("host", "bearer_token"),)),
}
SECRETS = "secrets"
# What a job may be given; the others serve the project and the execution environment.
OF_JOBS = ("machine", "kubernetes", "vault", SECRETS)


def given(credentials: Mapping[str, Mapping[str, Any]], secrets: Mapping[str, str]) -> list[str]:
    """Keys of the credentials that there are values for."""
    return [key for key in KINDS if credentials.get(key)] + ([SECRETS] if secrets else [])


def credential_name(key: str, name: str, secrets: Mapping[str, str]) -> str:
    return secrets_name(name, secrets) if key == SECRETS else f"{name} {KINDS[key].title}"


def credential_type_name(key: str, name: str, secrets: Mapping[str, str]) -> str:
    return secrets_name(name, secrets) if key == SECRETS else KINDS[key].type


def secrets_name(name: str, secrets: Mapping[str, str]) -> str:
    """AWX never lets the fields of a type change that a credential uses: other fields are another type."""
    code = hashlib.sha256("\n".join(sorted(secrets)).encode()).hexdigest()[:6]
    return f"{name} secrets {code}"


def secrets_type(secrets: Mapping[str, str]) -> dict[str, Any]:
    """Fields of the platform's own type, each of which becomes a variable of its name."""
    return {
        "kind": "cloud",
        "inputs": {"fields": [_field(variable, value) for variable, value in sorted(secrets.items())]},
        "injectors": {"extra_vars": {variable: "{{ %s }}" % variable for variable in sorted(secrets)}},
    }


def _field(variable: str, value: str) -> dict[str, Any]:
    field: dict[str, Any] = {"id": variable, "label": variable, "type": "string", "secret": True}
    return {**field, "multiline": True} if "\n" in value else field


def credential_complaints(
    credentials: Mapping[str, Mapping[str, Any]], secrets: Mapping[str, str], needed: Mapping[str, str]
) -> Iterator[str]:
    """What is missing or cannot be right, without a value in it.

    Args:
        needed: keys of credentials, and what is not possible without them.
    """
    for key in credentials:
        if key not in KINDS:
            yield f"credentials: {key} is none of {', '.join(KINDS)}"
    for key, why in needed.items():
        if not credentials.get(key):
            yield f"credentials: {key} is missing, without which {why}; give it {_enough(key)}"
    for key, kind in KINDS.items():
        inputs = credentials.get(key) or {}
        if inputs and not any(all(inputs.get(part) for part in group) for group in kind.enough):
            yield f"credentials: {key} lacks a value; right would be {_enough(key)}"
        if inputs.get("ssh_key_data") and not _is_key(str(inputs["ssh_key_data"])):
            yield f"credentials: {key}.ssh_key_data is no private key; right would be all that is in its file"
    for variable, value in secrets.items():
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", variable):
            yield f"secrets: {variable} is not the name of a variable"
        if not value or not isinstance(value, str):
            yield f"secrets: {variable} is empty or no text; give its value, or leave it out"


def _enough(key: str) -> str:
    return " or ".join(" and ".join(group) for group in KINDS[key].enough)


def _is_key(text: str) -> bool:
    lines: Sequence[str] = text.strip().splitlines()
    return len(lines) > 2 and all(re.fullmatch(r"-----(BEGIN|END) [A-Z ]*PRIVATE KEY-----", lines[i]) for i in (0, -1))
