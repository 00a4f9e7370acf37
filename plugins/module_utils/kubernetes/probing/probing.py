# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes pods that connect to others, waits for what they say, and takes them away again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from ..client import Client
from ..errors import KubernetesFailure
from ..standing import read_standing
from .probes import Maker, Probe, answer_of, complaint, pods_of, result

_BEGIN = 60.0  # seconds for a pod to be placed and its image to be fetched
_PAUSE = 0.5


def try_flows(
    client: Client, probes: Sequence[Probe], components: Mapping[str, Any], maker: Maker, check_mode: bool = False
) -> list[dict[str, Any]]:
    """What came of each; KubernetesFailure, with the same as `probes`, when one is not as expected.

    In check mode the API is only asked whether it would take the pods, and nothing is tried.
    """
    pods = pods_of(probes, components, maker, uuid4().hex[:6])
    made: list[str] = []
    try:
        for name, (pod, _own) in pods.items():
            made.append(name)  # first noted, as an answer that does not arrive may be to what has been done
            client.create(pod, dry_run=check_mode)
        if check_mode:
            return []
        return _judge(
            [pair for name, (_pod, own) in pods.items() for pair in zip(own, _wait(client, maker, name, own))]
        )
    finally:
        for name in [] if check_mode else made:
            client.delete("Pod", name, maker.namespace)


def _judge(answers: Sequence[tuple[Probe, str]]) -> list[dict[str, Any]]:
    told = [result(probe, error) for probe, error in answers]
    complaints = [text for text in (complaint(probe, error) for probe, error in answers) if text]
    if complaints:
        raise KubernetesFailure("\n".join(["what was tried is not as expected:", *complaints]), probes=told)
    return told


def _wait(client: Client, maker: Maker, name: str, probes: Sequence[Probe]) -> list[str]:
    """The errors of a pod's targets."""
    deadline = time.monotonic() + _BEGIN + 2 * maker.seconds + len(probes) * maker.timeout
    while True:
        pod = client.get("Pod", name, maker.namespace)
        if pod is None:
            raise KubernetesFailure(f"Pod {maker.namespace}/{name}, which tries flows, was removed by somebody else")
        errors = answer_of(pod)
        if errors is not None:
            if len(errors) != len(probes):
                raise KubernetesFailure(
                    f"Pod {maker.namespace}/{name}, which tries flows, ended without an answer. Has probe_image, which"
                    f" is {maker.image}, a python3?"
                )
            return errors
        if time.monotonic() >= deadline:
            standing = read_standing(pod)
            why = standing.obstacle or standing.waits or "it runs"
            raise KubernetesFailure(f"Pod {maker.namespace}/{name}, which tries flows, does not come to its end: {why}")
        time.sleep(_PAUSE)
