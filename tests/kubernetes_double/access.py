"""Who may do what: tokens, accounts that may only read, and what a test forbids on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ApiError
from .kinds import Kind

_READING = ("get", "list", "watch")


@dataclass(frozen=True)
class Account:
    """A user with a token. Who may only read is refused even a rehearsal of a write, as by a real server."""

    name: str
    reads_only: bool = False


@dataclass
class Access:
    """`denied` are pairs of a verb and a resource such as ("create", "pods/eviction"), for everybody; "*" is any."""

    accounts: Mapping[str, Account]
    denied: set[tuple[str, str]] = field(default_factory=set)

    def account(self, authorization: str) -> Account:
        """Whose token it is; 401."""
        scheme, _space, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or token not in self.accounts:
            raise ApiError(401, "Unauthorized", "Unauthorized")
        return self.accounts[token]

    def allows(self, account: Account, verb: str, resource: str) -> bool:
        if {(verb, resource), ("*", resource), (verb, "*")} & self.denied:
            return False
        return not account.reads_only or verb in _READING

    def check(self, account: Account, verb: str, kind: Kind, namespace: str, name: str, part: str) -> None:
        """403 when an account may not."""
        resource = f"{kind.plural}/{part}" if part else kind.plural
        if self.allows(account, verb, resource):
            return
        where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
        what = f'cannot {verb} resource "{resource}" in API group "{kind.group}" {where}'
        title = kind.resource + (f' "{name}"' if name else "")
        details: dict[str, Any] = {"kind": kind.plural, **({"name": name} if name else {})}
        if kind.group:
            details["group"] = kind.group
        raise ApiError(403, "Forbidden", f'{title} is forbidden: User "{account.name}" {what}', details)

    def review(self, account: Account, body: Any) -> dict[str, Any]:
        """The answer to a SelfSubjectAccessReview."""
        asked = body.get("spec", {}).get("resourceAttributes", {}) if isinstance(body, dict) else {}
        resource = "/".join(filter(None, [asked.get("resource", ""), asked.get("subresource", "")]))
        allowed = self.allows(account, asked.get("verb", ""), resource)
        return {**body, "status": {"allowed": allowed}}
