# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Takes a snapshot of every shard at the same time, over the network, with the distribution's redis-cli.

To redis-cli --rdb a server sends what it sends to a new replica: it forks, and the child writes the data as they were
at that moment. The file says at which offset of the replication stream that was. So that nothing is missing is not
believed but read from the files: each must be at or behind what its master had written when we began.
"""
from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...host.processes import ENDS_WITH_US
from ...host.programs import start
from ..connection import Login, Session, first_error
from ..errors import RedisFailure
from ..live_settings import read_settings
from ..nodes import Address
from ..reports import parse_info
from .choice import Source
from .rdb import Header, read_header

POLL_SECONDS = 0.005
DELAY = "repl-diskless-sync-delay"


@dataclass(frozen=True)
class Taking:
    """How snapshots are taken: `client` is the path of redis-cli, `pause_limit` the seconds that writes may be held up
    at most for all shards to be of one moment (0 to hold up none), `deadline` of time.monotonic()."""

    login: Login
    client: str
    pause_limit: float
    deadline: float


@dataclass(frozen=True)
class Snapshot:
    """The file of a shard."""

    source: Source
    path: Path
    header: Header


def take_snapshots(
    session: Session, sources: Sequence[Source], directory: Path, taking: Taking
) -> tuple[list[Snapshot], float]:
    """Write one file a shard into the directory; also the seconds that writes were held up.

    Raises RedisFailure when a node fails, or when a file is not of the moment that it shall be of.
    """
    paths = [directory / f"shard-{number:03}.rdb" for number in range(len(sources))]
    with _no_delay(session, [source.node.address for source in sources], taking.deadline):
        if taking.pause_limit:
            running, begin, end, paused = _begin_at_one_moment(session, sources, paths, taking)
        else:
            begin = _written(session, sources)
            _wait_until_read(session, sources, begin, taking.deadline)
            running, end, paused = _start(sources, paths, taking), None, 0.0
        _finish(running, sources, taking.deadline)
    snapshots = [Snapshot(source, path, _header(source, path)) for source, path in zip(sources, paths)]
    for snapshot in snapshots:
        _check_moment(snapshot, begin, end)
    return snapshots, paused


Position = tuple  # the replication id and the offset of a master


def _written(session: Session, sources: Sequence[Source]) -> dict[Address, Position]:
    """What each master has written until now."""
    masters = [source.master.address for source in sources]
    return _positions(session.ask_all(masters, ("INFO", "replication")))


def _positions(answers: dict[Address, list]) -> dict[Address, Position]:
    found = {}
    for address, answer in answers.items():
        error = first_error(answer)
        if error:
            raise RedisFailure(f"{address} does not tell what it has written: {error}")
        info = parse_info(answer[0])
        if info["role"] != "master":
            raise RedisFailure(f"{address} is no master any more; run it again")
        found[address] = info["master_replid"], int(info["master_repl_offset"])
    return found


def _wait_until_read(
    session: Session, sources: Sequence[Source], written: dict[Address, Position], deadline: float
) -> None:
    """Wait until every source has read what its master had written. Raises RedisFailure at the deadline."""
    waiting = [source for source in sources if source.node != source.master]
    while waiting:
        answers = session.ask_all([source.node.address for source in waiting], ("INFO", "replication"))
        waiting = [s for s in waiting if not _has_read(answers[s.node.address], written[s.master.address])]
        if waiting and time.monotonic() >= deadline:
            names = ", ".join(source.node.name for source in waiting)
            raise RedisFailure(f"not read in time what the masters had written: {names}")
        if waiting:
            time.sleep(POLL_SECONDS)


def _has_read(answer: list, position: Position) -> bool:
    if first_error(answer):
        return False
    info = parse_info(answer[0])
    offset = int(info.get("slave_repl_offset", -1))
    return info.get("master_link_status") == "up" and info["master_replid"] == position[0] and offset >= position[1]


# --- one moment for all shards ---------------------------------------------------------------------------------------


def _begin_at_one_moment(
    session: Session, sources: Sequence[Source], paths: Sequence[Path], taking: Taking
) -> tuple[list[subprocess.Popen[str]], dict[Address, Position], dict[Address, Position], float]:
    """Hold up writes until every source has forked; the running clients, and what was written before and at the end."""
    masters = [source.master.address for source in sources]
    forks = _wait_until_idle(session, sources, taking.deadline)
    started = time.monotonic()
    limit = min(taking.deadline, started + taking.pause_limit)
    running: list[subprocess.Popen[str]] = []
    try:
        # The servers end it by themselves as well, should this process not live to do it.
        milliseconds = int(taking.pause_limit * 1000)
        _demand(session.ask_all(masters, ("CLIENT", "PAUSE", milliseconds, "WRITE")), "does not hold up writes")
        begin = _written(session, sources)
        _wait_until_read(session, sources, begin, limit)
        running = _start(sources, paths, taking)
        while not _have_forked(session, sources, forks):
            if time.monotonic() >= limit:
                raise RedisFailure(f"writes were held up for {taking.pause_limit} s, and not every snapshot had begun")
            time.sleep(POLL_SECONDS)
    except BaseException:
        _stop(running)
        session.ask_all(masters, ("CLIENT", "UNPAUSE"))
        raise
    answers = session.ask_all(masters, ("INFO", "replication"), ("CLIENT", "UNPAUSE"))
    paused = time.monotonic() - started
    try:
        return running, begin, _positions(answers), paused
    except BaseException:
        _stop(running)
        raise


def _wait_until_idle(session: Session, sources: Sequence[Source], deadline: float) -> dict[Address, int]:
    """Wait until no source has a child that writes, and so could not fork; how often each has forked."""
    addresses = [source.node.address for source in sources]
    while True:
        answers = session.ask_all(addresses, ("INFO", "persistence"), ("INFO", "stats"))
        _demand(answers, "does not tell its state")
        infos = {address: parse_info("\n".join(answer)) for address, answer in answers.items()}
        busy = [
            str(address)
            for address, info in infos.items()
            if info["rdb_bgsave_in_progress"] != "0" or info["aof_rewrite_in_progress"] != "0"
        ]
        if not busy:
            return {address: int(info["total_forks"]) for address, info in infos.items()}
        if time.monotonic() >= deadline:
            raise RedisFailure(f"still writing a snapshot or a log of its own: {', '.join(busy)}")
        time.sleep(POLL_SECONDS)


def _have_forked(session: Session, sources: Sequence[Source], forks: dict[Address, int]) -> bool:
    answers = session.ask_all(list(forks), ("INFO", "stats"))
    _demand(answers, "does not tell its state")
    return all(int(parse_info(answers[address][0])["total_forks"]) > count for address, count in forks.items())


def _demand(answers: dict[Address, list], failure: str) -> None:
    for address, answer in answers.items():
        error = first_error(answer)
        if error:
            raise RedisFailure(f"{address} {failure}: {error}")


# --- the clients -----------------------------------------------------------------------------------------------------


@contextmanager
def _no_delay(session: Session, addresses: Sequence[Address], deadline: float) -> Iterator[None]:
    """Have the nodes fork at once, not when more replicas could have come (after 5 s by default)."""
    present = {address: own.get(DELAY, "0") for address, own in read_settings(session, addresses, deadline).items()}
    slow = {address: value for address, value in present.items() if value != "0"}
    _demand(session.ask_all(list(slow), ("CONFIG", "SET", DELAY, 0)), f"does not take the setting {DELAY}")
    try:
        yield
    finally:
        session.ask({address: [("CONFIG", "SET", DELAY, value)] for address, value in slow.items()})


def client_command(taking: Taking, address: Address, path: Path) -> list[str]:
    """The command line of a snapshot; the password is in the environment."""
    login = taking.login
    options = {"-h": address.host, "-p": str(address.port), "--user": login.username}
    if login.tls:
        options.update({"--cacert": login.ca_certs, "--cert": login.client_cert_file, "--key": login.client_key_file})
    words = [text for name, value in options.items() if value for text in (name, value)]
    flags = ["--tls", *([] if login.validate_certs else ["--insecure"])] if login.tls else []
    return [taking.client, *words, *flags, "--rdb", str(path)]


def _start(sources: Sequence[Source], paths: Sequence[Path], taking: Taking) -> list[subprocess.Popen[str]]:
    secret = taking.login.password
    hidden = {"REDISCLI_AUTH", "VALKEYCLI_AUTH"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment.update({name: secret for name in hidden if secret})
    running: list[subprocess.Popen[str]] = []
    try:
        for source, path in zip(sources, paths):
            command = client_command(taking, source.node.address, path)
            running.append(
                start(
                    [*ENDS_WITH_US, *command], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE, text=True, umask=0o077,
                )
            )  # fmt: skip
    except OSError as error:
        _stop(running)
        raise RedisFailure(f"{taking.client} cannot be run: {error}") from error
    return running


def _finish(running: Sequence[subprocess.Popen[str]], sources: Sequence[Source], deadline: float) -> None:
    """Wait until all clients have their file. Raises RedisFailure with the words of the first that has not."""
    try:
        waiting = list(zip(running, sources))
        while waiting:
            for process, source in waiting:
                if process.poll():
                    words = process.stderr.read().strip().splitlines()
                    raise RedisFailure(f"{source.node.name}: its snapshot ended early: {', '.join(words[-2:])}")
            waiting = [(process, source) for process, source in waiting if process.poll() is None]
            if waiting and time.monotonic() >= deadline:
                raise RedisFailure(f"{waiting[0][1].node.name}: its snapshot did not end in time")
            time.sleep(POLL_SECONDS)
    finally:
        _stop(running)


def _stop(running: Sequence[subprocess.Popen[str]]) -> None:
    for process in running:
        process.kill()
        process.wait()
        process.stderr.close()


# --- what they wrote -------------------------------------------------------------------------------------------------


def _header(source: Source, path: Path) -> Header:
    try:
        with open(path, "rb") as file:
            return read_header(file)
    except (OSError, ValueError) as error:
        raise RedisFailure(f"{source.node.name}: its snapshot is no RDB file: {error}") from error


def _check_moment(snapshot: Snapshot, begin: dict[Address, Position], end: dict[Address, Position] | None) -> None:
    """Raise RedisFailure unless the snapshot was taken at or after `begin`, and not after `end`.

    A master without replicas begins a stream when it is asked for one: it has written all that it acknowledged.
    """
    source, header = snapshot.source, snapshot.header
    identity, offset = begin[source.master.address]
    if header.replication_id != identity:
        if source.node == source.master:
            return
        raise RedisFailure(f"{source.master.name} has lost its place as master meanwhile; run it again")
    if header.offset < offset:
        raise RedisFailure(f"{source.node.name}: its snapshot lacks writes from before it was asked for; run it again")
    if end and header.offset > end[source.master.address][1]:
        raise RedisFailure(f"{source.node.name}: its snapshot has writes from after the others; run it again")
