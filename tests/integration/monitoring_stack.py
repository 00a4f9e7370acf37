"""Prometheus, Alertmanager and exporters as real processes on loopback, each in a `with` block of its own.

    with NodeExporter(tmp_path / "node") as node:
        configuration = configure(tmp_path / "configuration", {"node": [target(node.address)]})
        with Prometheus(tmp_path / "prometheus", configuration) as prometheus:
            prometheus.wait_for('up{job="node"} == 1')

A daemon answers when its block is entered and is gone when the block is left, by success or failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import httpx
import yaml
from app.serving import Backend, served
from loopback import wait_until

from integration.servers import PASSWORD, Servers, free_ports

from ansible_collections.omnimind.platform.plugins.module_utils.backend.cache_url import cache_url
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.convergence import converge
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish

ROOT = Path(__file__).resolve().parents[2]
SIX_ON_THREE_HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] * 2


def need(*packages: str) -> None:
    """Install the Debian packages that are missing; none of their services is started."""
    subprocess.run([ROOT / ".ci" / "need", *packages], check=True)


class Daemon:
    """One process on a free port of 127.0.0.1.

    Args:
        directory: of its own, made here and removed at the end; `log` in it has what it says.
        options: for its command line beside those that it always gets.
        environment: variables beside those of this process.
        scheme, client: how it is asked, for one with TLS or a login: `client` are arguments of httpx.Client.
    """

    package: ClassVar[str]
    program: ClassVar[str]
    ready: ClassVar[str] = "/-/ready"

    def __init__(
        self,
        directory: Path,
        *options: str,
        environment: Mapping[str, str] | None = None,
        scheme: str = "http",
        client: Mapping[str, Any] | None = None,
    ) -> None:
        need(self.package)
        directory.mkdir(parents=True)
        self.directory, self.options, self.environment = directory, options, dict(environment or {})
        self.port = free_ports(1)[0]
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"{scheme}://{self.address}"
        self.client = httpx.Client(base_url=self.url, timeout=10, **(client or {}))
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.directory / "log"

    def arguments(self) -> Sequence[str]:
        """What its command line always has."""
        return [f"--web.listen-address={self.address}"]

    def start(self) -> None:
        """Start it, again after `stop`, and return when it answers."""
        # The kernel ends it with the tests, however those end.
        command = ["setpriv", "--pdeathsig", "KILL", self.program, *self.arguments(), *self.options]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, env=os.environ | self.environment, stdout=log, stderr=log)
        wait_until(self.answers, 30, f"{self.program} answers")

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.log.read_text()
        try:
            return self.client.get(self.ready).status_code in (200, 401)
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Kill it and keep its files."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused: object) -> None:
        self.stop()
        self.client.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of an answer; httpx.HTTPStatusError when it is no success."""
        return self.client.get(path, params=parameters).raise_for_status().json()


