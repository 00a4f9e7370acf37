"""The hosts of inventories/vms, and one that comes later: Debian under systemd, as the guides name and address them.

They and whoever talks to them have a network of their own, so 192.0.2.11 leads there whatever this machine calls so.
"""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from hosts.machine import require, run

NETWORK = LABEL = "omnimind-guides"
IMAGE = "omnimind-host:bookworm"
DOMAIN = "example.com"
# Names and addresses of inventories/vms; the last is the new host of the guide to scaling.
ADDRESSES = {
    "redis-1": "192.0.2.11",
    "redis-2": "192.0.2.12",
    "redis-3": "192.0.2.13",
    "redis-4": "192.0.2.14",
    "backend-1": "192.0.2.21",
    "backend-2": "192.0.2.22",
    "monitor-1": "192.0.2.31",
    "monitor-2": "192.0.2.32",
}
CONTROLLER = "192.0.2.1/24"
RESOLVED = Path("/etc/netns") / NETWORK  # what is /etc for `ip netns exec`
# As molecule/shared/create.yml has it.
AS_A_HOST = [
    "--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--security-opt", "seccomp=unconfined",
    "--security-opt", "apparmor=unconfined", "--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw",
    "--tmpfs", "/run", "--tmpfs", "/tmp", "--stop-signal", "SIGRTMIN+3",
]  # fmt: skip
# The image may be weeks old, and its package lists are all that a host without a way out can have.
BOOTED = (
    "for _ in $(seq 600); do case $(systemctl is-system-running 2>/dev/null) in "
    "running) touch /var/lib/apt/lists; exit 0;; esac; sleep 0.1; done; systemctl --failed --no-legend; exit 1"
)
WHEELS = "/var/cache/wheels"


class Hosts:
    """A context manager: the hosts run inside it, with nothing on them, and are gone afterwards.

    Args:
        environment: leads to the engine that runs them, from engine_with_images.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        # What a command is prefixed with, so that it runs where the hosts are.
        self.here = ["ip", "netns", "exec", NETWORK]

    def __enter__(self) -> Hosts:
        require(ip="iproute2")
        self.__exit__()
        try:
            self._make_network()
            with ThreadPoolExecutor() as pool:
                list(pool.map(self._boot, ADDRESSES))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused: object) -> None:
        found = self.docker("ps", "--all", "--quiet", "--filter", f"label={LABEL}").split()
        if found:
            self.docker("rm", "--force", "--volumes", *found)
        if Path("/run/netns", NETWORK).exists():
            run("ip", "netns", "delete", NETWORK)
        shutil.rmtree(RESOLVED, ignore_errors=True)

    def docker(self, *words: str) -> str:
        return run("docker", *words, environment=self.environment)

    def give_wheels(self, directory: Path) -> None:
        """A host of backends without a way out gets what pip would."""
        for host in (f"backend-1.{DOMAIN}", f"backend-2.{DOMAIN}"):
            self.docker("exec", host, "mkdir", WHEELS)
            self.docker("cp", "--quiet", f"{directory}/.", f"{host}:{WHEELS}/")

    def _make_network(self) -> None:
        RESOLVED.mkdir(parents=True, exist_ok=True)
        known = {"127.0.0.1": "localhost"} | {address: f"{host}.{DOMAIN} {host}" for host, address in ADDRESSES.items()}
        (RESOLVED / "hosts").write_text("".join(f"{address} {names}\n" for address, names in known.items()))
        run("ip", "netns", "add", NETWORK)
        self._ip("link", "set", "lo", "up")
        self._ip("link", "add", "bridge", "type", "bridge")
        self._ip("address", "add", CONTROLLER, "dev", "bridge")
        self._ip("link", "set", "bridge", "up")

    def _ip(self, *words: str) -> None:
        run("ip", "-netns", NETWORK, *words)

    def _boot(self, host: str) -> None:
        name, address = f"{host}.{DOMAIN}", ADDRESSES[host]
        known = [f"--add-host={one}.{DOMAIN}:{where}" for one, where in ADDRESSES.items()]
        named = ["--name", name, "--hostname", name, "--label", LABEL]
        self.docker("run", "--detach", *named, "--network", "none", *AS_A_HOST, *known, IMAGE)
        pid = self.docker("inspect", "--format", "{{.State.Pid}}", name).strip()
        self._ip("link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", pid)
        self._ip("link", "set", host, "master", "bridge", "up")
        inside = ["nsenter", "--net", "--target", pid, "ip"]
        run(*inside, "address", "add", f"{address}/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        time.sleep(1)  # Booting empties /tmp.
        self.docker("exec", name, "bash", "-c", BOOTED)


def inventory() -> str:
    """What the stage knows besides inventories/vms: how its hosts are reached, and what a vault would hold."""
    here = {"ansible_connection": "community.docker.docker", "backend_wheelhouse": WHEELS}
    return yaml.safe_dump({"all": {"vars": here}})
