# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one node answered about itself, and all answers together: the survey of a cluster."""
from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from .nodes import Address
from .views import View

# The node timeout (ms) that nodes have while a cluster is being formed, and never otherwise: it
# shortens the wait before a new master takes writes, and marks a forming that was cut off.
FORMING_NODE_TIMEOUT = 1009

# While a cluster is scaled, nodes have a migration barrier above this. It tells what they had (scaling/holding.py).
HELD_BARRIER = 1000000

# Redis' own defaults, for a node that a forming which was cut off left with the marks above.
DEFAULT_SETTINGS = {"cluster-node-timeout": "15000", "repl-diskless-sync-delay": "5"}


@dataclass(frozen=True)
class Trouble:
    """Why a node gave no report: a problem code and the reason in words; `gone` if it never will from there."""

    code: str
    reason: str
    gone: bool = False


@dataclass(frozen=True)
class Report:
    """One node's answers. Without a view (`view` is None) `trouble` says why.

    `info` holds the fields of INFO as text, `settings` those of CONFIG GET that were asked for,
    `keys_in_slots` the number of keys in slots that nobody owns (asked for only when there are any),
    `unreachable_announcement` what is wrong with the address that the node tells the others.
    """

    address: Address
    zone: str = ""
    listed: bool = True
    trouble: Trouble | None = None
    view: View | None = None
    state_ok: bool = False
    info: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    keys_in_slots: Mapping[int, int] = field(default_factory=dict)
    unreachable_announcement: str = ""

    @property
    def id(self) -> str:
        return self.view.my_id if self.view else ""

    @property
    def announced_host(self) -> str:
        """The IP address at which the others find it; empty where it is asked by a name."""
        host = self.settings.get("cluster-announce-ip") or self.address.host
        try:
            return str(ipaddress.ip_address(host))
        except ValueError:
            return ""

    @property
    def keys(self) -> int:
        """How many keys the node holds, over all its databases."""
        return sum(
            int(_pairs(value).get("keys", 0))
            for name, value in self.info.items()
            if name.startswith("db") and name[2:].isdecimal()
        )

    @property
    def memory(self) -> int:
        """Bytes that the node's data and its bookkeeping take."""
        return int(self.info.get("used_memory", 0))

    @property
    def version(self) -> str:
        """ "redis 7.0.15" or "valkey 8.1.1"; Valkey's redis_version is only its compatibility."""
        if "valkey_version" in self.info:
            return f"valkey {self.info['valkey_version']}"
        return f"redis {self.info.get('redis_version', 'unknown')}"

    @property
    def link_up(self) -> bool:
        return self.info.get("master_link_status") == "up"

    @property
    def offset(self) -> int:
        """Replication offset in bytes: what a master wrote, what a replica has read of it."""
        name = "slave_repl_offset" if self.info.get("role") == "slave" else "master_repl_offset"
        return int(self.info.get(name, 0))

    @property
    def is_forming(self) -> bool:
        return self.settings.get("cluster-node-timeout") == str(FORMING_NODE_TIMEOUT)

    @property
    def is_held(self) -> bool:
        """Whether a scaling has taken settings from the node, and has not given them back."""
        return int(self.settings.get("cluster-migration-barrier", 0)) >= HELD_BARRIER

    def replica_lags(self) -> dict[Address, int]:
        """Of a master: seconds since each of its replicas last acknowledged what it read."""
        rows = (
            _pairs(value)
            for name, value in self.info.items()
            if name.startswith("slave") and name[5:].isdecimal()
        )
        return {Address(row["ip"], int(row["port"])): int(row["lag"]) for row in rows if "lag" in row}


def parse_info(text: str) -> dict[str, str]:
    """The fields of an INFO answer."""
    lines = (line.partition(":") for line in text.splitlines() if line and line[0] != "#")
    return {name: value for name, colon, value in lines if colon}


def _pairs(text: str) -> dict[str, str]:
    """ "keys=1,expires=0" as a mapping."""
    return dict(part.split("=", 1) for part in text.split(",") if "=" in part)


@dataclass(frozen=True)
class Survey:
    """The answers of every listed node and of every node that these know."""

    reports: tuple[Report, ...]

    @property
    def answering(self) -> list[Report]:
        return [report for report in self.reports if report.view]

    @property
    def by_id(self) -> dict[str, Report]:
        return {report.id: report for report in self.answering}
