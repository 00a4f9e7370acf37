# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings that nodes have while a cluster is scaled, and how they get their own back.

A master that loses its last slot, and a replica whose master does, follow whoever has the slots then, where
cluster-allow-replica-migration is on. Nobody shall wander while nodes are placed by a plan, so it is off meanwhile. And
a master shall not wait for more replicas before it sends its data to one that was placed there.
The nodes themselves remember what they had: in their migration barrier, raised beyond what anybody sets.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..nodes import Address
from ..reports import DEFAULT_SETTINGS, HELD_BARRIER, Report
from .members import Members

ALLOWED, BARRIER, DELAY = "cluster-allow-replica-migration", "cluster-migration-barrier", "repl-diskless-sync-delay"


def held(settings: Mapping[str, str]) -> dict[str, str]:
    """What a node gets; nothing for one that does not tell its settings, or knows them not."""
    if not {ALLOWED, BARRIER, DELAY} <= settings.keys():
        return {}
    note = 1 + 2 * int(settings[DELAY]) + (settings[ALLOWED] == "yes")
    return {ALLOWED: "no", BARRIER: str(int(settings[BARRIER]) + note * HELD_BARRIER), DELAY: "0"}


def given_back(settings: Mapping[str, str]) -> dict[str, str]:
    """What a node that is held had before."""
    note, barrier = divmod(int(settings[BARRIER]), HELD_BARRIER)
    delay, allowed = divmod(note - 1, 2)
    return {ALLOWED: "yes" if allowed else "no", BARRIER: str(barrier), DELAY: str(delay)}


def settings_to_hold(members: Members) -> dict[Address, dict[str, str]]:
    """By node that is not held yet, what holds it. Nodes that are being joined have other ones of these settings."""
    reports = [node.report for node in members.nodes.values() if node.report]
    return {r.address: held(r.settings) for r in reports if not r.is_held and not r.is_forming and held(r.settings)}


def settings_to_give_back(members: Members) -> dict[Address, dict[str, str]]:
    """By node, what a scaling or a forming took from it, now or when it was cut off."""
    found = {}
    for node in members.nodes.values():
        settings = _taken(node.report, members) if node.report else {}
        if settings:
            found[node.address] = settings
    return found


def _taken(report: Report, members: Members) -> dict[str, str]:
    usual = usual_settings(members) if report.is_forming else {}
    return {**usual, **(given_back(report.settings) if report.is_held else {})}


def usual_settings(members: Members) -> Mapping[str, str]:
    """What most nodes have of the settings that joining nodes have others of."""
    reports = [node.report for node in members.nodes.values() if node.report and not node.report.is_forming]
    known = [{**report.settings, **(given_back(report.settings) if report.is_held else {})} for report in reports]
    usual = {}
    for name, default in DEFAULT_SETTINGS.items():
        values = Counter(settings[name] for settings in known if name in settings)
        usual[name] = values.most_common(1)[0][0] if values else default
    return usual
