# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks every listed node, and every node that these know, for its view of the cluster."""
from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from dataclasses import replace

from .connection import Answer, Gone, RedisError, Session
from .nodes import Address, ListedNode
from .reports import Report, Survey, Trouble, parse_info
from .topology import read_topology
from .views import parse_view

QUESTIONS = (
    ("CLUSTER", "NODES"),
    ("CLUSTER", "INFO"),
    ("INFO", "server"),
    ("INFO", "replication"),
    ("INFO", "keyspace"),
    ("INFO", "persistence"),
    ("INFO", "memory"),
    ("INFO", "stats"),
    ("CONFIG", "GET", "cluster-*"),
    ("CONFIG", "GET", "repl-diskless-sync-delay"),
    ("CONFIG", "GET", "tls-cluster"),
)

# The beginning of an error, the code of the problem, and what it means.
REFUSALS = (
    ("WRONGPASS", "node_login_refused", "refuses the user name or password"),
    ("invalid username-password pair", "node_login_refused", "refuses the user name or password"),
    ("invalid password", "node_login_refused", "refuses the password"),
    ("NOAUTH", "node_login_refused", "wants a password and none was given"),
    ("HELLO must be called with the client already", "node_login_refused", "wants a password and none was given"),
    ("Authentication required", "node_login_refused", "wants a password and none was given"),
    ("AUTH <password> called without any password", "node_login_refused", "has no password, but one was given"),
    ("NOPERM", "node_login_refused", "does not let this user read the state of its cluster"),
    ("ERR This instance has cluster support disabled", "node_not_clustered", "does not run in cluster mode"),
    ("This instance has cluster support disabled", "node_not_clustered", "does not run in cluster mode"),
    ("LOADING", "node_loading", "is loading its data and answers nothing yet"),
    ("Redis is loading", "node_loading", "is loading its data and answers nothing yet"),
    ("Valkey is loading", "node_loading", "is loading its data and answers nothing yet"),
    ("DENIED", "node_protected", "is in protected mode and refuses other hosts"),
)


def survey_cluster(session: Session, nodes: Sequence[ListedNode]) -> Survey:
    """Ask all `nodes`, then those that they know, until no new one turns up."""
    reports = _ask(session, nodes, listed=True)
    known = {report.id for report in reports if report.view}
    asked = {node.address for node in nodes}
    while True:
        found = {
            ListedNode(_dial(seen.address, report))
            for report in reports
            if report.view
            for id, seen in report.view.settled.items()
            if id not in known and "noaddr" not in seen.flags
        }
        new = sorted(node for node in found if node.address not in asked)
        if not new:
            break
        asked |= {node.address for node in new}
        fresh = [r for r in _ask(session, new, listed=False) if r.id not in known or not r.view]
        known |= {report.id for report in fresh if report.view}
        reports += fresh
    return _count_keys(session, Survey(tuple(reports)))


def check_announcements(session: Session, survey: Survey) -> Survey:
    """Try the address that each listed node tells the others, and note where it is not that node."""
    doubtful = {}
    for report in survey.answering:
        address = _announced(report) if report.listed else None
        if address:
            doubtful[report.address] = address
    answers = session.ask_all(sorted(set(doubtful.values())), ("CLUSTER", "MYID"))

    def check(report: Report) -> Report:
        address = doubtful.get(report.address)
        if not address or answers[address] == [report.id]:
            return report
        note = f"announces {address} to the others, where {_who_answers(answers[address])}"
        return replace(report, unreachable_announcement=note)

    return Survey(tuple(check(report) for report in survey.reports))


def _announced(report: Report) -> Address | None:
    """The address a node was configured to announce, if that is not where it was asked."""
    tls = "tls-" if report.settings.get("tls-cluster") == "yes" else ""
    host = report.settings.get("cluster-announce-ip") or report.address.host
    port = int(report.settings.get(f"cluster-announce-{tls}port") or 0) or report.address.port
    address = Address(host, port)
    return None if address == report.address or _resolve(address) == _resolve(report.address) else address


def _resolve(address: Address) -> Address:
    try:
        return Address(resolve_host(address.host), address.port)
    except OSError:
        return address


def resolve_host(host: str) -> str:
    """The numeric address of a host, as CLUSTER MEET wants it; OSError when it has none."""
    return socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0]


def _who_answers(answer: Answer) -> str:
    return "nobody answers" if isinstance(answer, RedisError) else "another server answers"


def _dial(address: Address, teller: Report) -> Address:
    """Where to ask a node that `teller` named: a node that never met another has no host of its own."""
    return address if address.host else Address(teller.address.host, address.port)


def _ask(session: Session, nodes: Iterable[ListedNode], listed: bool) -> list[Report]:
    nodes = list(nodes)
    answers = session.ask_all([node.address for node in nodes], *QUESTIONS)
    return [_report(node, answers[node.address], listed) for node in nodes]


def _report(node: ListedNode, answer: Answer, listed: bool) -> Report:
    error = answer if isinstance(answer, RedisError) else answer[0]
    if isinstance(error, RedisError):
        return Report(node.address, node.zone, listed, trouble_of(error))
    view, state, *infos, settings, delay, tls = answer
    return Report(
        node.address,
        node.zone,
        listed,
        view=parse_view(view),
        state_ok="cluster_state:ok" in state,
        info=parse_info("\n".join(text for text in infos if isinstance(text, str))),
        settings={**pairs(settings), **pairs(delay), **pairs(tls)},
    )


def pairs(answer: Answer) -> dict[str, str]:
    """The flat list (RESP2) or mapping (RESP3) of CONFIG GET and the like; nothing when the user may not ask."""
    if isinstance(answer, RedisError):
        return {}
    return dict(answer) if isinstance(answer, dict) else dict(zip(answer[::2], answer[1::2]))


def trouble_of(error: RedisError) -> Trouble:
    """Why a node that answers with this error gives no report."""
    text = str(error)
    if isinstance(error, Gone):
        return Trouble("node_unreachable", text, gone=True)
    for beginning, code, reason in REFUSALS:
        if text.startswith(beginning):
            return Trouble(code, reason)
    return Trouble("node_unreachable", f"does not answer ({text.rstrip('.')})")


def _count_keys(session: Session, survey: Survey) -> Survey:
    """Add to each master's report how many keys it holds in slots that nobody owns."""
    topology = read_topology(survey)
    slots = sorted(topology.uncovered)
    masters = {n.report.address for n in topology.nodes.values() if n.report and n.report.keys and not n.is_replica}
    if not slots or not masters:
        return survey
    answers = session.ask_all(sorted(masters), *(("CLUSTER", "COUNTKEYSINSLOT", slot) for slot in slots))
    counts = {
        address: {slot: reply for slot, reply in zip(slots, answer) if isinstance(reply, int) and reply}
        for address, answer in answers.items()
        if not isinstance(answer, RedisError)
    }
    return Survey(tuple(replace(r, keys_in_slots=counts.get(r.address, {})) for r in survey.reports))
