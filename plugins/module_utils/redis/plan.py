# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a survey and a wish to the acts that make the wish true: one planner for every starting point.

Empty servers, a cluster whose forming was cut off anywhere, and a running cluster that gets new nodes
are the same question: which nodes own slots, which own none yet, who knows whom, who follows whom.
What is right already appears in no plan, so the plan of a right cluster is empty.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from .errors import Refused
from .eligibility import find_refusals
from .nodes import Address
from .placement import Place, choose_masters, match_replicas, neighbours
from .reports import DEFAULT_SETTINGS, FORMING_NODE_TIMEOUT, Report, Survey
from .slots import SLOTS, format_slots, share_evenly
from .topology import Topology, read_topology

# Up to this many nodes each is introduced to every other, which is quickest; beyond it the number
# of pairs costs more than the gossip that spreads the news from one node to all.
MESH_LIMIT = 40

FORMING_SETTINGS = {"cluster-node-timeout": str(FORMING_NODE_TIMEOUT), "repl-diskless-sync-delay": "0"}


@dataclass(frozen=True)
class Wish:
    """What the cluster shall be.

    Args:
        replicas: for each master.
        anti_affinity: "none", "preferred" or "required".
        repair: give slots without an owner back.
        node_timeout: ms, for nodes that a forming which was cut off left with its short one;
            None for Redis' default.
    """

    replicas: int = 1
    anti_affinity: str = "preferred"
    repair: bool = False
    node_timeout: int | None = None


@dataclass(frozen=True)
class Claim:
    """Slots that a node takes, after it let go of those of them that it takes for another's."""

    slots: frozenset[int]
    released: frozenset[int] = frozenset()
    epoch: int = 0  # the configuration epoch of a new master; 0 leaves it


@dataclass(frozen=True)
class Plan:
    """The acts, in their order. Nodes are addresses, masters to follow are node ids.

    cleared: new nodes that let go of slots they have for themselves. forgotten: ids of nodes that are
    gone for good. hurried: nodes that get the forming settings first, and back what `restored` says last.
    """

    hurried: tuple[Address, ...] = ()
    cleared: tuple[Address, ...] = ()
    claims: Mapping[Address, Claim] = field(default_factory=dict)
    joining: tuple[Address, ...] = ()
    meetings: tuple[tuple[Address, Address], ...] = ()
    following: Mapping[Address, str] = field(default_factory=dict)
    forgotten: Mapping[Address, tuple[str, ...]] = field(default_factory=dict)
    restored: Mapping[Address, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.cleared or self.claims or self.meetings or self.following or self.forgotten or self.restored)

    def steps(self) -> list[dict[str, Any]]:
        """The acts as data: {action, node, ...}, the settings of a forming left out."""
        steps = [{"action": "clear", "node": str(node)} for node in self.cleared]
        steps += [
            {"action": "own", "node": str(node), "slots": format_slots(claim.slots)}
            for node, claim in self.claims.items()
        ]
        steps += [{"action": "join", "node": str(node)} for node in self.joining]
        steps += [
            {"action": "meet", "node": str(one), "other": str(other)}
            for one, other in self.meetings
            if one not in self.joining and other not in self.joining
        ]
        steps += [
            {"action": "follow", "node": str(node), "master": self.names[id]}
            for node, id in self.following.items()
        ]
        ghosts = sorted({id for ids in self.forgotten.values() for id in ids})
        steps += [{"action": "forget", "node": id} for id in ghosts]
        unhurried = [node for node in self.restored if node not in self.hurried]
        return steps + [{"action": "restore", "node": str(node)} for node in unhurried]

    def layout_after(self, before: str) -> str:
        """The plan as the right-hand side of a diff whose left-hand side is `before`."""
        return before + "".join(f"+ {line}\n" for line in self.lines())

    def lines(self) -> list[str]:
        """The acts in words."""
        words = {
            "clear": "{node} lets go of its slots",
            "own": "{node} owns slots {slots}",
            "join": "{node} joins the cluster",
            "meet": "{node} gets to know {other} again",
            "follow": "{node} replicates {master}",
            "forget": "the node {node}, which is gone for good, is forgotten",
            "restore": "{node} gets its node timeout back",
        }
        return [words[step["action"]].format(**step) for step in self.steps()]


