# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Moves slots with their keys between running masters, while clients use them.

For each slot: the target is told that it imports it, the source that it migrates it, so that clients find every key on
one of them; all keys are sent over; then the target is told that it owns the slot, which it tells the others over the
bus, and then the source. A target that owned a slot too early would make the source throw away the keys that are left.
Many slots are open at once and their commands share a round trip; each source has a thread of its own.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..connection import Answer, Command, RedisError, Session, first_error
from ..errors import RedisFailure
from ..nodes import Address
from .balance import Move
from .batches import Pace, batches, window_slots
from .members import Members
from .obstacles import dataset
from .throttle import Throttle

WINDOW_SLOTS, WINDOW_KEYS = 64, 4000  # open at once on each source
KNOWN_SHARE = 32
MEASURED_ABOVE = 1024  # bytes a key on average, from which on keys are measured before they are sent
TRIES, RETRY_SECONDS = 20, 0.25
MORE_SECONDS = 5.0
PASSING = ("IOERR", "TRYAGAIN", "LOADING", "CLUSTERDOWN", "MASTERDOWN")


class _Doors:
    """How many slots are open towards each target: few while it owns few.

    Clients learn of a new master when they are told that a slot has moved there. Some (redis-py 8.1) fail when before
    that they are sent there for a key of an open slot, so that shall be rare.
    """

    def __init__(self, members: Members, moves: Sequence[Move]) -> None:
        self._owned = {move.target: len(members.nodes[move.target].slots) for move in moves}
        self._open = dict.fromkeys(self._owned, 0)
        self._sources = {target: sum(move.target == target for move in moves) for target in self._owned}
        self._changed = threading.Condition()

    def exchange(self, move: Move, closing: int, wanted: int, failed: threading.Event) -> int:
        """How many of the slots that are wanted may be opened, now that others are closed.

        It waits for one at least, unless there are slots to be closed first, or one thread has failed.
        """
        with self._changed:
            self._open[move.target] -= closing
            self._owned[move.target] += closing
            self._changed.notify_all()
            while wanted:
                room = max(1, self._owned[move.target] // KNOWN_SHARE)
                free = room - self._open[move.target]
                if free > 0:
                    count = max(1, min(wanted, free, room // self._sources[move.target]))
                    self._open[move.target] += count
                    return count
                if closing or failed.is_set():
                    return 0
                self._changed.wait(0.05)
            return 0


class Mover:
    """Moves slots for so many seconds, None for no limit; `slots` and `keys` count what was moved.

    Slots that are open at the end get some seconds more; what is open still is finished by the next run.

    Use `session` for nothing else meanwhile; its time limit must be above that of the pace.
    """

    def __init__(self, session: Session, members: Members, pace: Pace, seconds: float | None) -> None:
        self._session, self._members, self._pace = session, members, pace
        self._ends = time.monotonic() + (float("inf") if seconds is None else seconds)
        self._throttle = Throttle(pace)
        self._lock = threading.Lock()
        self._failed = threading.Event()
        self._doors = _Doors(members, [])
        self.slots = self.keys = 0

    def move(self, moves: Iterable[Move]) -> None:
        """Move slots with their keys, of which the source's copies count.

        Raises RedisFailure when a server refuses; slots that are open then are found by the next survey.
        """
        moves = list(moves)
        self._doors = _Doors(self._members, moves)
        self._run(moves, self._move_slots)

    def gather(self, moves: Iterable[Move]) -> None:
        """Send keys to the owner of their slot, whose copies count; the slots stay where they are."""
        self._run(moves, self._gather_slots)

    def _run(self, moves: Iterable[Move], act: Callable[[Move, list[int], int], None]) -> None:
        """One thread a source."""
        flows: dict[str, list[Move]] = {}
        for move in moves:
            flows.setdefault(move.source, []).append(move)
        if not flows:
            return
        with ThreadPoolExecutor(len(flows)) as pool:
            list(pool.map(lambda source: self._flow(flows[source], act), flows))

    def _flow(self, moves: Sequence[Move], act: Callable[[Move, list[int], int], None]) -> None:
        try:
            for turn, move in enumerate(moves):
                if turn and self._stops:
                    return
                source = self._members.nodes[move.source].report
                keys_per_slot = source.keys / max(1, len(source.view.myself.slots) or len(move.slots))
                act(move, sorted(move.slots), window_slots(keys_per_slot, self._pace, WINDOW_SLOTS, WINDOW_KEYS))
        except BaseException:
            self._failed.set()
            raise

    @property
    def _stops(self) -> bool:
        """Whether no more slots shall be opened. Those of a thread's first turn are opened in any case."""
        return self._failed.is_set() or time.monotonic() >= self._ends

    # --- windows of slots ----------------------------------------------------------------------------

    def _move_slots(self, move: Move, slots: list[int], size: int) -> None:
        """Open a window of slots in the same round trips in which the one before it is closed."""
        opened: list[int] = []
        started = False
        while True:
            wanted = 0 if started and self._stops else len(slots[:size])
            count = self._doors.exchange(move, len(opened), wanted, self._failed)
            if not opened and not count:
                return
            if not self._exchange(move, opened, slots[:count]):
                return
            opened, slots, started = slots[:count], slots[count:], True

    def _exchange(self, move: Move, closing: Sequence[int], opening: Sequence[int]) -> bool:
        """Whether all keys of the slots that are opened were sent. Those of the others have been."""
        source, target = self._address(move.source), self._address(move.target)
        assign = [("CLUSTER", "SETSLOT", slot, "NODE", move.target) for slot in closing]
        self._must(target, [*assign, *(("CLUSTER", "SETSLOT", slot, "IMPORTING", move.source) for slot in opening)])
        migrate = [("CLUSTER", "SETSLOT", slot, "MIGRATING", move.target) for slot in opening]
        listing = _listing(opening) if opening else []
        answer = self._must(source, [*assign, *migrate, *listing])
        with self._lock:
            self.slots += len(closing)
        return not opening or self._send_keys(move, opening, True, answer[-len(listing) :])

    def _gather_slots(self, move: Move, slots: list[int], size: int) -> None:
        """A node sends keys of a slot that is not its own only while it takes it for open; and nothing while it knows
        no owner of a slot, as when that failed over while this node imported it."""
        source = self._address(move.source)
        for start in range(0, len(slots), size):
            window = slots[start : start + size]
            self._must(source, [("CLUSTER", "SETSLOT", slot, "NODE", move.target) for slot in window])
            self._must(source, [("CLUSTER", "SETSLOT", slot, "IMPORTING", move.target) for slot in window])
            if self._send_keys(move, window, False):
                self._must(source, [("CLUSTER", "SETSLOT", slot, "STABLE") for slot in window])
            if self._stops:
                return

    def _send_keys(self, move: Move, slots: Sequence[int], replace: bool, found: Answer | None = None) -> bool:
        """Send all keys of the slots; False when time ran out before that. `found` answers the listing of them."""
        source, node = self._address(move.source), self._members.nodes[move.source].report
        usual_size = dataset(node) / max(1, node.keys)
        pending = list(slots)
        while True:
            found = found or self._must(source, _listing(pending))
            if found[0][0] != "master":
                raise RedisFailure(f"{source} is no master any more; run it again")
            keys = {slot: names for slot, names in zip(pending, found[1:]) if names}
            if not keys:
                return True
            pending, found = list(keys), None
            todo = list(batches(keys, self._pace, self._measure(source, keys, usual_size), usual_size))
            for number, (batch, size) in enumerate(todo, 1):
                if time.monotonic() >= self._ends + MORE_SECONDS or self._failed.is_set():
                    return False
                count = sum(map(len, batch.values()))
                self._throttle.wait(count, size)
                found = self._send_batch(move, batch, replace, _listing(pending) if number == len(todo) else [])
                with self._lock:
                    self.keys += count

    def _measure(self, source: Address, keys: Mapping[int, Sequence[str]], usual_size: float) -> dict[str, int]:
        if usual_size <= MEASURED_ABOVE:
            return {}
        names = [name for group in keys.values() for name in group]
        answer = self._session.ask({source: [("MEMORY", "USAGE", name) for name in names]})[source]
        if isinstance(answer, RedisError):
            return {}
        return {name: size for name, size in zip(names, answer) if isinstance(size, int)}

    # --- commands ----------------------------------------------------------------------------------

    def _send_batch(
        self, move: Move, batch: Mapping[int, Sequence[str]], replace: bool, after: Sequence[Command]
    ) -> Answer | None:
        """Send keys, and other commands after them in the same round trip; their answers if all keys went at once."""
        source, waiting = self._address(move.source), dict(batch)
        for attempt in range(TRIES):
            sending = [self._migrate(move, names, replace) for names in waiting.values()]
            answer = self._session.ask({source: [*sending, *(after if not attempt else [])]})[source]
            error = first_error(answer)
            if error is None:
                return answer[len(sending) :] if not attempt else None
            if isinstance(answer, RedisError):
                raise RedisFailure(f"{source} did not send keys: {error}")
            failed = [(slot, reply) for slot, reply in zip(waiting, answer) if isinstance(reply, RedisError)]
            waiting = {slot: waiting[slot] for slot, reply in failed}
            for slot, reply in failed:
                if "BUSYKEY" in str(reply) and not replace:
                    self._drop_doubles(move, waiting.pop(slot))
                elif not any(word in str(reply) for word in PASSING):
                    raise RedisFailure(f"{source} did not send keys of slot {slot}: {reply}")
            if not waiting:
                return None
            time.sleep(RETRY_SECONDS)
        raise RedisFailure(f"{source} did not send keys to {self._address(move.target)}: {error}")

    def _drop_doubles(self, move: Move, names: Sequence[str]) -> None:
        """Send keys one by one; one that the owner has too is dropped here, as the owner's counts."""
        source = self._address(move.source)
        for name in names:
            error = first_error(self._session.ask({source: [self._migrate(move, [name], False)]})[source])
            if error and "BUSYKEY" in str(error):
                self._must(source, [("ASKING",), ("UNLINK", name)])
            elif error:
                raise RedisFailure(f"{source} did not send {name!r}: {error}")

    def _migrate(self, move: Move, names: Sequence[str], replace: bool) -> Command:
        host, port = self._where(move.target)
        login = self._session.login
        options = ["REPLACE"] if replace else []
        if login.username:
            options += ["AUTH2", login.username, login.password or ""]
        elif login.password:
            options += ["AUTH", login.password]
        return ("MIGRATE", host, port, "", 0, int(self._pace.move_timeout * 1000), *options, "KEYS", *names)

    def _where(self, id: str) -> Address:
        """Where other nodes find a node: where they know it, which may differ from where we do."""
        for node in self._members.masters.values():
            seen = node.report.view.nodes.get(id) if node.report else None
            if seen and seen.address.host:
                return seen.address
        return self._address(id)

    def _address(self, id: str) -> Address:
        return self._members.nodes[id].address

    def _must(self, address: Address, commands: Sequence[Command]) -> Answer:
        """The answers; RedisFailure when a command is refused."""
        answer = self._session.ask({address: commands})[address]
        error = first_error(answer)
        if error:
            raise RedisFailure(f"{address} refused to have slots moved: {error}")
        return answer


def _listing(slots: Sequence[int]) -> list[Command]:
    """Asks for keys of slots, and whether the server still is their master."""
    count = max(10, WINDOW_KEYS // len(slots))
    return [("ROLE",), *(("CLUSTER", "GETKEYSINSLOT", slot, count) for slot in slots)]
