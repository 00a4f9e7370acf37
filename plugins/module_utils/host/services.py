# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many instances of one service, under systemd or under supervisor: what is so, and what must be done.

A manager is asked once for all instances and told once for all, however many there are.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOGS = Path("/var/log/supervisor")
# Of modules for a service. Documented in doc_fragments/service.py.
SERVICE_ARGUMENTS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "instances": {"type": "list", "elements": "str", "default": []},
    "manager": {"type": "str", "choices": ["systemd", "supervisor"], "required": True},
}
Run = Callable[[Sequence[str]], "tuple[int, str]"]  # a command to its exit status and output


class ServiceError(Exception):
    """A service manager refused a command; the text says which and why."""


@dataclass(frozen=True)
class States:
    """Instances by their state. `known`: the manager has read their description."""

    active: frozenset[str]
    enabled: frozenset[str]
    known: frozenset[str]


class Systemd:
    """Instances as NAME@INSTANCE.service, or NAME.service when there are none."""

    def __init__(self, run: Run, name: str, file: Path) -> None:
        self.run, self.name, self.file = run, name, file

    def unit(self, instance: str) -> str:
        return f"{self.name}@{instance}.service" if instance else f"{self.name}.service"

    def states(self, instances: Sequence[str]) -> States:
        units = [self.unit(instance) for instance in instances]
        text = self.run(["systemctl", "show", "--property=ActiveState,UnitFileState,NeedDaemonReload", *units])[1]
        found = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in text.split("\n\n")]
        pairs = list(zip(instances, found))
        return States(
            frozenset(i for i, s in pairs if s.get("ActiveState") in ("active", "reloading", "activating")),
            frozenset(i for i, s in pairs if s.get("UnitFileState") == "enabled"),
            frozenset(i for i, s in pairs if s.get("NeedDaemonReload") == "no"),
        )

    def present(self) -> list[str]:
        """Instances that run or are enabled now."""
        patterns = [f"{self.name}@*", f"{self.name}.service"]
        text = self.run(["systemctl", "list-units", "--all", "--plain", "--no-legend", *patterns])[1]
        units = [line.split()[0] for line in text.splitlines() if line.strip()]
        wants = Path("/etc/systemd/system/multi-user.target.wants")
        units += [link.name for link in wants.glob(f"{self.name}@*.service")] if wants.is_dir() else []
        return sorted({unit.rpartition("@")[2].replace(".service", "") for unit in units if "@" in unit} or {""})

    def learn(self) -> None:
        _must(self.run, ["systemctl", "daemon-reload"])

    def enable(self, instances: Sequence[str]) -> None:
        _must(self.run, ["systemctl", "enable", *map(self.unit, instances)])

    def start(self, instances: Sequence[str]) -> None:
        _must(self.run, ["systemctl", "start", *map(self.unit, instances)])

    def stop(self, instances: Sequence[str]) -> None:
        units = [self.unit(instance) for instance in instances]
        _must(self.run, ["systemctl", "stop", *units])
        self.run(["systemctl", "reset-failed", *units])

    def start_anew(self, instances: Sequence[str]) -> None:
        """Start stopped instances by their description as it is now."""
        self.learn()
        self.start(instances)

    def reload(self, instances: Sequence[str]) -> None:
        _must(self.run, ["systemctl", "kill", "--kill-whom=main", "--signal=HUP", *map(self.unit, instances)])

    def surplus(self, instances: Sequence[str]) -> list[str]:
        """Instances that are there, and are none of these."""
        return [instance for instance in self.present() if instance and instance not in instances]

    def drop(self, instances: Sequence[str]) -> None:
        """Stop instances for good, and leave the description to the others."""
        units = [self.unit(instance) for instance in instances]
        _must(self.run, ["systemctl", "disable", "--now", *units])
        self.run(["systemctl", "reset-failed", *units])

    def processes(self, instances: Sequence[str]) -> dict[str, int]:
        """Process of each instance that runs."""
        units = [self.unit(instance) for instance in instances]
        text = self.run(["systemctl", "show", "--property=MainPID", *units])[1]
        found = re.findall(r"^MainPID=(\d+)$", text, re.MULTILINE)
        return {instance: int(number) for instance, number in zip(instances, found) if int(number)}

    def log(self, instance: str, lines: int) -> list[str]:
        """The last lines of what an instance printed."""
        journal = ["journalctl", f"--unit={self.unit(instance)}", f"--lines={lines}", "--no-pager", "--output=cat"]
        return self.run(journal)[1].splitlines()

    def remove(self, instances: Sequence[str]) -> None:
        units = [self.unit(instance) for instance in instances]
        self.run(["systemctl", "disable", "--now", *units])
        self.file.unlink(missing_ok=True)
        self.learn()
        self.run(["systemctl", "reset-failed", *units])


