"""Types of credentials, what their inputs must be, and which of them are never shown."""

from __future__ import annotations

import re
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .errors import ApiError, denied, invalid
from .store import Object, Store

ENCRYPTED = "$encrypted$"


def _type(name: str, kind: str, plain: str, secret: str, truths: str = "", keys: str = "") -> dict[str, Any]:
    fields = [{"id": one, "label": one, "type": "string"} for one in plain.split()]
    fields += [{"id": one, "label": one, "type": "string", "secret": True} for one in secret.split()]
    fields += [{"id": one, "label": one, "type": "boolean"} for one in truths.split()]
    fields += [
        {"id": one, "label": one, "type": "string", "secret": True, "format": "ssh_private_key"} for one in keys.split()
    ]
    return {
        "name": name,
        "description": "",
        "kind": kind,
        "managed": True,
        "inputs": {"fields": fields},
        "injectors": {},
    }


MANAGED: tuple[dict[str, Any], ...] = (
    _type("Machine", "ssh", "username ssh_public_key_data become_method become_username",
          "password ssh_key_unlock become_password", keys="ssh_key_data"),
    _type("Source Control", "scm", "username", "password ssh_key_unlock", keys="ssh_key_data"),
    _type("Vault", "vault", "vault_id", "vault_password"),
    _type("Container Registry", "registry", "host username", "password", "verify_ssl"),
    _type("OpenShift or Kubernetes API Bearer Token", "kubernetes", "host", "bearer_token ssl_ca_cert", "verify_ssl"),
)  # fmt: skip
GALAXY = "Ansible Galaxy/Automation Hub API Token"
MANAGED += (_type(GALAXY, "galaxy", "url auth_url", "token"),)
OF_JOBS = ("ssh", "vault", "cloud", "net", "kubernetes")


def check_type(store: Store, content: Object, old: Object | None) -> None:
    """A type that somebody has made: fields and injectors."""
    if old and old["managed"]:
        raise denied("Modifications not allowed for managed credential types")
    if old and old["inputs"] != content["inputs"] and _users(store, old):
        raise denied("Modifications to inputs are not allowed for credential types that are in use")
    if content["kind"] not in ("cloud", "net"):
        raise invalid("kind", f"Must be 'cloud' or 'net', not {content['kind']}")
    names = []
    for field in content["inputs"].get("fields", []):
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", field.get("id", "")) or "label" not in field:
            raise invalid("inputs", f"{field} is no field")
        if field["id"] in names:
            raise invalid("inputs", f"field IDs must be unique ({field['id']})")
        names.append(field["id"])
        field.setdefault("type", "string")
    _check_injectors(content["injectors"], names)


def check_type_removal(store: Store, item: Object) -> None:
    if item["managed"]:
        raise denied("Deletion not allowed for managed credential types")
    if _users(store, item):
        raise denied("Credential types that are in use cannot be deleted")


def check_credential(store: Store, content: Object, old: Object | None) -> None:
    """Inputs against the fields of the type; a secret that comes back as it was shown stays what it was."""
    if not old and not content["organization"]:
        raise invalid("detail", "Missing 'user', 'team', or 'organization'.")
    fields = _fields(store, content)
    for name, value in content["inputs"].items():
        if name not in fields:
            raise ApiError(400, {"inputs": [f"Additional properties are not allowed ('{name}' was unexpected)"]})
        if value == ENCRYPTED:
            if not old or name not in old["inputs"]:
                raise invalid("inputs", f"{ENCRYPTED} is a reserved keyword, and cannot be used for {name}.")
            content["inputs"][name] = old["inputs"][name]
        if not isinstance(content["inputs"][name], bool if fields[name]["type"] == "boolean" else str):
            raise ApiError(400, {"inputs": {name: [f"{value!r} is not of type '{fields[name]['type']}'"]}})
    key = content["inputs"].get("ssh_key_data", "")
    if key and not re.fullmatch(r"\s*-----BEGIN [A-Z ]+-----\n.*\n-----END [A-Z ]+-----\s*", key, re.DOTALL):
        raise ApiError(400, {"inputs": {"ssh_key_data": ["Invalid certificate or key"]}})


def check_assignment(store: Store, template: Object, credential: Object) -> None:
    """A template has one credential of a type, of those that jobs can use."""
    kind = store.find("credential_types", credential["credential_type"])
    assert kind
    if kind["kind"] not in OF_JOBS:
        raise ApiError(400, {"error": f"Cannot assign a Credential of kind `{kind['kind']}`."})
    held = (store.find("credentials", number) for number in template["associated"]["credentials"])
    for other in held:
        if (
            other
            and other["credential_type"] == kind["id"]
            and other["inputs"].get("vault_id") == credential["inputs"].get("vault_id")
        ):
            raise ApiError(400, {"error": f"Cannot assign multiple {kind['name']} credentials."})


def galaxy(store: Store) -> dict[str, Any]:
    """What AWX brings: a way to the public Galaxy."""
    kind = next(one for one in store.all("credential_types") if one["name"] == GALAXY)
    inputs = {"url": "https://galaxy.example.com/"}
    return {
        "name": "Ansible Galaxy",
        "description": "",
        "organization": None,
        "credential_type": kind["id"],
        "inputs": inputs,
    }


def check_galaxy(store: Store, credential: Object) -> None:
    kind = store.find("credential_types", credential["credential_type"])
    if not kind or kind["kind"] != "galaxy":
        raise ApiError(400, {"msg": f"Credential must be a Galaxy credential, not {kind and kind['name']}."})


def shown_inputs(store: Store, item: Object) -> dict[str, Any]:
    fields = _fields(store, item)
    return {
        name: ENCRYPTED if fields[name].get("secret") and value else value for name, value in item["inputs"].items()
    }


def _fields(store: Store, credential: Object) -> dict[str, dict[str, Any]]:
    kind = store.find("credential_types", credential["credential_type"])
    assert kind
    return {field["id"]: field for field in kind["inputs"].get("fields", [])}


def _users(store: Store, kind: Object) -> bool:
    return any(one["credential_type"] == kind["id"] for one in store.all("credentials"))


def _check_injectors(injectors: dict[str, Any], names: list[str]) -> None:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    for part, content in injectors.items():
        if part not in ("file", "env", "extra_vars"):
            raise invalid("injectors", f"Additional properties are not allowed ('{part}' was unexpected)")
        for name, template in content.items():
            try:
                environment.from_string(template).render(dict.fromkeys(names, "EXAMPLE"))
            except TemplateError as error:
                raise invalid("injectors", f"{name} uses an undefined field ({error})") from error
