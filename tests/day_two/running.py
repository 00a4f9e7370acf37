"""Servers that run on a site, and what its inventory has come to say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from day_two.acts import Act
from hosts.site import PREPARED, Played, Point, Site


class Running:
    """A context manager: the hosts run inside it, with nothing on them, and are gone afterwards.

    Args:
        environment: leads to the engine that runs the hosts, from engine_with_images.
        directory: where the changes to the inventory are kept.
        inventory: the hosts, as molecule/shared/create.yml wants them.
        group: of the hosts that have the role.
        variables: of the group, besides those of the inventory.
    """

    def __init__(
        self, environment: dict[str, str], directory: Path, inventory: Path, group: str, **variables: Any
    ) -> None:
        self._changes = directory / "changes.json"
        self._group = group
        self._hosts: dict[str, Mapping[str, Any]] = {}
        self._variables: dict[str, Any] = variables
        self._given = yaml.safe_load(inventory.read_text(encoding="utf-8"))
        self._write()
        self.site = Site(environment, inventory, self._changes)

    def __enter__(self) -> Self:
        self.site.__enter__()
        return self

    def __exit__(self, *unused: object) -> None:
        self.site.__exit__()

    def change(self, act: Act) -> None:
        """Enter into the inventory what the act changes there."""
        self._hosts |= act.hosts
        self._variables |= act.variables
        self._write()

    def perform(self, act: Act, kills: Sequence[Point] = ()) -> Played:
        """Carry an act out; RuntimeError when its playbook fails.

        With `kills` it is killed at each of these points first, and begun anew. AssertionError when it was over before
        it could be killed at half of them.
        """
        self.change(act)
        hit = [self.site.play_until(point, act.playbook, *act.options, *act.once) for point in kills]
        assert sum(map(bool, hit)) >= len(kills) / 2, "the act was over before it was killed: are its tasks right?"
        return self.site.play(act.playbook, *act.options, *act.once)

    def repeat(self, act: Act) -> Played:
        """What a user does who is not sure whether the act was carried out."""
        return self.site.play(act.playbook, *act.options)

    def witnessed(self) -> str:
        """What the hosts went through: what is gone cannot be asked why a test failed."""
        return self.site.try_to_play(PREPARED / "witness.yml").output

    def variable(self, name: str) -> Any:
        """A variable of the group, as the inventory has it now."""
        given = {**self._given["all"]["vars"], **self._given[self._group]["vars"]}
        return {**given, **self._variables}[name]

    @property
    def machines(self) -> dict[str, Mapping[str, Any]]:
        """All hosts, members or not, with the variables that the inventory had from the beginning."""
        return {name: values for part in self._given.values() for name, values in part.get("hosts", {}).items()}

    @property
    def addresses(self) -> list[str]:
        """Of the members that stay."""
        members = {**self._given[self._group]["hosts"], **self._hosts}
        leaving = {host for host, values in self._hosts.items() if values.get("redis_cluster_leaving")}
        return [self.machines[host]["host_address"] for host in members if host not in leaving]

    def container(self, address: str) -> str:
        """The name of the container that is a host, by the host's address."""
        return next(host["ansible_host"] for host in self.machines.values() if host["host_address"] == address)

    def _write(self) -> None:
        changes = {self._group: {"hosts": self._hosts, "vars": self._variables}}
        self._changes.write_text(json.dumps(changes), encoding="utf-8")
