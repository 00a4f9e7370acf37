# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What became of a set of policies that somebody wanted, and what each change of it opens and closes."""
from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Optional

from ..errors import ManifestError
from .difference import Change, Difference, compare
from .endpoints import Cluster
from .policies import Policy

KINDS = ("edited", "extra", "missing", "opened", "closed")


def describe_drift(wanted: Mapping[str, Policy], found: Mapping[str, Policy], cluster: Cluster) -> dict[str, Any]:
    """All of it, by the policies that were changed as well. Those that open something come first."""
    difference = compare(wanted.values(), found.values(), cluster)
    changes = [
        {
            "name": name,
            "change": kind,
            "opens": [one.plain() for one in difference.opened if name in one.causes],
            "closes": [one.plain() for one in difference.closed if name in one.causes],
        }
        for kind in KINDS[:3]
        for name in getattr(difference, kind)
    ]
    changes.sort(key=lambda one: (not one["opens"], not one["closes"], one["name"]))
    return {"drifted": bool(changes), "policies": changes, **difference.plain(), "summary": summary(difference)}


def summary(difference: Difference) -> list[str]:
    """A line for each policy that is changed, and for each flow."""
    lines = [f"{name} is {kind}" for kind in KINDS[:3] for name in getattr(difference, kind)]
    for kind in KINDS[3:]:
        lines += [f"{kind}: {_words(change)}" for change in getattr(difference, kind)]
    return lines


def _words(change: Change) -> str:
    ends = " to ".join(", ".join(names) for names in (change.sources, change.destinations))
    family = f" by IPv{change.family}" if change.family else ""
    return f"{ends}, {change.span.protocol} {change.span}{family} ({change.reason})"


def complaints(described: Mapping[str, Any], fail_on: Collection[str]) -> list[str]:
    """The lines of the summary that are about what shall not be."""
    return [
        line
        for line in described["summary"]
        if any(line.startswith(f"{kind}: ") or line.endswith(f" is {kind}") for kind in fail_on)
    ]


def refuse_elsewhere(wanted: Mapping[str, Policy], namespaces: Optional[Collection[str]]) -> None:
    """ManifestError for a policy that cannot be found as nobody looks where it is."""
    for name, policy in wanted.items():
        if namespaces and policy.namespace not in namespaces:
            complaint = f"NetworkPolicy {name} is wanted, and {policy.namespace} is not among them"
            raise ManifestError("namespaces", complaint)
