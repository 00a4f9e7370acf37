"""Service managers, over what their commands print. Outputs of supervisor 4 and systemd 252, shortened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from unit.core import services

SYSTEMD_SHOW = """\
ActiveState=active
UnitFileState=enabled
NeedDaemonReload=no

ActiveState=activating
UnitFileState=disabled
NeedDaemonReload=yes

ActiveState=failed
UnitFileState=enabled
NeedDaemonReload=no

ActiveState=inactive
UnitFileState=
NeedDaemonReload=no
"""
SYSTEMD_LIST = """\
redis@7000.service loaded active   running Redis 7000
redis@7001.service loaded failed   failed  Redis 7001
"""
SUPERVISOR_STATUS = """\
other                            RUNNING   pid 7467, uptime 0:00:04
redis-7000                       RUNNING   pid 7468, uptime 0:00:04
redis-7001                       STOPPED   Not started
redis-7002                       FATAL     Exited too quickly (process log may have details)
redis-7003                       STARTING
"""
SUPERVISOR_SILENT = "unix:///var/run/supervisor.sock no such file\n"


class Recorded:
    """Answers a command, found by its first words, with what was recorded; others succeed silently."""

    def __init__(self, **answers: tuple[int, str]) -> None:
        self.answers = {name.replace("_", " "): answer for name, answer in answers.items()}
        self.commands: list[str] = []

    def __call__(self, command: Sequence[str]) -> tuple[int, str]:
        line = " ".join(command)
        self.commands.append(line)
        return next((answer for words, answer in self.answers.items() if line.startswith(words)), (0, ""))


def systemd(run: Recorded, file: Path = Path("unused")) -> services.Systemd:
    return services.Systemd(run, "redis", file)


def supervisor(run: Recorded, file: Path = Path("unused")) -> services.Supervisor:
    return services.Supervisor(run, "redis", file)


# --- systemd ---------------------------------------------------------------------------------------


def test_systemd_states_are_asked_for_once() -> None:
    run = Recorded(systemctl_show=(0, SYSTEMD_SHOW))
    states = systemd(run).states(["7000", "7001", "7002", "7003"])
    assert states.active == {"7000", "7001"}
    assert states.enabled == {"7000", "7002"}
    assert states.known == {"7000", "7002", "7003"}
    (command,) = run.commands
    assert command.endswith(" redis@7000.service redis@7001.service redis@7002.service redis@7003.service")


@pytest.mark.parametrize(
    "answer", [(127, "No such file or directory"), (1, "System has not been booted with systemd\n")]
)
def test_without_systemd_nothing_is_known(answer: tuple[int, str]) -> None:
    none = frozenset[str]()
    assert systemd(Recorded(systemctl=answer)).states(["7000"]) == services.States(none, none, none)


def test_a_service_without_instances_is_one_unit() -> None:
    run = Recorded(systemctl_show=(0, "ActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no\n"))
    assert systemd(run).states([""]).active == {""}
    systemd(run).start([""])
    assert run.commands[-1] == "systemctl start redis.service"


@pytest.mark.parametrize(
    ("listed", "instances"),
    [(SYSTEMD_LIST, ["7000", "7001"]), ("", [""]), ("redis.service loaded active running Redis\n", [""])],
)
def test_instances_that_systemd_has(listed: str, instances: list[str]) -> None:
    run = Recorded(**{"systemctl_list-units": (0, listed)})
    assert systemd(run).present() == instances


def test_systemd_is_told_once_for_all_instances() -> None:
    run = Recorded()
    manager = systemd(run)
    manager.learn()
    manager.enable(["7000", "7001"])
    manager.start(["7000", "7001"])
    assert run.commands == [
        "systemctl daemon-reload",
        "systemctl enable redis@7000.service redis@7001.service",
        "systemctl start redis@7000.service redis@7001.service",
    ]


def test_what_systemd_refuses_is_told() -> None:
    refusal = "Job for redis@7000.service failed because the control process exited with error code.\n"
    with pytest.raises(services.ServiceError, match="systemctl start redis@7000.service failed: Job for"):
        systemd(Recorded(systemctl_start=(1, refusal))).start(["7000"])


def test_systemd_forgets_a_service(tmp_path: Path) -> None:
    file = tmp_path / "redis@.service"
    file.touch()
    run = Recorded()
    systemd(run, file).remove(["7000", "7001"])
    assert not file.exists()
    assert run.commands[0] == "systemctl disable --now redis@7000.service redis@7001.service"
    assert "systemctl daemon-reload" in run.commands


def test_systemd_sends_a_signal_and_reads_the_journal() -> None:
    run = Recorded(journalctl=(0, "one\ntwo\n"))
    systemd(run).reload(["7000", "7001"])
    assert systemd(run).log("7000", 20) == ["one", "two"]
    assert run.commands == [
        "systemctl kill --kill-whom=main --signal=HUP redis@7000.service redis@7001.service",
        "journalctl --unit=redis@7000.service --lines=20 --no-pager --output=cat",
    ]


def test_systemd_drops_instances_that_are_no_longer_listed() -> None:
    run = Recorded(**{"systemctl_list-units": (0, SYSTEMD_LIST)})
    assert systemd(run).surplus(["7000"]) == ["7001"]
    assert systemd(Recorded()).surplus(["7000"]) == []
    systemd(run).drop(["7001"])
    assert "systemctl disable --now redis@7001.service" in run.commands


# --- supervisor --------------------------------------------------------------------------------------


def test_supervisor_states() -> None:
    run = Recorded(supervisorctl_status=(3, SUPERVISOR_STATUS))
    states = supervisor(run).states(["7000", "7001", "7002", "7003", "7004"])
    assert states.active == {"7000", "7003"}
    assert states.known == states.enabled == {"7000", "7001", "7002", "7003"}
    assert run.commands == ["supervisorctl status"]


@pytest.mark.parametrize(
    "answer", [(4, SUPERVISOR_SILENT), (127, "[Errno 2] No such file or directory"), (0, "")]
)
def test_without_supervisor_nothing_is_known(answer: tuple[int, str]) -> None:
    none = frozenset[str]()
    assert supervisor(Recorded(supervisorctl=answer)).states(["7000"]) == services.States(none, none, none)


def test_programs_in_a_configuration(tmp_path: Path) -> None:
    file = tmp_path / "redis.conf"
    assert supervisor(Recorded(), file).present() == []
    file.write_text("; a comment\n[program:redis-7000]\ncommand=x\n\n[program:redis-7001]\ncommand=x\n")
    assert supervisor(Recorded(), file).present() == ["7000", "7001"]
    file.write_text("[program:redis]\ncommand=x\n")
    assert supervisor(Recorded(), file).present() == [""]


def test_supervisor_is_started_where_it_does_not_answer() -> None:
    run = Recorded(supervisorctl_pid=(7, SUPERVISOR_SILENT))
    supervisor(run).learn()
    assert run.commands == ["supervisorctl pid", "service supervisor start", "supervisorctl reread"]
    run = Recorded(supervisorctl_pid=(0, "7467\n"))
    supervisor(run).learn()
    assert run.commands == ["supervisorctl pid", "supervisorctl reread"]


def test_only_stopped_programs_are_started_and_supervisor_is_asked_once() -> None:
    run = Recorded(supervisorctl_status=(3, SUPERVISOR_STATUS))
    supervisor(run).start(["7000", "7001", "7002", "7003"])
    assert run.commands == ["supervisorctl status", "supervisorctl start redis-7001 redis-7002"]


def test_what_supervisor_refuses_is_told() -> None:
    run = Recorded(
        supervisorctl_status=(3, SUPERVISOR_STATUS),
        supervisorctl_start=(7, "redis-7002: ERROR (spawn error)\n"),
    )
    with pytest.raises(services.ServiceError, match=r"failed: redis-7002: ERROR \(spawn error\)"):
        supervisor(run).start(["7002"])


def test_supervisor_forgets_a_service(tmp_path: Path) -> None:
    file = tmp_path / "redis.conf"
    file.touch()
    run = Recorded()
    supervisor(run, file).remove(["7000", ""])
    assert not file.exists()
    assert run.commands == [
        "supervisorctl stop redis-7000 redis", "supervisorctl reread", "supervisorctl remove redis-7000 redis",
    ]  # fmt: skip


# --- restarts ---------------------------------------------------------------------------------------


def test_systemd_starts_a_stopped_instance_by_its_new_description() -> None:
    run = Recorded()
    manager = systemd(run)
    manager.stop(["7000"])
    manager.start_anew(["7000"])
    assert run.commands == [
        "systemctl stop redis@7000.service",
        "systemctl reset-failed redis@7000.service",
        "systemctl daemon-reload",
        "systemctl start redis@7000.service",
    ]


def test_supervisor_reads_a_description_only_when_it_is_added() -> None:
    run = Recorded(supervisorctl_status=(3, SUPERVISOR_STATUS), supervisorctl_pid=(0, "7467\n"))
    manager = supervisor(run)
    manager.stop(["7001"])
    manager.start_anew(["7001"])
    changes = [command for command in run.commands if not command.endswith((" status", " pid"))]
    assert changes == [
        "supervisorctl stop redis-7001",
        "supervisorctl reread",
        "supervisorctl remove redis-7001",
        "supervisorctl add redis-7001",
        "supervisorctl start redis-7001",
    ]


def test_an_instance_that_does_not_stop_is_told() -> None:
    with pytest.raises(services.ServiceError, match="did not stop 7000"):
        supervisor(Recorded(supervisorctl_status=(0, SUPERVISOR_STATUS))).stop(["7000"])
    with pytest.raises(services.ServiceError, match="systemctl stop"):
        systemd(Recorded(systemctl_stop=(1, "Job timed out"))).stop(["7000"])


def test_supervisor_sends_a_signal() -> None:
    run = Recorded()
    supervisor(run).reload(["7000", "7001"])
    assert run.commands == ["supervisorctl signal HUP redis-7000 redis-7001"]


def test_supervisor_drops_programs_that_are_no_longer_in_its_file() -> None:
    status = SUPERVISOR_STATUS + "redis-sentinel-26379   RUNNING   pid 1, uptime 0:00:04\n"
    run = Recorded(supervisorctl_status=(3, status))
    assert supervisor(run).surplus(["7000", "7001", "7003"]) == ["7002"]
    supervisor(run).drop(["7002"])
    assert run.commands[1:] == [
        "supervisorctl stop redis-7002",
        "supervisorctl status",
        "supervisorctl reread",
        "supervisorctl remove redis-7002",
    ]


def test_the_log_of_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LOGS", tmp_path)
    (tmp_path / "redis-7000.log").write_text("one\ntwo\nthree\n")
    assert supervisor(Recorded()).log("7000", 2) == ["two", "three"]
    assert supervisor(Recorded()).log("7001", 2) == []
