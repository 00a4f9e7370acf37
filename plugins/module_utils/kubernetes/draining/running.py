# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The real drain: what it has done so far, what it waits for, and how it gives up."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Optional

# By its whole name: pylint does not see through dots that this is an exception.
from ansible_collections.omnimind.platform.plugins.module_utils.failures import Failure

from ..budgets.budgets import Verdict
from ..budgets.drain import Attempt, work_off
from ..budgets.eligibility import Blocker, select_pods
from ..budgets.pods import Pod
from ..client import Client
from ..errors import ClusterUnreachable, KubernetesFailure
from ..observing import Observation, observe
from .cordons import set_cordon
from .evictions import ask_eviction, blocker_of, is_own
from .orders import Order
from .waiting import Awaited


class Running:
    """One drain.

    Args:
        seen: what there was before it.
        pause: waits so many seconds.
        now: a clock in seconds.
    """

    def __init__(
        self,
        client: Client,
        order: Order,
        seen: Observation,
        pause: Callable[[float], None],
        now: Callable[[], float],
    ) -> None:
        self._client, self._order, self._pause, self._now = client, order, pause, now
        self._deadline = now() + order.timeout
        self.seen = seen
        self._awaited = Awaited()
        self._missing: list[str] = []
        self._cordoned: list[str] = []
        self._uncordoned: list[str] = []
        self._granted: list[Attempt] = []
        self._refused = 0
        self._round = self._tried = 0
        self._blockers: list[Blocker] = []

    def look(self) -> None:
        self.seen = observe(self._client)

    def cordon(self, names: Sequence[str]) -> None:
        for name in names:
            # First noted, as an answer that does not arrive may be to what has been done.
            self._cordoned.append(name)
            set_cordon(self._client, name, cordoned=True)

    def drain(self, node: str) -> None:
        """Come to the end with this node; KubernetesFailure when that cannot be."""
        selection = select_pods(node, self.seen.cluster.pods, self._order.permissions)
        for pod in selection.going:
            self._awaited.expect(pod, self.seen)
        self._missing = self._awaited.missing(self.seen)
        self._round = self._tried + 1
        attempts = work_off(selection.evicted, self._evict, self._settle, self._round)
        granted = {attempt.pod.key for attempt in attempts if attempt.verdict.granted}
        last = {attempt.pod.key: attempt for attempt in attempts if attempt.pod.key not in granted}
        self._blockers = [blocker_of(one.pod, one.verdict, self.seen) for one in last.values()]
        if self._blockers or self._missing:
            found = [f"{one.message} ({one.remedy})" for one in self._blockers] + self._missing
            when = f" within {self._order.timeout:g} seconds" if self._now() >= self._deadline else ""
            raise KubernetesFailure(f"{node} is not drained{when}: {'; '.join(found)}")

    def answer(self) -> dict[str, Any]:
        """What has become of it."""
        return {
            "changed": bool(self._granted or set(self._cordoned) - set(self._uncordoned)),
            "cordoned": [name for name in self._cordoned if name not in self._uncordoned],
            "uncordoned": self._uncordoned,
            "evictions": [
                {name: value for name, value in one.as_dict().items() if name not in ("granted", "reason")}
                for one in self._granted
            ],
            "blockers": [blocker.as_dict() for blocker in self._blockers],
        }

    @contextmanager
    def put_right_on_failure(self) -> Iterator[None]:
        """Uncordon what was cordoned here, unless that is to stay, and say what had been done."""
        try:
            yield
        except Failure as failure:
            told = [failure.message, self._undo()]
            details = {**failure.details, **self.answer()}
            # A request that was not answered may have been obeyed.
            details["changed"] = details["changed"] or isinstance(failure, ClusterUnreachable)
            details["blockers"] = details["blockers"] or failure.details.get("blockers", [])
            raise KubernetesFailure(". ".join(filter(None, told)), **details) from failure

    def _undo(self) -> str:
        """What has become of the nodes, as a sentence."""
        if not self._cordoned:
            return ""
        trouble = ""
        for name in [] if self._order.keep_cordoned else self._cordoned:
            try:
                set_cordon(self._client, name, cordoned=False)
                self._uncordoned.append(name)
            except Failure as failure:
                trouble = trouble or f", as {failure.message}"
        staying = [name for name in self._cordoned if name not in self._uncordoned]
        told = [f"Uncordoned again: {', '.join(self._uncordoned)}"] if self._uncordoned else []
        told += [f"Still cordoned: {', '.join(staying)}{trouble}"] if staying else []
        return ". ".join(told)

    def _evict(self, pod: Pod) -> Verdict:
        self._tried = self._round
        self._awaited.expect(pod, self.seen)
        verdict = ask_eviction(self._client, pod, self.seen, self._order.grace_period)
        if verdict.granted:
            self._missing = self._missing or [f"{pod.full_name} on {pod.node} is still going"]
        else:
            self._awaited.forget(pod, self.seen)
            self._refused += verdict.may_be_retried
        if is_own(verdict):
            self._granted.append(Attempt(self._round, pod, verdict))
        return verdict

    def _settle(self, number: int) -> bool:
        """Wait for what was evicted; if a budget has refused something, for another look at least."""
        self._round, refused, self._refused = number + 1, self._refused, 0
        away: Optional[ClusterUnreachable] = None
        while self._missing or refused:
            left = self._deadline - self._now()
            if left <= 0:
                if away is not None:
                    raise away
                return False
            self._pause(min(self._order.interval, left))
            try:
                self.look()
            except ClusterUnreachable as error:
                away = error  # it may be its own API server that has moved
                continue
            away, refused = None, 0
            self._missing = self._awaited.missing(self.seen)
        return True