class Prometheus(Daemon):
    """A Prometheus with a directory of configuration, whose main file is `prometheus.yml`, as `configure` writes it.

    `data` may be filled, by promtool, before it is started.
    """

    package = program = "prometheus"

    def __init__(self, directory: Path, configuration: Path, *options: str, **more: Any) -> None:
        super().__init__(directory, *options, **more)
        self.configuration, self.data = configuration, directory / "data"

    def arguments(self) -> list[str]:
        return [
            *super().arguments(),
            f"--config.file={self.configuration / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.data}",
            "--web.enable-lifecycle",
        ]

    def reload(self) -> None:
        """Have it read its configuration again; httpx.HTTPStatusError when that is refused."""
        self.client.post("/-/reload").raise_for_status()

    def query(self, expression: str, time: float | None = None) -> list[dict[str, Any]]:
        """The samples of an instant query, each with `metric` and `value`; ValueError when it is refused.

        Args:
            time: in seconds since 1970; now when None.
        """
        parameters = {"query": expression} | ({} if time is None else {"time": str(time)})
        answer = self.client.post("/api/v1/query", data=parameters).json()
        if answer["status"] != "success":
            raise ValueError(f"{answer['error']}: {expression}")
        found = answer["data"]["result"]
        return [{"metric": {}, "value": found}] if answer["data"]["resultType"] in ("scalar", "string") else found

    def wait_for(self, expression: str, seconds: float = 30, count: int = 1) -> list[dict[str, Any]]:
        """The samples of an expression as soon as there are so many."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = self.query(expression)
            return len(found) >= count

        wait_until(there, seconds, expression)
        return found

    def targets(self) -> dict[tuple[str, str], str]:
        """Health of each target, "up" or "down" or "unknown", by its job and instance."""
        active = self.get("/api/v1/targets")["data"]["activeTargets"]
        return {(one["labels"]["job"], one["labels"]["instance"]): one["health"] for one in active}

    def alerts(self) -> list[dict[str, Any]]:
        """Those that are pending or firing."""
        return self.get("/api/v1/alerts")["data"]["alerts"]


class Alertmanager(Daemon):
    """An Alertmanager with a configuration; alone unless options make it a member of a cluster."""

    package, program = "prometheus-alertmanager", "prometheus-alertmanager"

    def __init__(self, directory: Path, configuration: Path | None = None, *options: str, **more: Any) -> None:
        """`configuration`: its file; one that sends nothing anywhere when None."""
        super().__init__(directory, *options, **more)
        self.configuration = configuration or directory / "alertmanager.yml"
        if configuration is None:
            self.configuration.write_text(
                yaml.safe_dump({"route": {"receiver": "none"}, "receivers": [{"name": "none"}]})
            )

    def arguments(self) -> list[str]:
        clustered = any(option.startswith("--cluster.listen-address") for option in self.options)
        return [
            *super().arguments(),
            f"--config.file={self.configuration}",
            f"--storage.path={self.directory / 'data'}",
            *([] if clustered else ["--cluster.listen-address="]),
        ]

    def reload(self) -> None:
        """Have it read its configuration again; httpx.HTTPStatusError when that is refused."""
        self.client.post("/-/reload").raise_for_status()

    def alerts(self) -> list[dict[str, Any]]:
        return self.get("/api/v2/alerts")


class NodeExporter(Daemon):
    """The exporter of this host. Files *.prom in `textfiles` are exported too."""

    package, program, ready = "prometheus-node-exporter", "prometheus-node-exporter", "/"

    @property
    def textfiles(self) -> Path:
        return self.directory / "textfiles"

    def arguments(self) -> list[str]:
        self.textfiles.mkdir(exist_ok=True)
        return [*super().arguments(), f"--collector.textfile.directory={self.textfiles}"]


class RedisExporter(Daemon):
    """One exporter for many servers: `/scrape?target=redis://address:port`, see `redis_job`."""

    package, program, ready = "prometheus-redis-exporter", "prometheus-redis-exporter", "/"

    def __init__(self, directory: Path, *options: str, password: str = PASSWORD, **more: Any) -> None:
        super().__init__(directory, *options, **more)
        self.environment["REDIS_PASSWORD"] = password

    def arguments(self) -> list[str]:
        return [*super().arguments(), "--redis.addr="]


def target(address: str, host: str = "local") -> dict[str, Any]:
    """An entry of static_configs: one target with the labels that all of ours have."""
    return {"targets": [address], "labels": {"host": host}}


def redis_job(exporter: RedisExporter, addresses: Sequence[str]) -> dict[str, Any]:
    """Settings of the scrape job of Redis servers: its targets are the servers, one exporter asks them."""
    return {
        "metrics_path": "/scrape",
        "static_configs": [target(address, address.partition(":")[0]) for address in addresses],
        "relabel_configs": [
            {"source_labels": ["__address__"], "target_label": "instance"},
            {"source_labels": ["__address__"], "target_label": "__param_target", "replacement": "redis://$1"},
            {"target_label": "__address__", "replacement": exporter.address},
        ],
    }


def configure(
    directory: Path,
    jobs: Mapping[str, Sequence[Mapping[str, Any]] | Mapping[str, Any]],
    *,
    interval: str = "1s",
    rules: Sequence[Path] = (),
    alertmanagers: Sequence[str] = (),
) -> Path:
    """Write `prometheus.yml` to a directory, and return the directory.

    Args:
        jobs: by name, their static_configs, or all their settings.
        interval: between scrapes, and between evaluations of rules.
        rules: files with them.
        alertmanagers: their addresses.
    """
    directory.mkdir(parents=True, exist_ok=True)
    settings = {
        name: dict(job) if isinstance(job, Mapping) else {"static_configs": list(job)} for name, job in jobs.items()
    }
    configuration = {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "rule_files": [str(path) for path in rules],
        "alerting": (
            {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]} if alertmanagers else {}
        ),
        "scrape_configs": [{"job_name": name, **job} for name, job in settings.items()],
    }
    (directory / "prometheus.yml").write_text(yaml.safe_dump(configuration, sort_keys=False))
    return directory


@dataclass(frozen=True)
class Stack:
    """All of it, of which every target is up."""

    redis: Servers
    backend: Backend
    node: NodeExporter
    redis_exporter: RedisExporter
    alertmanager: Alertmanager
    prometheus: Prometheus

    def watch(self, job: str, targets: Sequence[Mapping[str, Any]]) -> None:
        """Have a job scrape more static_configs, and return when they are up."""
        path = self.prometheus.configuration / "prometheus.yml"
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        next(one for one in settings["scrape_configs"] if one["job_name"] == job)["static_configs"] += targets
        path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        self.prometheus.reload()
        for one in targets:
            for address in one["targets"]:
                self.prometheus.wait_for(f'up{{job="{job}", instance="{address}"}} == 1')


@contextmanager
def monitored_platform(
    directory: Path, rules: Sequence[Path] = (), redis_options: Sequence[str] = (), **backend_variables: object
) -> Iterator[Stack]:
    """A Redis Cluster of three masters and three replicas, a backend that caches in it, and all that watches them."""
    with ExitStack() as opened:
        redis = opened.enter_context(redis_cluster(directory / "redis", options=redis_options))
        url = cache_url([{"host": node.host, "port": node.port} for node in redis], "cluster", {"password": PASSWORD})
        backend = opened.enter_context(served(directory / "backend.log", cache_url=url, **backend_variables))
        node = opened.enter_context(NodeExporter(directory / "node"))
        exporter = opened.enter_context(RedisExporter(directory / "redis-exporter"))
        alertmanager = opened.enter_context(Alertmanager(directory / "alertmanager"))
        prometheus = Prometheus(directory / "prometheus", directory / "configuration")
        jobs = {
            "prometheus": [target(prometheus.address)],
            "alertmanager": [target(alertmanager.address)],
            "node": [target(node.address)],
            "redis": redis_job(exporter, redis.addresses),
            "omnimind_backend": [target(f"127.0.0.1:{backend.port}")],
        }
        configure(prometheus.configuration, jobs, rules=rules, alertmanagers=[alertmanager.address])
        opened.enter_context(prometheus)
        prometheus.wait_for("up == 1", count=4 + len(redis))
        yield Stack(redis, backend, node, exporter, alertmanager, prometheus)


@contextmanager
def redis_cluster(
    directory: Path, hosts: Sequence[str] = tuple(SIX_ON_THREE_HOSTS), options: Sequence[str] = ()
) -> Iterator[Servers]:
    """Servers that the product has formed into a cluster with one replica for each master."""
    need("redis-server")
    with Servers(directory, hosts, options) as servers, Session(Login(password=PASSWORD, timeout=1.0)) as session:
        nodes = parse_nodes([{"host": server.host, "port": server.port} for server in servers])
        converge(session, nodes, Wish(), time.monotonic() + 30)
        yield servers
