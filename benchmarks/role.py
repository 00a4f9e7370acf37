"""The whole playbook on three fresh systemd hosts: how long it takes, the first and the second time."""

from __future__ import annotations

from pathlib import Path

from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.options import Options, tell
from hosts.engine import engine_with_images
from hosts.site import Played, Site

INVENTORY = Path(__file__).with_name("inventory.yml")


def measure(options: Options) -> Table:
    with engine_with_images() as environment:
        pairs = [_first_and_second(environment) for _turn in range(options.rounds)]
    first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if any(run.changed for run in second):
        raise RuntimeError("the second run of playbooks/redis.yml changed something")

    def sample(runs: list[Played], field: str, unit: str) -> Sample:
        return Sample(tuple(getattr(run, field) for run in runs), unit)

    table = Table("playbooks/redis.yml on three systemd hosts with two nodes each, packages in apt's cache", "best peer")
    table.figures = [
        Figure("first run", sample(first, "seconds", "s"), "51.2 s", at_most=45),
        Figure("second run, changed=0", sample(second, "seconds", "s"), "21.3 s", at_most=12),
        Figure("second run, tasks of a host", sample(second, "tasks", ""), "14 to 20", at_most=15),
        Figure("first run, controller CPU", sample(first, "cpu", "CPU s")),
        Figure("second run, controller CPU", sample(second, "cpu", "CPU s")),
    ]
    table.notes = [
        "Best peer: NETWAYS.redis-cluster on hosts and a machine of this kind, measured elsewhere, cannot be installed here.",
        "CPU seconds are those of ansible-playbook and its children, not those spent on the hosts.",
    ]
    return table


def _first_and_second(environment: dict[str, str]) -> tuple[Played, Played]:
    """Two runs on fresh hosts, which are gone afterwards."""
    with Site(environment, INVENTORY) as site:
        first, second = site.play("redis"), site.play("redis")
    tell(f"role: first run {number(first.seconds)} s, second {number(second.seconds)} s, {second.tasks} tasks")
    return first, second
