# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which servers of this host wait for a restart, and what for: asked of the servers and their processes.

Nothing else keeps count of what has been restarted, so an interrupted round of restarts goes on where it ended.
"""
from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...host.processes import open_files_limit, started_at
from ..connection import Session
from ..errors import RedisFailure
from ..live_settings import answers_of_all, apply_settings, read_settings
from ..nodes import Address
from ..reports import parse_info

SENTINEL = "sentinel"
ROLES = {"master": "master", "slave": "replica"}


@dataclass(frozen=True)
class Target:
    """What a restart makes of the servers.

    Args:
        settings: those of the configuration file, with `defaults` for what it does not name.
        node_settings: by instance, the settings of the command line, its ports among them.
        server: path of the program.
        build: what that program says of its build, as `build_of_program` reads it.
        open_files: the limit of the service, 0 for whatever it is.
        note: path of a file; a server that was started before its last change waits.
        files: paths of files that a server reads when it starts only, to the same effect.
    """

    settings: Mapping[str, Any]
    defaults: Mapping[str, str]
    node_settings: Mapping[str, Mapping[str, str]]
    server: str
    build: str
    open_files: int = 0
    note: str | None = None
    files: Sequence[str] = ()


@dataclass(frozen=True)
class Found:
    """A server's role ("master", "replica" or SENTINEL), and why it waits for a restart: nothing if it does not."""

    role: str
    reasons: tuple[str, ...]


def find_waiting(session: Session, nodes: Sequence[Address], target: Target, deadline: float) -> dict[Address, Found]:
    """What is so of each server; they may be loading until `deadline` (time.monotonic()).

    A Sentinel tells no settings: it is only asked where it runs.

    Raises RedisFailure for a server that does not answer, or runs in another data directory.
    """
    answers = answers_of_all(session, nodes, ("INFO",), deadline)
    infos = {node: parse_info(text) for node, text in answers.items()}
    roles = {node: SENTINEL if "sentinel_masters" in info else ROLES[info["role"]] for node, info in infos.items()}
    settings = read_settings(session, [node for node in nodes if roles[node] != SENTINEL], deadline)
    found = {}
    for node, info in infos.items():
        is_replaced = info["redis_build_id"] != target.build
        reasons = [
            *_of_the_command_line(node, settings.get(node) or _place_of(info), target),
            *([f"it does not run {target.server} as that is now"] if is_replaced else ()),
            *_of_the_process(int(info["process_id"]), target),
        ]
        # Asked of the program only that a restart would start again: another need not know these settings.
        if node in settings and not is_replaced:
            reasons += _of_the_file(session, node, target, deadline)
        found[node] = Found(roles[node], tuple(reasons))
    return found


def _place_of(info: Mapping[str, str]) -> dict[str, str]:
    """Of a Sentinel, which keeps all that it knows in its own file."""
    return {"port": info["tcp_port"], "dir": os.path.dirname(info["config_file"])}


def _of_the_command_line(node: Address, running: Mapping[str, str], target: Target) -> Iterator[str]:
    wanted = _command_line_of(node, target)
    if wanted.get("dir", running["dir"]) != running["dir"]:
        # A server that starts in another directory has lost its data and its place among the others.
        raise RedisFailure(
            f"{node} keeps its data in {running['dir']}, and a restart would start it empty in {wanted['dir']}: "
            "to move data, let the node leave the others and join them again"
        )
    for name, value in wanted.items():
        if running.get(name) != value:
            yield f"{name} is {running.get(name)}, not {value}"


def _command_line_of(node: Address, target: Target) -> Mapping[str, str]:
    """The settings of the command line of the server that has this port, for plain or for TLS clients."""
    ports = ("port", "tls-port")
    return next((s for s in target.node_settings.values() if str(node.port) in map(s.get, ports)), {})


def _of_the_process(process: int, target: Target) -> Iterator[str]:
    if open_files_limit(process) < target.open_files:
        yield f"it may open {open_files_limit(process)} files, not {target.open_files}"
    if target.note and _is_older(process, target.note):
        yield "a restart was asked for"
    yield from (f"{file} was changed" for file in target.files if _is_older(process, file))


def _is_older(process: int, file: str) -> bool:
    """Whether a process was started before the last change of a file; False where there is no such file."""
    path = Path(file)
    return path.exists() and started_at(process) < path.stat().st_mtime


def _of_the_file(session: Session, node: Address, target: Target, deadline: float) -> Iterator[str]:
    """Settings that cannot be set live."""
    answer = apply_settings(session, [node], target.settings, deadline, True, target.defaults)
    for name in answer["restart_required"].get(str(node), {}):
        yield f"the setting {name} waits"
