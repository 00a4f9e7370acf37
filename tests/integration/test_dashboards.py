"""Every expression of every dashboard is asked of a real Prometheus that watches the real stack.

First nobody uses the platform and nothing is wrong with it. Then a load comes, faults are made, and there are a GPU and
certificates to watch. What a panel shows must be what its builder says of it, both times.
"""

from __future__ import annotations

import math
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import redis
import yaml
from loopback import wait_until
from unit.monitoring import rendered

from integration.monitoring_stack import ROOT, Stack, monitored_platform, target
from integration.servers import free_ports
from tools.dashboards.board import Board
from tools.dashboards.boards import BOARDS
from tools.dashboards.lint.reading import selectors
from tools.dashboards.panels import Empty, Query

# What Grafana fills in when everything is chosen; the ranges are short, as the stack is young.
VARIABLES = {"$job": ".+", "$instance": ".+", "$__rate_interval": "10s", "$__range": "1m"}
UNUSED = {Empty.IDLE, Empty.FAULTLESS, Empty.NO_GPU, Empty.NO_CERTIFICATES, Empty.NO_HISTORY}
GPU = {
    "utilization_ratio": 0.5,
    "memory_used_bytes": 8e9,
    "memory_total_bytes": 16e9,
    "temperature_celsius": 60,
    "power_watts": 150,
}
# An alert for the table of each dashboard.
ALERTS = ("HostCpuBusy", "BackendErrorRate", "BackendTasksFailing", "ModalitySlow", "RedisDown")

every_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.file)


class Asked:
    """A Prometheus that is asked what the dashboards ask, and what has had data so far."""

    def __init__(self, stack: Stack) -> None:
        self.prometheus = stack.prometheus
        self.seen: set[str] = set()

    def has_data(self, query: Query) -> bool:
        """Whether there is a number; NaN, a quantile of nothing, is none. ValueError when Prometheus cannot read it."""
        samples = self.prometheus.query(filled(query.expression))
        found = any(not math.isnan(float(sample["value"][1])) for sample in samples)
        if found:
            self.seen.add(query.expression)
        return found

    def missing(self, *boards: Board) -> list[str]:
        """What has had no data and should have, when the platform is in use."""
        return [
            f"{drawing.title}: {query.expression}"
            for board in boards
            for _number, drawing in board.drawings()
            if drawing.empty not in (Empty.NO_HISTORY, Empty.CHANCE)
            for query in drawing.queries
            if not query.rare and query.expression not in self.seen and not self.has_data(query)
        ]

    def shown(self, board: Board, reasons: set[Empty]) -> list[str]:
        """The panels that have one of these reasons to be empty, and are not."""
        return [
            drawing.title
            for _number, drawing in board.drawings()
            if drawing.empty in reasons and any(self.has_data(query) for query in drawing.queries)
        ]


def filled(expression: str) -> str:
    """With the variables of a dashboard filled in."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in re.sub(r'"[^"]*"', "", expression), expression
    return expression


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with the product's recordings, when every target has been seen more than once."""
    directory = tmp_path_factory.mktemp("stack")
    rules = [*recordings(directory), forced_alerts(directory)]
    limit = ("--maxmemory", "100mb")
    with monitored_platform(directory / "platform", rules, limit, task_workers=2, task_queue=2) as stack:
        stack.prometheus.wait_for("count_over_time(up[1m]) >= 4", count=10)
        yield stack


def recordings(directory: Path) -> list[Path]:
    """What the role's rules record, every second and without their alerts, which would fire at what is done here."""
    found = []
    for name, content in rendered.files().items():
        groups = [
            {**group, "interval": "1s", "rules": [rule for rule in group["rules"] if "record" in rule]}
            for group in content["groups"]
        ]
        found.append(directory / f"{name}.yml")
        found[-1].write_text(yaml.safe_dump({"groups": groups}), encoding="utf-8")
    return found


