"""What metrics of the full OmniMind look like. A demonstration: nothing is heard, said, fused or moved here."""

from __future__ import annotations

import math
import random
import sys
import threading
from typing import NamedTuple

from omnimind_backend.modalities import Modalities
from omnimind_backend.problems import Problem
from prometheus_client import CollectorRegistry, Info, disable_created_metrics, start_http_server

SAYS = "A demonstration by generate_load.py: no OmniMind was measured."
REFUSED = 0.01  # share of operations whose input is bad


class Pretended(NamedTuple):
    """Work that takes about so many seconds, and fails with this share of 1."""

    modality: str
    operation: str
    seconds: float
    failed: float


WORK = (
    Pretended("vision", "detect_objects", 0.08, 0.01),
    Pretended("vision", "read_text", 0.25, 0.01),
    Pretended("audio", "transcribe", 0.8, 0.02),
    Pretended("audio", "speak", 0.3, 0.005),
    Pretended("fusion", "align", 0.05, 0.005),
    Pretended("fusion", "answer", 1.2, 0.02),
    Pretended("embodied", "plan_path", 0.2, 0.01),
    Pretended("embodied", "move", 1.5, 0.03),
)


class Demonstration:
    """Serves /metrics from when it is made until its `with` block ends; a thread does each kind of work in between.

    Args:
        host, port: to listen on; port 0 for one that is free.
        seed: of durations and failures.

    Raises:
        OSError: when it cannot listen there.
    """

    def __init__(self, host: str, port: int, seed: int) -> None:
        disable_created_metrics()
        self._seed, self._stop, self._modalities = seed, threading.Event(), Modalities()
        for work in WORK:
            self._modalities.declare(work.modality, work.operation)
        registry = CollectorRegistry()
        Info("omnimind_load_demonstration", "What this target is.", registry=registry).info({"says": SAYS})
        registry.register(self._modalities)
        self._threads = [threading.Thread(target=self._pretend, args=(work,), daemon=True) for work in WORK]
        self._server, _thread = start_http_server(port, host, registry)
        print(f"{SAYS} http://{host}:{self._server.server_port}/metrics", file=sys.stderr, flush=True)

    def __enter__(self) -> Demonstration:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._server.shutdown()
        self._server.server_close()

    def _pretend(self, work: Pretended) -> None:
        chance = random.Random(f"{self._seed} {work.operation}")
        while not self._stop.wait(chance.expovariate(1 / (2 * work.seconds))):
            try:
                with self._modalities.operation(work.modality, work.operation):
                    self._stop.wait(min(chance.lognormvariate(math.log(work.seconds), 0.5), 10 * work.seconds))
                    if chance.random() < work.failed:
                        raise RuntimeError("pretended")
                    if chance.random() < REFUSED:
                        raise Problem(422, "Pretended")
            except (RuntimeError, Problem):
                continue
