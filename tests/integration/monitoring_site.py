"""Monitoring that the role rolls out on this machine, under names of its own, over real Redis nodes and a backend.

Two hosts of the inventory are this machine: `here` has everything, `second` another Alertmanager and node exporter.
"""

from __future__ import annotations

import json
import ssl
from pathlib import Path
from typing import Any

import httpx
from integration.ansible_run import run_playbook
from integration.backends import Played
from integration.servers import free_ports

NAME, SECOND = "omnimind-test-monitoring", "omnimind-test-second"
CONFIGURATION, GRAFANA, DATA = Path("/etc", NAME), Path("/etc", f"{NAME}-grafana"), Path("/var/lib", NAME)
PORTS = ("prometheus_port", "alertmanager_port", "alertmanager_cluster_port", "node_exporter_port", "redis_exporter_port")
USER, PASSWORD, MORE = "omnimind", "for this machine / only, 100%", "another one's password"


class MonitoringSite:
    """An inventory, and how its servers are asked.

    Args:
        directory: where the inventory and the authority are kept.
        redis: ports of nodes on 127.0.0.1 that run already, with their password.
        backend: port of a backend that runs already.
    """

    def __init__(self, directory: Path, redis: list[int], redis_password: str, backend: int) -> None:
        self.file, self.authority, self.redis = directory / "hosts.json", directory / "authority", redis
        numbers = free_ports(2 * len(PORTS))
        self.ports = dict(zip(PORTS, numbers))
        self.second_ports = dict(zip(PORTS, numbers[len(PORTS) :]))
        self.variables: dict[str, Any] = {
            "ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3",
            "monitoring_address": "127.0.0.1", "monitoring_password": PASSWORD, "monitoring_tls": True,
            "monitoring_tls_authority": str(self.authority), "monitoring_scrape_interval": "1s",
            "monitoring_evaluation_interval": "1s", "monitoring_verify_timeout": 40,
        }  # fmt: skip
        self.here = self._host(NAME, self.ports)
        components = {"monitoring_components": ["alertmanager", "node_exporter"]}
        self.second = {**self._host(SECOND, self.second_ports), **components}
        self.nodes = {
            "redis_cluster_address": "127.0.0.1", "redis_cluster_ports": redis, "redis_cluster_password": redis_password,
            "backend_ports": [backend],
        }  # fmt: skip

    @staticmethod
    def _host(name: str, ports: dict[str, int]) -> dict[str, Any]:
        return {"monitoring_name": name, **{f"monitoring_{port}": number for port, number in ports.items()}}

    def run(self, playbook: str, *options: str, **here: Any) -> Played:
        """Run a playbook with variables of `here` in place of the site's."""
        hosts = {"here": {**self.here, **here}, "second": {**self.second, **self.nodes}}
        return self.run_on(hosts, playbook, *options, watched={"redis": ["second"], "backend": ["second"]})

    def tear_down(self) -> Played:
        """Take monitoring off again, and nothing that was watched."""
        return self.run_on({"here": self.here, "second": self.second}, "teardown.yml")

    def run_on(
        self,
        hosts: dict[str, dict[str, Any]],
        playbook: str,
        *options: str,
        watched: dict[str, list[str]] | None = None,
    ) -> Played:
        """The same with other hosts, and other groups that some of them are in."""
        groups = {group: {"hosts": dict.fromkeys(members, {})} for group, members in (watched or {}).items()}
        inventory = {"monitoring": {"hosts": hosts, "vars": self.variables}, **groups}
        self.file.write_text(json.dumps(inventory))
        return Played(run_playbook(playbook, self.file, *options))

    def address(self, port: str, second: bool = False) -> str:
        return f"127.0.0.1:{(self.second_ports if second else self.ports)[port]}"

    def get(self, port: str, path: str, login: tuple[str, str] | None = (USER, PASSWORD)) -> httpx.Response:
        """An answer of a server of `here`."""
        known = ssl.create_default_context(cafile=self.authority / "ca.crt")
        with httpx.Client(verify=known, auth=login, timeout=10) as client:
            return client.get(f"https://{self.address(port)}{path}")

    def prometheus(self, path: str, **parameters: str) -> Any:
        """Data of its API."""
        query = str(httpx.QueryParams(parameters))
        return self.get("prometheus_port", f"/api/v1/{path}?{query}").raise_for_status().json()["data"]

    def value(self, expression: str) -> list[dict[str, Any]]:
        return self.prometheus("query", query=expression)["result"]

    def alerts(self) -> list[str]:
        """Names of all alerts that there are rules for."""
        groups = self.prometheus("rules", type="alert")["groups"]
        return [rule["name"] for group in groups for rule in group["rules"]]