class Supervisor:
    """Instances as programs NAME-INSTANCE. A program is enabled by being in the configuration.

    A running program whose description changed goes on as it is: `update` would restart all at once.
    """

    def __init__(self, run: Run, name: str, file: Path) -> None:
        self.run, self.name, self.file = run, name, file

    def program(self, instance: str) -> str:
        return f"{self.name}-{instance}" if instance else self.name

    def states(self, instances: Sequence[str]) -> States:
        # Exit status 3 only says that not all run; 4 that the daemon does not answer.
        text = self.run(["supervisorctl", "status"])[1]
        rows = dict(line.split()[:2] for line in text.splitlines() if len(line.split()) > 1)
        by_state = {i: rows.get(self.program(i)) for i in instances}
        known = frozenset(i for i, state in by_state.items() if state)
        active = frozenset(i for i, state in by_state.items() if state in ("RUNNING", "STARTING"))
        return States(active, known, known)

    def present(self) -> list[str]:
        if not self.file.exists():
            return []
        lines = [line for line in self.file.read_text().splitlines() if line.startswith("[program:")]
        return [line[len("[program:") : -1][len(self.name) + 1 :] for line in lines]

    def learn(self) -> None:
        if self.run(["supervisorctl", "pid"])[0]:
            _must(self.run, ["service", "supervisor", "start"])
        _must(self.run, ["supervisorctl", "reread"])

    def enable(self, instances: Sequence[str]) -> None:
        _must(self.run, ["supervisorctl", "add", *map(self.program, instances)])

    def start(self, instances: Sequence[str]) -> None:
        # "add" has started what it added.
        active = self.states(instances).active
        stopped = [instance for instance in instances if instance not in active]
        if stopped:
            _must(self.run, ["supervisorctl", "start", *map(self.program, stopped)])

    def stop(self, instances: Sequence[str]) -> None:
        programs = [self.program(instance) for instance in instances]
        self.run(["supervisorctl", "stop", *programs])
        active = self.states(instances).active
        if active:
            raise ServiceError(f"supervisor did not stop {', '.join(sorted(active))}")

    def start_anew(self, instances: Sequence[str]) -> None:
        """Start stopped instances by their description as it is now: supervisor reads it only with `add`."""
        self.learn()
        self.run(["supervisorctl", "remove", *(self.program(instance) for instance in instances)])
        self.enable(instances)
        self.start(instances)

    def reload(self, instances: Sequence[str]) -> None:
        _must(self.run, ["supervisorctl", "signal", "HUP", *map(self.program, instances)])

    def surplus(self, instances: Sequence[str]) -> list[str]:
        """Instances that the daemon has, and are none of these; what they were is no longer in the file."""
        text = self.run(["supervisorctl", "status"])[1]
        found = re.findall(rf"^{re.escape(self.name)}-(\w+)\s", text, re.MULTILINE)
        return [instance for instance in found if instance not in instances]

    def drop(self, instances: Sequence[str]) -> None:
        """Stop instances for good, and leave the others alone."""
        self.stop(instances)
        self.run(["supervisorctl", "reread"])
        _must(self.run, ["supervisorctl", "remove", *map(self.program, instances)])
        for instance in instances:
            for log in LOGS.glob(f"{self.program(instance)}.log*"):
                log.unlink()

    def processes(self, instances: Sequence[str]) -> dict[str, int]:
        """Process of each instance that runs."""
        text = self.run(["supervisorctl", "status"])[1]
        found = dict(re.findall(r"^(\S+)\s+RUNNING\s+pid (\d+),", text, re.MULTILINE))
        names = {instance: self.program(instance) for instance in instances}
        return {instance: int(found[name]) for instance, name in names.items() if name in found}

    def log(self, instance: str, lines: int) -> list[str]:
        """The last lines of what an instance printed."""
        path = LOGS / f"{self.program(instance)}.log"
        return path.read_text(errors="replace").splitlines()[-lines:] if path.exists() else []

    def remove(self, instances: Sequence[str]) -> None:
        programs = [self.program(instance) for instance in instances]
        self.run(["supervisorctl", "stop", *programs])
        self.file.unlink(missing_ok=True)
        self.run(["supervisorctl", "reread"])
        self.run(["supervisorctl", "remove", *programs])
        for log in LOGS.glob(f"{self.name}*.log*"):
            log.unlink()


MANAGERS = {"systemd": Systemd, "supervisor": Supervisor}


def _must(run: Run, command: Sequence[str]) -> None:
    status, text = run(command)
    if status:
        raise ServiceError(f"{' '.join(command)} failed: {text.strip()}")