def make_plan(survey: Survey, wish: Wish) -> Plan:
    """The acts that lead from the surveyed state to the wish. Raises Refused with all reasons."""
    refusals = find_refusals(survey)
    if refusals:
        raise Refused(refusals)
    listed = [report for report in survey.answering if report.listed]
    state = read_topology(survey)
    cleared = _leftovers(listed, state, wish)
    reports = [_without_slots(report) if report in cleared else report for report in survey.answering]
    if cleared:
        state = read_topology(Survey((*reports, *state.silent)))
    unowned = _unowned(reports, state)
    unused = bool(state.uncovered) and not any(report.keys for report in reports)
    forming = unused and _is_incomplete(reports, unowned, wish)
    if forming and len(listed) < 3 * (wish.replicas + 1):
        raise Refused([_too_few(listed, wish)])
    claims = _first_claims(reports, unowned, wish) if forming else _repairs(survey, state, unowned, wish)
    owners = {report.id: report for report in reports if report.view.myself.slots or report.address in claims}
    following = _following(survey, owners, wish)
    _check_affinity(survey, owners, following, wish)
    return Plan(
        hurried=tuple(report.address for report in listed) if unused else (),
        cleared=tuple(report.address for report in cleared),
        claims=claims,
        joining=_joining(listed, state),
        meetings=missing_meetings(listed),
        following={report.address: id for report, id in following},
        forgotten=known_ghosts(state),
        restored={r.address: _settings_to_restore(r, wish) for r in listed if unused or r.is_forming},
        names={report.id: str(report.address) for report in survey.answering},
    )


def _too_few(listed: Sequence[Report], wish: Wish) -> dict[str, str]:
    needed = 3 * (wish.replicas + 1)
    reason = (
        f"{needed} nodes are needed for 3 masters with replicas={wish.replicas} each, "
        f"{len(listed)} {'is' if len(listed) == 1 else 'are'} listed"
    )
    return {"node": "", "reason": reason}


# --- slots ---------------------------------------------------------------------------------------


def _leftovers(listed: Sequence[Report], state: Topology, wish: Wish) -> list[Report]:
    """Nodes that know nobody and hold no key, but own slots that do not fit what is there.

    Beside a complete cluster none fit. Among nodes that all are alone they fit as the beginning of a
    forming: no slot twice, and no more owners than masters are wanted, all slots only with all masters.
    """
    alone = [r for r in listed if len(r.view.nodes) == 1 and not r.keys and r.view.myself.slots]
    if len(alone) < len([r for r in listed if r.view.myself.slots]) or len(listed) == 1:
        return [] if state.uncovered else [report for report in alone if report in state.strangers]
    counts = [len(report.view.myself.slots) for report in alone]
    distinct = len(frozenset().union(*(report.view.myself.slots for report in alone)))
    missing = _wanted_masters(listed, wish) - len(alone)
    fits = sum(counts) == distinct and (missing > 0 if distinct < SLOTS else missing == 0)
    return [] if fits or not alone else alone


def _without_slots(report: Report) -> Report:
    view = report.view
    bare = view.myself._replace(slots_text="")
    return replace(report, view=view._replace(nodes={**view.nodes, view.my_id: bare}))


def _unowned(reports: Sequence[Report], state: Topology) -> frozenset[int]:
    """Slots that neither a node that answers nor a silent member owns."""
    owned = (report.view.myself.slots for report in reports)
    silent = (node.slots for node in state.nodes.values() if not node.report)
    return frozenset(range(SLOTS)).difference(*owned, *silent)


def _is_incomplete(reports: Sequence[Report], unowned: frozenset[int], wish: Wish) -> bool:
    """Whether fewer nodes own slots than masters are wanted, and others could.

    Slots that any node still takes for somebody's were lost: such a cluster is damaged, not half-formed.
    """
    views = [report.view for report in reports]
    owners = {id for view in views for id, seen in view.nodes.items() if seen.slots_text}
    lost = any(unowned & seen.slots for view in views for seen in view.nodes.values())
    listed = [report for report in reports if report.listed]
    room = len(owners) < max(3, _wanted_masters(listed, wish))
    return room and not lost and bool(unowned and _eligible(listed))


def _wanted_masters(listed: Sequence[Report], wish: Wish) -> int:
    return len(listed) // (wish.replicas + 1)


