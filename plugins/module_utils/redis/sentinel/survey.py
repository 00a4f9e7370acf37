# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Asks all Sentinels at once, then all nodes that they know."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..connection import Answer, RedisError
from ..nodes import Address
from ..reports import Trouble, parse_info
from ..survey import pairs, trouble_of
from .group import Group, numeric
from .reports import DataNode, GroupSurvey, Peer, SentinelReport, Watched

ABOUT_ITSELF = (
    ("SENTINEL", "MASTERS"),
    ("SENTINEL", "MYID"),
    ("INFO", "sentinel"),
    ("INFO", "server"),
    ("SENTINEL", "CONFIG", "GET", "*"),
)
ABOUT_A_GROUP = (
    ("SENTINEL", "GET-MASTER-ADDR-BY-NAME"),
    ("SENTINEL", "REPLICAS"),
    ("SENTINEL", "SENTINELS"),
    ("SENTINEL", "CKQUORUM"),
)
ABOUT_A_NODE = (
    ("INFO", "replication"),
    ("INFO", "server"),
    ("INFO", "keyspace"),
    ("INFO", "persistence"),
    ("INFO", "memory"),
    ("INFO", "cluster"),
    ("CONFIG", "GET", "replica-priority"),
)


def survey_group(group: Group, listed: Iterable[Address] = (), name: str | None = None) -> GroupSurvey:
    """What all Sentinels say, of one group or of all, and the nodes they name; `listed` nodes are asked too."""
    mine = frozenset(map(numeric, listed))
    sentinels = survey_sentinels(group, name)
    survey = GroupSurvey(sentinels, listed=mine)
    addresses = sorted({address for known in survey.names for address in survey.members(known)} | mine)
    return GroupSurvey(sentinels, survey_nodes(group, addresses), mine)


def survey_sentinels(group: Group, name: str | None = None) -> tuple[SentinelReport, ...]:
    """What all Sentinels say, of one group or of all that they watch."""
    first = group.sentinels.ask_all(group.addresses, *ABOUT_ITSELF)
    fields = {address: _groups(answer, name) for address, answer in first.items() if not _refusal(answer)}
    questions = {
        address: [(*question, group_name) for group_name in found for question in ABOUT_A_GROUP]
        for address, found in fields.items()
        if found
    }
    second = group.sentinels.ask(questions)
    return tuple(_sentinel(a, first[a], fields.get(a, {}), second.get(a, [])) for a in group.addresses)


def survey_nodes(group: Group, addresses: Sequence[Address]) -> dict[Address, DataNode]:
    """What nodes say of themselves, by address."""
    answers = group.nodes.ask_all(addresses, *ABOUT_A_NODE)
    return {address: _node(address, answer) for address, answer in answers.items()}


def _refusal(answer: Answer) -> RedisError | None:
    error = answer if isinstance(answer, RedisError) else answer[0]
    return error if isinstance(error, RedisError) else None


def _groups(answer: Answer, name: str | None) -> dict[str, dict[str, str]]:
    found = (pairs(fields) for fields in answer[0])
    return {fields["name"]: fields for fields in found if name in (None, fields["name"])}


def _sentinel(address: Address, about: Answer, groups: dict[str, dict[str, str]], answers: Answer) -> SentinelReport:
    error = _refusal(about) or (answers if isinstance(answers, RedisError) else None)
    if error:
        return SentinelReport(address, _sentinel_trouble(error))
    _masters, id, info, server, settings = about
    size = len(ABOUT_A_GROUP)
    watched = {
        name: _watched(name, fields, answers[turn * size : (turn + 1) * size])
        for turn, (name, fields) in enumerate(groups.items())
    }
    facts = parse_info("\n".join(text for text in (info, server) if isinstance(text, str)))
    return SentinelReport(address, None, str(id), facts, pairs(settings), watched)


def _sentinel_trouble(error: RedisError) -> Trouble:
    if "unknown command" in str(error):
        return Trouble("sentinel_other_server", "is a server, but no Sentinel")
    trouble = trouble_of(error)
    return Trouble(trouble.code.replace("node_", "sentinel_", 1), trouble.reason)


def _watched(name: str, fields: dict[str, str], answers: Answer) -> Watched:
    told, replicas, sentinels, quorum = answers
    known = isinstance(told, (list, tuple)) and len(told) == 2
    master = Address(str(told[0]), int(told[1])) if known else _address(fields)
    return Watched(
        numeric(master),
        fields,
        name=name,
        replicas=_peers(replicas),
        sentinels=_peers(sentinels),
        quorum_trouble=str(quorum) if isinstance(quorum, RedisError) else "",
    )


def _peers(answer: Answer) -> tuple[Peer, ...]:
    rows = [] if isinstance(answer, RedisError) else [pairs(fields) for fields in answer]
    return tuple(sorted((Peer(numeric(_address(fields)), fields) for fields in rows), key=lambda peer: peer.address))


def _address(fields: dict[str, str]) -> Address:
    return Address(fields["ip"], int(fields["port"]))


def _node(address: Address, answer: Answer) -> DataNode:
    error = _refusal(answer)
    if error:
        return DataNode(address, trouble=trouble_of(error))
    *infos, settings = answer
    info = parse_info("\n".join(text for text in infos if isinstance(text, str)))
    if info.get("role") == "slave":
        info["master_host"] = numeric(Address(info.get("master_host", ""), 0)).host
    return DataNode(address, info=info, settings=pairs(settings))
