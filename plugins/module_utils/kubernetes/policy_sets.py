# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings a namespace from one set of NetworkPolicies to another, and back when that fails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from .client import Client
from .errors import KubernetesFailure
from .network.policy_set import CREATE, REMOVE, Object, Plan, Step, plan_steps

_KIND = "NetworkPolicy"


def live_policies(client: Client, namespace: str) -> dict[str, Object]:
    """All of a namespace by their names."""
    return {one["metadata"]["name"]: one for one in client.list(_KIND, namespace)}


def rehearse(client: Client, plan: Plan) -> None:
    """Ask the API whether it would do every step, before the first is done; ApiRefusal when not."""
    seen: set[str] = set()
    for step in plan.steps:
        # What another step makes is not there yet, and cannot be replaced or removed by way of trial.
        if step.name not in seen:
            _send(client, step, rehearsed=True)
        seen.add(step.name)


def apply(client: Client, plan: Plan) -> None:
    """Do all steps; ApiRefusal at the first that is refused."""
    for step in plan.steps:
        _send(client, step)


@contextmanager
def put_back_on_failure(client: Client, namespace: str, former: Mapping[str, Object], plan: Plan) -> Iterator[None]:
    """When what is done inside fails, the policies that the plan is about become again what they were.

    The failure then says so: `restored` is true, or false when that failed, too.
    """
    try:
        yield
    except KubernetesFailure as failure:
        failure.details["restored"] = True
        try:
            _put_back(client, namespace, former, plan)
        except KubernetesFailure as other:
            failure.details["restored"] = False
            failure.message += f". The former policies could not be put back: {other.message}"
        else:
            failure.message += ". The former policies are back"
        raise


def _put_back(client: Client, namespace: str, former: Mapping[str, Object], plan: Plan) -> None:
    ours = {step.name for step in plan.steps}
    live = live_policies(client, namespace)
    others = {name: manifest for name, manifest in live.items() if name not in ours}
    apply(client, plan_steps(live, {**others, **{name: one for name, one in former.items() if name in ours}}))


def _send(client: Client, step: Step, rehearsed: bool = False) -> None:
    metadata = step.manifest["metadata"]
    if step.action == REMOVE:
        client.delete(_KIND, step.name, metadata["namespace"], metadata.get("uid"), dry_run=rehearsed)
    elif step.action == CREATE:
        client.create(_without(step.manifest, "uid", "resourceVersion"), dry_run=rehearsed)
    else:
        client.replace(step.manifest, dry_run=rehearsed)


def _without(manifest: Object, *fields: str) -> Object:
    """What the API itself writes into metadata is refused when something is made anew."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in fields}
    return {**manifest, "metadata": metadata}
