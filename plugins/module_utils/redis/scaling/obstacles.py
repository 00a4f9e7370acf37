# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a cluster is not scaled: asked before anything changes."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..eligibility import find_refusals
from ..errors import Refused
from ..nodes import Address
from ..problems import Expectation, Problem, find_problems
from ..reports import Report, Survey
from ..slots import format_slots, parse_slots
from .balance import Move
from .members import Members
from .open_slots import living_masters
from .shape import Shape, following_in_the_end, misfits

# What scaling neither repairs nor works beside. Most of these also turn up for a moment after each change.
BLOCKING = {
    "node_handshake", "node_failing", "node_suspected", "bus_link_down", "slots_unserved", "slots_disputed",
    "views_differ", "state_down", "replica_lost", "replica_chained", "replica_link_down",
}  # fmt: skip

# Of a node that leaves, these are no obstacle.
OF_LEAVING = {"node_failing", "node_suspected", "state_down", "replica_lost", "replica_chained", "replica_link_down"}


class Unsettled(Refused):
    """A refusal that may be over in some seconds."""


def check_members(members: Members) -> None:
    """Raises Refused with all reasons, Unsettled when only time is needed perhaps."""
    for reasons in (_of_nodes(members), [*_of_membership(members), *_of_size(members)]):
        if reasons:
            raise Refused(reasons)
    damage = list(_of_health(members))
    if damage:
        raise Unsettled(damage)


def _reason(node: str, reason: str) -> dict[str, str]:
    return {"node": node, "reason": reason}


def _of_nodes(members: Members) -> list[dict[str, str]]:
    """Leaving members count as ours here: that they are not listed makes the cluster no foreign one."""
    reports = (replace(r, listed=r.listed or r.id in members.leaving) for r in members.survey.reports)
    return find_refusals(Survey(tuple(reports)))


def _of_membership(members: Members) -> Iterator[dict[str, str]]:
    topology = members.topology
    if not topology.covered:
        yield _reason("", "there is no cluster yet: form one of these nodes with the module redis_cluster first")
        return
    if topology.uncovered:
        slots = format_slots(topology.uncovered)
        yield _reason("", f"slots {slots} have no owner; the module redis_cluster gives them back with repair=true")
    ghosts = {node.id for node in topology.ghosts}
    for node in sorted(topology.nodes.values(), key=lambda node: node.address):
        if not {node.id} & (members.wanted.keys() | members.leaving.keys() | ghosts):
            yield _reason(node.name, "is a node of the cluster, but is named neither in nodes nor in leaving")


def _of_size(members: Members) -> Iterator[dict[str, str]]:
    replicas, count = members.wish.replicas, len(members.wanted)
    needed = 3 * (replicas + 1)
    if count < needed:
        left = f"{count} {'is' if count == 1 else 'are'} listed"
        yield _reason("", f"{needed} nodes are needed for 3 masters with replicas={replicas} each, {left}")


def _of_health(members: Members) -> Iterator[dict[str, str]]:
    for problem in find_problems(members.survey, Expectation(replicas=0)):
        if problem.code in BLOCKING and not _is_tolerable(problem, members):
            yield _reason("", f"{problem.message} ({problem.code})")


def _is_tolerable(problem: Problem, members: Members) -> bool:
    leaving = {node.name for node in members.leaving.values()}
    if problem.code == "state_down":
        idle = {node.name for node in members.topology.idle_masters}
        return set(problem.nodes) <= leaving | idle | set(_lost_sight(members))
    if problem.code == "views_differ":
        return _differs_in_open_slots_only(problem, members)
    return problem.code in OF_LEAVING and problem.nodes[0] in leaving


def _lost_sight(members: Members) -> Iterator[str]:
    """Nodes that count themselves down because a slot that they import has no owner in their view.

    A node does not hear who owns a slot that it imports. When the old owner has become a replica, nobody is left.
    """
    for node in living_masters(members.topology):
        view = node.report.view
        known = frozenset().union(*(seen.slots for seen in view.nodes.values()))
        if {slot for slot, source in view.myself.importing} - known:
            yield node.name


def _differs_in_open_slots_only(problem: Problem, members: Members) -> bool:
    """As above, or the old owner still counts as the owner."""
    node = next(node for node in members.topology.nodes.values() if node.name == problem.nodes[0])
    view, reference = node.report.view, members.topology.reference
    common = view.settled.keys() & reference.settled.keys()
    same_roles = all(view.nodes[id].master_id == reference.nodes[id].master_id for id in common)
    return same_roles and parse_slots(problem.slots) <= {slot for slot, source in view.myself.importing}


def check_shape(members: Members, shape: Shape) -> None:
    """Raises Refused for a shape that anti-affinity forbids."""
    if members.wish.anti_affinity != "required":
        return
    gaps, beside, in_zone = misfits(members, following_in_the_end(members, shape), shape.masters)
    if beside or in_zone:
        count, domain = (beside, "host") if beside else (in_zone, "zone")
        reason = f"anti_affinity=required, but {count} replicas would share the {domain} of their master"
        raise Refused([_reason("", reason)])


def check_memory(members: Members, moves: Sequence[Move], weights: Mapping[int, float] | None) -> None:
    """Raises Refused for masters that would be full, and would refuse what they are sent."""
    incoming: dict[str, float] = {}
    for move in moves:
        source = members.nodes[move.source]
        bytes_each = dataset(source.report) / max(1, len(source.slots))
        moved = sum(weights[slot] for slot in move.slots) if weights else len(move.slots) * bytes_each
        incoming[move.target] = incoming.get(move.target, 0) + moved
    reasons = []
    for id, size in incoming.items():
        report = members.nodes[id].report
        limit = int(report.info.get("maxmemory", 0))
        if limit and report.info.get("maxmemory_policy") == "noeviction" and report.memory + size > limit:
            reasons.append(_reason(members.name(id), _lack(report, size, limit)))
    if reasons:
        raise Refused(reasons)


def dataset(report: Report) -> int:
    """Bytes that a node's keys take."""
    return int(report.info.get("used_memory_dataset", 0))


def _lack(report: Report, size: float, limit: int) -> str:
    return (
        f"would get about {_megabytes(size)} MB of data beside the {_megabytes(report.memory)} MB it uses, "
        f"but maxmemory is {_megabytes(limit)} MB and maxmemory-policy is noeviction"
    )


def _megabytes(size: float) -> str:
    return f"{size / 2**20:.1f}"


def check_contradiction(nodes: Sequence[Address], leaving: frozenset[str]) -> None:
    """Raises Refused for nodes that shall both be members and leave."""
    both = [str(node) for node in nodes if {str(node), node.host} & leaving]
    if both:
        raise Refused([_reason(name, "is named in nodes and in leaving") for name in both])