def forced_alerts(directory: Path) -> Path:
    """Alerts that fire when the file has them, for `use`."""
    path = directory / "alerts.yml"
    path.write_text(yaml.safe_dump({"groups": []}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def used(idle: Stack) -> Iterator[Asked]:
    """The same stack under load, with faults, a GPU and certificates, when all of that has been asked for."""
    watched(idle)
    let_alerts_fire(idle)
    asked = Asked(idle)
    with load(idle):
        deadline = time.monotonic() + 40
        while asked.missing(*BOARDS) and time.monotonic() < deadline:
            ask_compressed(idle.backend.url)
            ask_too_much(idle.backend.url)
            ask_the_wrong_node(idle)
        yield asked


def watched(stack: Stack) -> None:
    """Let the host have a GPU and a certificate, as the role's collectors write them."""
    gpu = "".join(f'omnimind_gpu_{name}{{gpu="0",name="Test"}} {value}\n' for name, value in GPU.items())
    (stack.node.textfiles / "gpu.prom").write_text(gpu, encoding="utf-8")
    certificate = f'omnimind_certificate_expiry_timestamp_seconds{{path="/a.pem"}} {time.time() + 86400}\n'
    (stack.node.textfiles / "certificates.prom").write_text(certificate, encoding="utf-8")


def let_alerts_fire(stack: Stack) -> None:
    configuration = yaml.safe_load((stack.prometheus.configuration / "prometheus.yml").read_text(encoding="utf-8"))
    path = next(Path(name) for name in configuration["rule_files"] if name.endswith("/alerts.yml"))
    labels = {"severity": "warning", "job": "test", "instance": "127.0.0.1:1"}
    rules = [{"alert": name, "expr": "vector(1)", "labels": labels} for name in ALERTS]
    path.write_text(yaml.safe_dump({"groups": [{"name": "forced", "rules": rules}]}), encoding="utf-8")
    stack.prometheus.reload()


@contextmanager
def load(stack: Stack) -> Iterator[None]:
    """What the platform's own load script does, and its demonstration of what only the full OmniMind does."""
    port = free_ports(1)[0]
    script = ROOT / "files" / "backend" / "load" / "generate_load.py"
    options = ["--rate", "20", "--seconds", "120", "--modalities", f"127.0.0.1:{port}"]
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, str(script), stack.backend.url, *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: responds(f"http://127.0.0.1:{port}/metrics"), 20, "the demonstration answers")
        stack.watch("omnimind_backend", [target(f"127.0.0.1:{port}")])
        yield
    finally:
        process.kill()
        process.wait()


def responds(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def ask_compressed(url: str) -> None:
    """As browsers do."""
    for coding in ("gzip", "br", "zstd"):
        httpx.get(f"{url}/openapi.json", headers={"Accept-Encoding": coding})


def ask_too_much(url: str) -> None:
    """More tasks at once than there is room for: some are turned away with 503."""
    body = bytes(range(256)) * 4000

    def ask(_number: int) -> int:
        return httpx.post(f"{url}/api/tasks", params={"kind": "compression"}, content=body, timeout=30).status_code

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(ask, range(12)))


def ask_the_wrong_node(stack: Stack) -> None:
    """A key's slot is served by one master: the others answer MOVED, which is counted as an error."""
    for server in stack.redis:
        try:
            server.call("GET", "somewhere")
        except redis.ResponseError:
            continue


@every_board
def test_every_expression_is_read(board: Board, idle: Stack) -> None:
    """Prometheus refuses none."""
    for _number, drawing in board.drawings():
        for query in drawing.queries:
            Asked(idle).has_data(query)


@every_board
def test_nobody_uses_it(board: Board, idle: Stack) -> None:
    """What is said to be empty is empty: a reason that does not hold would hide a broken panel."""
    assert Asked(idle).shown(board, UNUSED) == []


@every_board
def test_everything_is_shown(board: Board, used: Asked) -> None:
    """Every query has had data, but of what takes two days."""
    assert used.missing(board) == []
    assert used.shown(board, {Empty.NO_HISTORY}) == []


def test_every_metric_is_exported(used: Asked) -> None:
    """By something that is scraped, or recorded by a rule: a name that nobody knows is a panel that is never filled."""
    known = set(used.prometheus.get("/api/v1/label/__name__/values")["data"])
    known |= {rule["record"] for rule in rendered.rules() if "record" in rule}
    queries = [query for board in BOARDS for _number, drawing in board.drawings() for query in drawing.queries]
    assert {selector.metric for query in queries for selector in selectors(query.expression)} - known == set()


@every_board
def test_choices_and_annotations(board: Board, used: Asked) -> None:
    """There are jobs and instances to choose from, and alerts and deployments are drawn."""
    document = board.document()
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]).groups()
            assert used.prometheus.query(f"group by ({label}) ({filled(selector)})"), variable["name"]
    for annotation in document["annotations"]["list"]:
        assert used.prometheus.query(filled(annotation["expr"])), annotation["name"]
