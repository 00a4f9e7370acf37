"""What users of a backend do, by several threads, at a rate that is never exceeded."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from asking import Client, Unanswered
from pictures import picture

POPULAR = 8  # pictures that half of all requests are about, and so come from the cache; the others are new
PATHS = ("/", "/api/status", "/api/tasks", "/docs")
PNG = {"Content-Type": "image/png"}
PATIENCE = 30.0  # seconds for which a task is waited for


class Traffic:
    """Load for one time.

    Args:
        addresses: http://host:port each.
        rate: acts begun a second, of all threads together.
        at_a_time: threads, so acts under way.
        seed: of the order of acts.
    """

    def __init__(self, addresses: Sequence[str], rate: float, at_a_time: int, seed: int) -> None:
        self._addresses, self._at_a_time, self._seed = addresses, at_a_time, seed
        self._between, self._next = 1 / rate, 0.0
        self._lock = threading.Lock()
        self._acts: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._unanswered: Counter[str] = Counter()

    def run(self, seconds: float, stop: threading.Event) -> dict[str, Any]:
        """Go on for so long, or until `stop` is set.

        Returns:
            {"seconds", "acts": {name: count}, "answers": {status: count}, "unanswered": {address: count}}
        """
        began = time.monotonic()
        threads = [
            threading.Thread(target=self._user, args=(number, began + seconds, stop), daemon=True)
            for number in range(self._at_a_time)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = {"acts": self._acts, "answers": self._answers, "unanswered": self._unanswered}
        return {"seconds": round(time.monotonic() - began, 1)} | {
            name: dict(sorted(count.items())) for name, count in counts.items()
        }

    def _user(self, number: int, ends: float, stop: threading.Event) -> None:
        """One who acts, waits for the answer, and acts again."""
        choice = random.Random(f"{self._seed} {number}")
        clients = [Client(address, self._answered) for address in self._addresses]
        while (begins := self._turn()) < ends and not stop.wait(max(0.0, begins - time.monotonic())):
            name, act = choice.choices(ACTS, WEIGHTS)[0]
            client = choice.choice(clients)
            with self._lock:
                self._acts[name] += 1
            try:
                act(client, choice, stop)
            except Unanswered:
                with self._lock:
                    self._unanswered[client.address] += 1
        for client in clients:
            client.close()

    def _turn(self) -> float:
        """When the next act may begin. What was missed is not made up for: that would be a burst."""
        with self._lock:
            self._next = max(self._next + self._between, time.monotonic())
            return self._next

    def _answered(self, status: int) -> None:
        with self._lock:
            self._answers[str(status)] += 1


Act = Callable[[Client, random.Random, threading.Event], None]


def look(client: Client, choice: random.Random, _stop: threading.Event) -> None:
    client.ask("GET", choice.choice(PATHS))


def optimize(client: Client, choice: random.Random, _stop: threading.Event) -> None:
    wanted = choice.choice(("format=webp", "format=webp&width=160", "format=jpeg&width=64", "format=avif&width=160"))
    client.ask("POST", f"/api/image/optimize?{wanted}", _some(choice), PNG)


def have_an_image_task_done(client: Client, choice: random.Random, stop: threading.Event) -> None:
    _follow(client, "kind=image&format=webp", _some(choice), PNG, stop)


def have_a_compression_task_done(client: Client, choice: random.Random, stop: threading.Event) -> None:
    words = " ".join(choice.choices(("slot", "shard", "replica", "epoch", "quorum"), k=2000))
    _follow(client, "kind=compression", words.encode(), {}, stop)


def _some(choice: random.Random) -> bytes:
    return picture(choice.randrange(POPULAR) if choice.random() < 0.5 else choice.getrandbits(32))


def _follow(client: Client, wanted: str, body: bytes, headers: dict[str, str], stop: threading.Event) -> None:
    """Have a task done, and fetch what it made."""
    accepted = client.ask("POST", f"/api/tasks?{wanted}", body, headers)
    if accepted.status != 202:
        return
    gives_up = time.monotonic() + PATIENCE
    while not stop.wait(0.1) and time.monotonic() < gives_up:
        task = client.ask("GET", accepted.headers["location"])
        if task.status != 200 or task.json()["ended"]:
            client.ask("GET", accepted.headers["location"] + "/result")
            return


def err(client: Client, choice: random.Random, _stop: threading.Event) -> None:
    """What users do wrong."""
    mistakes = (
        ("GET", "/api/tasks/none", b"", {}),
        ("GET", "/nowhere", b"", {}),
        ("POST", "/api/image/optimize?format=webp", b"this is no picture", PNG),
        ("POST", "/api/image/optimize?quality=1000", picture(0), PNG),
    )
    client.ask(*choice.choice(mistakes))


# In a hundred acts, so many.
SHARES: dict[Act, int] = {look: 50, optimize: 30, have_an_image_task_done: 8, have_a_compression_task_done: 8, err: 4}
ACTS = [(act.__name__, act) for act in SHARES]
WEIGHTS = list(SHARES.values())
