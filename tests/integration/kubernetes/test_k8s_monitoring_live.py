"""What is made for the Prometheus of a namespace, as it is, in a real Prometheus whose names lead to loopback."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from integration.kubernetes import monitoring_made
from integration.kubernetes.name_server import NameServer
from integration.monitoring_stack import Prometheus, RedisExporter, need

# Of this test alone, so that the ports of the roll-out are free there.
REDIS, EXPORTER, PROMETHEUS, BACKEND, NAMES = (f"127.77.{number}.1" for number in range(1, 6))
INSIDE = "omnimind.svc.cluster.local"
POD = f"127-77-4-1.omnimind-backend-targets.{INSIDE}"
BACKENDS = f"_metrics._tcp.omnimind-backend-targets.{INSIDE}"


class Asking:
    """A daemon that looks names up at our name server, and listens where its Service would have it."""

    names: NameServer
    daemon: str

    def lead(self: Any, names: NameServer, address: str) -> None:
        self.names, self.daemon, self.program = names, self.program, "unshare"
        self.address = address
        self.url = f"http://{address}"
        self.client = httpx.Client(base_url=self.url, timeout=10)

    def arguments(self: Any) -> list[str]:
        own = [self.daemon, *super().arguments()]  # type: ignore[misc]
        return self.names.asked_by(own, self.directory)[1:-1] + [self._line(own)]

    def _line(self: Any, own: list[str]) -> str:
        return self.names.asked_by([*own, *self.options], self.directory)[-1]


class NamedPrometheus(Asking, Prometheus):
    pass


class NamedExporter(Asking, RedisExporter):
    pass


class Failing(BaseHTTPRequestHandler):
    """A backend that answers every second request with 500."""

    count = 0

    def do_GET(self) -> None:
        Failing.count += 10
        text = "# TYPE omnimind_http_requests_total counter\n" + "".join(
            f'omnimind_http_requests_total{{method="GET",route="/v1/tasks",status="{status}"}} {Failing.count}\n'
            for status in (200, 500)
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *unused: Any) -> None:
        pass


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = monitoring_made.plan(
        scrape_interval="1s",
        evaluation_interval="1s",
        alertmanager_replicas=1,
        redis_sets=[{"name": "omnimind-redis", "pods": 2, "port": 6379}],
    )
    return monitoring_made.write(plan["prometheus"], tmp_path_factory.mktemp("configuration"))


@pytest.fixture(scope="module")
def names() -> Iterator[NameServer]:
    addresses = {
        f"omnimind-redis-0.omnimind-redis.{INSIDE}": REDIS,
        f"omnimind-exporter.{INSIDE}": EXPORTER,
        f"omnimind-prometheus-0.omnimind-prometheus.{INSIDE}": PROMETHEUS,
        POD: BACKEND,
    }
    with NameServer(NAMES, addresses, {BACKENDS: [(POD, 8000)]}) as server:
        yield server


@pytest.fixture(scope="module")
def prometheus(
    tmp_path_factory: pytest.TempPathFactory, names: NameServer, configuration: Path
) -> Iterator[Prometheus]:
    """One that watches a Redis, another that is not there, and a backend."""
    need("redis-server")
    directory = tmp_path_factory.mktemp("stack")
    backend = ThreadingHTTPServer((BACKEND, 8000), Failing)
    threading.Thread(target=backend.serve_forever, args=(0.05,), daemon=True).start()
    command = ["redis-server", "--bind", REDIS, "--port", "6379", "--requirepass", "planted", "--save", ""]
    redis = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], cwd=directory, stdout=subprocess.DEVNULL)
    exporter = NamedExporter(directory / "exporter", f"--web.listen-address={EXPORTER}:9121", password="planted")
    exporter.lead(names, f"{EXPORTER}:9121")
    server = NamedPrometheus(directory / "prometheus", configuration)
    server.lead(names, f"{PROMETHEUS}:9090")
    try:
        with exporter, server:
            yield server
    finally:
        redis.kill()
        redis.wait()
        backend.shutdown()
        backend.server_close()


def test_series_have_the_labels_that_rules_expect(prometheus: Prometheus) -> None:
    prometheus.wait_for("up == 1", count=4)
    found = {
        (one["metric"]["job"], one["metric"]["instance"], one["metric"]["host"]): one["value"][1]
        for one in prometheus.query("up")
    }
    assert found == {
        ("prometheus", "omnimind-prometheus-0:9090", "omnimind-prometheus-0"): "1",
        ("alertmanager", "omnimind-alertmanager-0:9093", "omnimind-alertmanager-0"): "0",
        ("redis", "omnimind-redis-0:6379", "omnimind-redis-0"): "1",
        ("redis", "omnimind-redis-1:6379", "omnimind-redis-1"): "1",
        ("omnimind_backend", "127-77-4-1:8000", "127-77-4-1"): "1",
    }


def test_rules_are_evaluated_on_them(prometheus: Prometheus) -> None:
    (ratio,) = prometheus.wait_for("job:http_errors:ratio_rate5m")
    assert ratio["metric"] == {
        "__name__": "job:http_errors:ratio_rate5m",
        "job": "omnimind_backend",
        "instance": "127-77-4-1:8000",
        "host": "127-77-4-1",
    }
    assert float(ratio["value"][1]) == pytest.approx(0.5)
    (answering,) = prometheus.wait_for("redis_up == 1")
    assert answering["metric"]["instance"] == "omnimind-redis-0:6379"


def test_a_pod_that_is_not_there_is_told_of(prometheus: Prometheus) -> None:
    (alert,) = prometheus.wait_for('ALERTS{alertname="RedisDown"}')
    assert alert["metric"]["instance"] == "omnimind-redis-1:6379" and alert["metric"]["host"] == "omnimind-redis-1"
    prometheus.wait_for('ALERTS{alertname="BackendErrorRate", instance="127-77-4-1:8000"}')
    assert prometheus.query('ALERTS{alertname="BackendDown"}') == []


def test_no_backend_at_all_is_told_of(prometheus: Prometheus, names: NameServer) -> None:
    """Names are looked up every 15 s."""
    former, names.services = names.services, {BACKENDS: []}
    try:
        (alert,) = prometheus.wait_for('ALERTS{alertname="BackendDown"}', seconds=40)
        assert alert["metric"]["severity"] == "critical"
    finally:
        names.services = former


def test_every_rule_is_healthy(prometheus: Prometheus) -> None:
    groups = prometheus.get("/api/v1/rules")["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []
    names_of_groups = {group["name"] for group in groups}
    assert {"redis_alerts", "backend_alerts", "monitoring_alerts", "kubernetes_alerts"} <= names_of_groups
    assert not {"host_alerts", "host_recordings"} & names_of_groups
