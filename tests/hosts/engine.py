"""A Docker engine: the one that answers, or one of our own that goes when the last user leaves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import images
from .machine import CACHE, HostsError, require, run
from .sharing import shared

_STATE = CACHE / "engine"
_CONFIGURATION = _STATE / "daemon.json"
_LOG = _STATE / "log"
_PATIENCE = 60.0  # seconds for a daemon to answer, or to end


@contextmanager
def engine_with_images() -> Iterator[dict[str, str]]:
    """Yield the environment variables that lead Docker's clients to an engine with the images.

    Runs at the same time share one engine. The last one to leave stops it when it is ours, and
    takes the images back when it is not. Raise HostsError when there is no way to get there.
    """
    with shared("engine", _provide, _take_down) as environment:
        yield environment


def _provide() -> dict[str, str]:
    environment = _find_or_start()
    images.provide(environment)
    return environment


def _take_down() -> None:
    if _CONFIGURATION.exists():
        _stop()
    else:
        images.remove({})


def _find_or_start() -> dict[str, str]:
    """Return the client's environment for the machine's engine, else for ours, which is started."""
    require(docker="docker.io")
    if _answers({}):
        return {}
    if _CONFIGURATION.exists():  # Left by a run that was killed.
        environment = _environment()
        if _answers(environment):
            return environment
        _stop()
    return _start()


def _answers(environment: dict[str, str]) -> bool:
    """Tell whether an engine answers the client."""
    try:
        run("docker", "version", environment=environment)
    except HostsError:
        return False
    return True


def _environment() -> dict[str, str]:
    """Return the client's environment for our engine."""
    return {"DOCKER_HOST": json.loads(_CONFIGURATION.read_text())["hosts"][0]}


def _start() -> dict[str, str]:
    """Start an engine of our own and return the client's environment for it.

    It touches neither the machine's packet filter nor its routing: test hosts talk to one another
    and to this machine, and have no way out.
    """
    require(dockerd="docker.io", iptables="iptables")
    if os.geteuid():
        raise HostsError("no Docker engine answers and only root can start one")
    _STATE.mkdir(parents=True, exist_ok=True)
    # A socket's path has at most 107 bytes, so it cannot lie deep in a working tree.
    sockets = Path(tempfile.mkdtemp(prefix="omnimind-docker-", dir="/run"))
    _CONFIGURATION.write_text(
        json.dumps(
            {
                "hosts": [f"unix://{sockets}/docker.sock"],
                "exec-root": str(sockets),
                "data-root": str(_STATE / "data"),
                "pidfile": str(_STATE / "pid"),
                "bridge": "none",
                "iptables": False,
                "ip-forward": False,
                "ip-masq": False,
            },
            indent=2,
        )
    )
    with open(_LOG, "w", encoding="utf-8") as log:
        daemon = subprocess.Popen(
            ["dockerd", "--config-file", str(_CONFIGURATION)],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    environment = _environment()
    deadline = time.monotonic() + _PATIENCE
    while not _answers(environment):
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise HostsError(f"dockerd does not answer:\n{_LOG.read_text()[-2000:]}")
        time.sleep(0.1)
    return environment


def _stop() -> None:
    """End our engine with everything it runs, and remove what it kept."""
    configuration = json.loads(_CONFIGURATION.read_text())
    with suppress(FileNotFoundError):
        _end(int(Path(configuration["pidfile"]).read_text()))
    for directory in (configuration["exec-root"], configuration["data-root"]):
        _unmount(directory)
        with suppress(FileNotFoundError):
            shutil.rmtree(directory)
    _CONFIGURATION.unlink()


def _unmount(directory: str) -> None:
    """A container in the host's network has its name space mounted, and dockerd leaves it so; killed, it leaves all."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for mount in reversed(mounts):
        if f"{mount}/".startswith(f"{directory}/"):
            run("umount", mount)


def _end(pid: int) -> None:
    """End our engine and wait until it is gone; others that got its process id are left alone."""
    command = Path(f"/proc/{pid}/cmdline")
    deadline = time.monotonic() + _PATIENCE
    asked = False  # Asked a third time, dockerd would leave without cleaning up.
    with suppress(FileNotFoundError, ProcessLookupError, ChildProcessError):
        while str(_CONFIGURATION).encode() in command.read_bytes():
            if not asked:
                os.kill(pid, signal.SIGTERM)
                asked = True
            if time.monotonic() > deadline:
                raise HostsError(f"dockerd ({pid}) does not end; see {_LOG}")
            time.sleep(0.1)
        os.waitpid(pid, os.WNOHANG)  # An ended child of ours stays listed until it is asked for.
