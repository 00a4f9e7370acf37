# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings that nodes have while a cluster is scaled, and how they get their own back.

A master that loses its last slot, and a replica whose master does, follow whoever has the slots then, where
cluster-allow-replica-migration is on. Nobody shall wander while nodes are placed by a plan, so it is off meanwhile. The
nodes themselves remember that it was on: their migration barrier is raised by a number that nobody sets by accident.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..nodes import Address
from ..reports import DEFAULT_SETTINGS, Report
from .members import Members

ALLOWED, BARRIER = "cluster-allow-replica-migration", "cluster-migration-barrier"
RAISED = 1000000


def is_held(report: Report) -> bool:
    return int(report.settings.get(BARRIER, 0)) >= RAISED


def settings_to_hold(members: Members) -> dict[Address, dict[str, str]]:
    """By node that is not held yet, what holds it."""
    reports = [node.report for node in members.nodes.values() if node.report]
    return {
        report.address: {ALLOWED: "no", BARRIER: str(int(report.settings[BARRIER]) + RAISED)}
        for report in reports
        if report.settings.get(ALLOWED) == "yes" and not is_held(report)
    }


def settings_to_give_back(members: Members) -> dict[Address, dict[str, str]]:
    """By node, what a scaling or a forming took from it, now or when it was cut off."""
    found = {}
    for node in members.nodes.values():
        settings = _taken(node.report, members) if node.report else {}
        if settings:
            found[node.address] = settings
    return found


def _taken(report: Report, members: Members) -> dict[str, str]:
    taken = {ALLOWED: "yes", BARRIER: str(int(report.settings[BARRIER]) - RAISED)} if is_held(report) else {}
    return {**taken, **usual_settings(members)} if report.is_forming else taken


def usual_settings(members: Members) -> Mapping[str, str]:
    """What most nodes have of the settings that joining nodes have others of."""
    reports = [node.report for node in members.nodes.values() if node.report and not node.report.is_forming]
    usual = {}
    for name, default in DEFAULT_SETTINGS.items():
        values = Counter(report.settings[name] for report in reports if name in report.settings)
        usual[name] = values.most_common(1)[0][0] if values else default
    return usual
