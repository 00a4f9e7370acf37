"""What must hold of a dashboard: the rules of grafana/dashboard-linter, and ours.

    reading.py     what rules read: panels, targets, the trees of expressions
    document.py    rules of a dashboard as a whole
    panels.py      rules of each panel
    expressions.py rules of each expression

A rule is a function from a dashboard to sentences, each about one thing that is wrong. An exception has a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import document, expressions, panels
from .reading import Rule

RULES: Mapping[str, Rule] = {**document.RULES, **panels.RULES, **expressions.RULES}


def findings(dashboard: Mapping[str, Any], reasons: Mapping[tuple[int, str], str] | None = None) -> list[str]:
    """What is wrong with a dashboard, as `rule: where: what`.

    Args:
        dashboard: as it is kept.
        reasons: why a rule does not hold of a panel, by the panel's id and the rule's name.
    """
    excepted = {key for key, reason in (reasons or {}).items() if reason}
    found = [(name, finding) for name, rule in RULES.items() for finding in rule(dashboard)]
    unused = excepted - {(finding.panel, name) for name, finding in found}
    return [
        *(f"{name}: {finding.what}" for name, finding in found if (finding.panel, name) not in excepted),
        *(f"{name}: panel {panel} needs no exception" for panel, name in sorted(unused)),
    ]