def _eligible(listed: Sequence[Report]) -> list[Report]:
    """Nodes that may become masters: they own nothing and follow nobody."""
    return [r for r in listed if not r.view.myself.slots and not r.view.myself.is_replica]


def _first_claims(reports: Sequence[Report], unowned: frozenset[int], wish: Wish) -> dict[Address, Claim]:
    """The slots that nobody owns yet, shared out among the masters that are still missing."""
    listed = [report for report in reports if report.listed]
    owners = [_place(report, wish) for report in reports if report.view.myself.slots]
    eligible = _eligible(listed)
    count = min(_wanted_masters(listed, wish) - len(owners), len(eligible))
    chosen = choose_masters([_place(report, wish) for report in eligible], count, wish.replicas, owners)
    names = {place.name for place in chosen}
    masters = [report for report in eligible if report.id in names]
    epochs = _unused_epochs(reports, len(masters))
    return {
        report.address: Claim(frozenset(slots), epoch=epoch if _is_new(report) else 0)
        for report, slots, epoch in zip(masters, share_evenly(unowned, len(masters)), epochs)
    }


def _is_new(report: Report) -> bool:
    """Only a node that knows nobody and never had an epoch may be given one."""
    return len(report.view.nodes) == 1 and report.view.myself.epoch == 0


def _unused_epochs(reports: Sequence[Report], count: int) -> list[int]:
    latest = max(seen.epoch for report in reports for seen in report.view.nodes.values())
    return list(range(latest + 1, latest + 1 + count))


def _repairs(
    survey: Survey, state: Topology, uncovered: frozenset[int], wish: Wish
) -> dict[Address, Claim]:
    """Slots without an owner go to the node that has their keys, else to the one that the others
    take for their owner, else to the master with fewest slots."""
    if not uncovered:
        return {}
    if not wish.repair:
        reason = f"slots {format_slots(uncovered)} have no owner; with repair=true they are given back"
        raise Refused([{"node": "", "reason": reason}])
    masters = [node for node in state.nodes.values() if node.report and node.slots]
    living = {node.id: node for node in state.nodes.values() if node.report and not node.is_replica}
    shares: dict[str, set[int]] = {}
    for slot in uncovered:
        holders = [id for id, node in living.items() if node.report.keys_in_slots.get(slot)]
        if len(holders) > 1:
            reason = f"keys of slot {slot} are on {', '.join(living[id].name for id in holders)}: which ones count?"
            raise Refused([{"node": "", "reason": reason}])
        believed = next((id for id in living if _is_believed_owner(survey, id, slot)), None)
        smallest = min(masters or living.values(), key=lambda n: len(n.slots) + len(shares.get(n.id, ())))
        shares.setdefault(holders[0] if holders else believed or smallest.id, set()).add(slot)
    return {
        living[id].address: Claim(frozenset(slots), released=_taken_for_others(living[id].report, slots))
        for id, slots in shares.items()
    }


def _is_believed_owner(survey: Survey, id: str, slot: int) -> bool:
    return any(id in report.view.nodes and slot in report.view.nodes[id].slots for report in survey.answering)


def _taken_for_others(report: Report, slots: set[int]) -> frozenset[int]:
    others = (seen.slots for id, seen in report.view.nodes.items() if id != report.id)
    return frozenset(slots) & frozenset().union(*others)


# --- replicas ------------------------------------------------------------------------------------


def _following(survey: Survey, owners: Mapping[str, Report], wish: Wish) -> list[tuple[Report, str]]:
    """Which node follows which master from now on, for the nodes that follow none of them yet."""
    reports = {report.id: report for report in survey.answering}
    present: dict[str, list[Place]] = {}
    free: list[Report] = []
    for report in survey.answering:
        own = report.view.myself
        if report.id in owners:
            continue
        if own.is_replica and (own.master_id in owners or own.master_id not in reports and own.master_id):
            present.setdefault(own.master_id, []).append(_place(report, wish))
        elif report.listed:
            free.append(report)
    masters = [_place(report, wish) for report in owners.values()]
    if not masters:
        return []
    chosen = match_replicas(masters, [_place(report, wish) for report in free], present)
    moved = _moves(masters, chosen, present, wish.replicas)
    return [(reports[replica], master) for replica, master in {**chosen, **moved}.items()]


