# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Streams the keys of a loaded file to the nodes that own their slots.

The scratch server itself writes the RESTORE commands, in a script, and this process passes them on as they are: what
a key holds is never decoded, and a node works on one batch while the next is made.
"""
from __future__ import annotations

import os
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..connection import RedisError, redis
from ..errors import RedisFailure
from ..nodes import Address
from ..slots import key_slot
from .target import KEEP, REPLACE

PAGE = 2000  # keys that are looked for at once
BATCH_BYTES = 2**20  # a batch ends with the key that exceeds it
SHOWN = 5  # keys that a message names

# Until when a key lives goes along as an absolute time, so it does not matter how long the way takes.
# Returned: the commands, how many of the keys were read, which of those had expired, and the times of the others as
# doubles, 0 for those that live for ever.
WRITE_COMMANDS = """
local commands, times, expired, bytes, read = {}, {}, {}, 0, 0
for place, key in ipairs(KEYS) do
    local value = redis.call('DUMP', key)
    read = place
    if value then
        local time = redis.call('PEXPIRETIME', key)
        if time < 0 then time = 0 end
        local text = string.format('%.0f', time)
        commands[#commands + 1] = table.concat({
            '*', ARGV[2] == '' and 5 or 6, '\\r\\n$7\\r\\nRESTORE\\r\\n$', #key, '\\r\\n', key, '\\r\\n$', #text, '\\r\\n', text,
            '\\r\\n$', #value, '\\r\\n', value, '\\r\\n$6\\r\\nABSTTL\\r\\n', ARGV[2]})
        times[#times + 1] = struct.pack('<d', time)
        bytes = bytes + #value
        if bytes > tonumber(ARGV[1]) then break end
    else
        expired[#expired + 1] = place - 1
    end
end
return {table.concat(commands), read, expired, table.concat(times)}
"""
REPLACE_WORD = b"$7\r\nREPLACE\r\n"


@dataclass
class Outcome:
    """What became of the keys of a file.

    `present` were there already, with the same content; `conflicts` with another, and were left alone; `kept` and
    `replaced` as well, but that was wanted. `lasting` is by how many each node's keys without a time to live have
    changed, `times` are those of the others (ms since 1970), `passing` by how many these have changed.
    """

    restored: int = 0
    expired: int = 0
    present: int = 0
    kept: int = 0
    replaced: int = 0
    conflicts: list[bytes] = field(default_factory=list)
    lasting: Counter[Address] = field(default_factory=Counter)
    passing: Counter[Address] = field(default_factory=Counter)
    times: array = field(default_factory=lambda: array("d"))


class Stream:
    """From one scratch server to the owners of slots.

    Args:
        scratch: client of the server that has loaded the file.
        owners: address by slot.
        connect: opens a client of a node.
        existing: what happens to keys that are there with another content.
    """

    def __init__(
        self, scratch: Any, owners: Sequence[Address], connect: Callable[[Address], Any], existing: str
    ) -> None:
        self._scratch, self._owners, self._existing = scratch, owners, existing
        self._targets = {address: _Target(address, connect(address)) for address in sorted(set(owners))}
        self._script = scratch.execute_command("SCRIPT", "LOAD", WRITE_COMMANDS)
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """All keys. Raises RedisFailure when a node does not take one; it may be run again then."""
        try:
            cursor: Any = 0
            while True:
                cursor, keys = self._scratch.execute_command("SCAN", cursor, "COUNT", PAGE)
                self._pass_on(keys)
                if not int(cursor):
                    break
            for target in self._targets.values():
                self._collect(target)
        finally:
            for target in self._targets.values():
                target.close()
        return self.outcome

    def _pass_on(self, keys: Sequence[bytes]) -> None:
        by_owner: dict[Address, list[bytes]] = defaultdict(list)
        for key in keys:
            by_owner[self._owners[key_slot(key)]].append(key)
        for address, own in by_owner.items():
            self._pass_to(self._targets[address], own)

    def _pass_to(self, target: _Target, keys: Sequence[bytes]) -> None:
        while keys:
            commands, sent, times, read = self._commands(keys)
            self._collect(target)
            target.send(commands, sent, times)
            keys = keys[read:]

    def _commands(self, keys: Sequence[bytes], *words: bytes) -> tuple[bytes, list[bytes], array, int]:
        """RESTORE commands for the first of the keys, those keys with their times, and how many were read."""
        answer = self._scratch.execute_command(
            "EVALSHA", self._script, len(keys), *keys, BATCH_BYTES, words[0] if words else b""
        )
        commands, read, expired, packed = answer
        gone = set(expired)
        times = array("d")
        times.frombytes(packed)
        self.outcome.expired += len(gone)
        return commands, [key for place, key in enumerate(keys[:read]) if place not in gone], times, read

    def _collect(self, target: _Target) -> None:
        """Read what a node answered to its last batch."""
        busy = {}
        for key, time, error in target.answers():
            if error is None:
                self._count(target.address, time, 1)
                self.outcome.restored += 1
            elif str(error).startswith("BUSYKEY"):
                busy[key] = time
            else:
                raise self._refused(target, key, error)
        if busy:
            self._settle(target, busy)

    def _settle(self, target: _Target, busy: Mapping[bytes, float]) -> None:
        """Keys, with their times, that are there already, or were when they were sent."""
        mine = _ask_all(self._scratch, [("DUMP", key) for key in busy])
        theirs = target.ask_all([(name, key) for name in ("DUMP", "PEXPIRETIME") for key in busy])
        rows = zip(busy.items(), mine, theirs[: len(busy)], theirs[len(busy) :])
        for (key, time), wanted, value, lives_until in rows:
            there = max(lives_until, 0)
            if there == time and (value == wanted or self._is_same(key, value, time)):
                self.outcome.present += 1
                if time:
                    self.outcome.times.append(time)
            elif value is None or self._existing == REPLACE:
                self._replace(target, key, there if value is not None else None)
            elif self._existing == KEEP:
                self.outcome.kept += 1
            else:
                self.outcome.conflicts.append(key)

    def _replace(self, target: _Target, key: bytes, there: float | None) -> None:
        """Send one key again, which is there until `there` (0 for ever) or (None) not any more."""
        commands, sent, times, _read = self._commands([key], REPLACE_WORD)
        if not sent:
            return
        target.send(commands, sent, times)
        error = next(target.answers())[2]
        if error:
            raise self._refused(target, key, error)
        if there is not None:
            self._count(target.address, there, -1)
        self._count(target.address, times[0], 1)
        self.outcome.replaced += 1

    @staticmethod
    def _refused(target: _Target, key: bytes, error: Exception) -> RedisFailure:
        advice = "What was restored stays; run it again once the cause is gone"
        return RedisFailure(f"{target.address} does not take the key {key!r}: {str(error).rstrip('.')}. {advice}")

    def _count(self, address: Address, time: float, by: int) -> None:
        if not time:
            self.outcome.lasting[address] += by
            return
        self.outcome.passing[address] += by
        if by > 0:
            self.outcome.times.append(time)

    def _is_same(self, key: bytes, value: bytes, time: float) -> bool:
        """Whether a key of the scratch server has the content that a node dumped.

        Two servers dump a set or a hash in another order: then it is loaded beside, and the digests are compared.
        """
        ask = self._scratch.execute_command
        if value is None or ask("TYPE", key) not in (b"set", b"hash", b"zset"):
            return False
        beside = os.urandom(16)
        try:
            ask("RESTORE", beside, int(time), value, "ABSTTL")
            mine, theirs = ask("DEBUG", "DIGEST-VALUE", key, beside)
            return mine == theirs
        finally:
            ask("DEL", beside)


class Comparison(Stream):
    """Sends nothing: whatever is not there with the same content is a conflict. One of these is enough."""

    def _pass_to(self, target: _Target, keys: Sequence[bytes]) -> None:
        while keys and not self.outcome.conflicts:
            _commands, there, times, read = self._commands(keys)
            self._settle(target, dict(zip(there, times)))
            keys = keys[read:]

    def _replace(self, target: _Target, key: bytes, there: float | None) -> None:
        self.outcome.conflicts.append(key)


class _Target:
    """A node, with at most one batch on its way."""

    def __init__(self, address: Address, client: Any) -> None:
        self.address, self._client = address, client
        self._connection = client.connection_pool.make_connection()
        self._waiting: list[tuple[bytes, float]] = []

    def send(self, commands: bytes, keys: Sequence[bytes], times: Sequence[float]) -> None:
        if not keys:
            return
        self._waiting = list(zip(keys, times))
        try:
            self._connection.connect()
            self._connection.send_packed_command([commands])
        except (RedisError, OSError) as error:
            raise self._lost(error) from error

    def answers(self) -> Any:
        """Each key of the batch, its time and its error, if any. Raises RedisFailure when the connection is lost."""
        waiting, self._waiting = self._waiting, []
        for key, time in waiting:
            try:
                self._connection.read_response()
                yield key, time, None
            except redis.ResponseError as error:
                yield key, time, error
            except (RedisError, OSError) as error:
                raise self._lost(error) from error

    def ask_all(self, commands: Sequence[Sequence[Any]]) -> list[Any]:
        try:
            return _ask_all(self._client, commands)
        except (RedisError, OSError) as error:
            raise self._lost(error) from error

    def close(self) -> None:
        self._connection.disconnect()
        self._client.close()

    def _lost(self, error: Exception) -> RedisFailure:
        return RedisFailure(f"{self.address} was lost while keys were sent to it ({error}); run it again")


def _ask_all(client: Any, commands: Sequence[Sequence[Any]]) -> list[Any]:
    """The answers, in one round trip."""
    pipeline = client.pipeline(transaction=False)
    for command in commands:
        pipeline.execute_command(*command)
    return pipeline.execute()


def shown(keys: Sequence[bytes]) -> str:
    """Some of the keys, for a message."""
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return ", ".join(repr(key) for key in keys[:SHOWN]) + more