def _moves(
    masters: Sequence[Place], chosen: Mapping[str, str], present: Mapping[str, Sequence[Place]], replicas: int
) -> dict[str, str]:
    """Replicas that masters have too many of, for masters that have too few: one move a gap."""
    counts = Counter(chosen.values())
    counts.update({master.name: len(present.get(master.name, ())) for master in masters})
    spare = [place for m in masters for place in present.get(m.name, ())[: max(0, counts[m.name] - replicas)]]
    seats = [m for m in masters for gap in range(replicas - counts[m.name])]
    moved: dict[str, str] = {}
    # One seat a turn, so that a master with two gaps does not starve another with one.
    for master in sorted(seats, key=lambda master: counts[master.name]):
        left = [place for place in spare if place.name not in moved]
        if left:
            nearest = min(left, key=lambda place: (place.host == master.host, place.zone == master.zone))
            moved[nearest.name] = master.name
    return moved


def _check_affinity(
    survey: Survey, owners: Mapping[str, Report], following: Sequence[tuple[Report, str]], wish: Wish
) -> None:
    """Refuse a layout in which a host, or a zone where all have one, holds a master and its replica."""
    if wish.anti_affinity != "required":
        return
    places = {report.id: _place(report) for report in survey.answering}
    after = {r.id: r.view.myself.master_id for r in survey.answering if r.view.myself.master_id in owners}
    after.update({report.id: master for report, master in following})
    pairs = neighbours(after, places, lambda place: place.host)
    if all(place.zone for place in places.values()):
        pairs += neighbours(after, places, lambda place: place.zone)
    names = {report.id: str(report.address) for report in survey.answering}
    if pairs:
        raise Refused(
            [
                {"node": names[replica], "reason": f"anti_affinity=required, but it would share the host or zone of "
                 f"its master {names[master]}"}
                for replica, master in dict(pairs).items()
            ]
        )  # fmt: skip


def _place(report: Report, wish: Wish = Wish()) -> Place:
    """Where a node stands; without anti-affinity every node stands alone."""
    if wish.anti_affinity == "none":
        return Place(report.id, report.id)
    return Place(report.id, report.address.host, report.zone)


# --- who knows whom, and the settings of a forming -----------------------------------------------


def missing_meetings(listed: Sequence[Report]) -> tuple[tuple[Address, Address], ...]:
    """Pairs of which one does not find the other: all of them, or one node with each of the rest."""
    missing = [
        (one, other) for one, other in combinations(listed, 2) if _has_lost(one, other) or _has_lost(other, one)
    ]
    if len(listed) > MESH_LIMIT and missing:
        host = max(listed, key=lambda report: len(report.view.settled))
        star = [(host, other) for other in listed if other is not host and _has_lost(host, other)]
        missing = star or missing
    return tuple((one.address, other.address) for one, other in missing)


def _has_lost(one: Report, other: Report) -> bool:
    """Whether a node does not know another, or looks for it in vain where it is no more: it has a new address."""
    seen = one.view.settled.get(other.id)
    if seen is None or seen.linked:
        return seen is None
    return other.announced_host not in ("", seen.address.host)


def _joining(listed: Sequence[Report], state: Topology) -> tuple[Address, ...]:
    """Nodes outside the cluster there is, all of them where there is none, and those that nobody knows."""
    known = {id for report in listed for id in report.view.settled if id != report.id}
    outside = [r for r in listed if r.id not in known or r.id not in state.nodes or len(state.nodes) == 1]
    return tuple(report.address for report in outside) if len(listed) > 1 else ()


def known_ghosts(state: Topology) -> dict[Address, tuple[str, ...]]:
    """By member, the ghosts that it still knows."""
    ghosts = [ghost.id for ghost in state.ghosts]
    reports = [node.report for node in state.nodes.values() if node.report]
    known = {r.address: tuple(id for id in ghosts if id in r.view.settled) for r in reports}
    return {address: ids for address, ids in known.items() if ids}


def _settings_to_restore(report: Report, wish: Wish) -> dict[str, str]:
    if not report.is_forming:
        return {name: report.settings[name] for name in FORMING_SETTINGS if name in report.settings}
    declared = {"cluster-node-timeout": str(wish.node_timeout)} if wish.node_timeout else {}
    return {**DEFAULT_SETTINGS, **declared}
