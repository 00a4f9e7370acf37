"""The load script against a real backend with a real Redis, and what is counted then against docs/metrics.md."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from app.contract import documented, exported, shapes, undocumented
from app.serving import Backend, served
from cache.servers import PASSWORD, Server, Servers
from loopback import free_port, wait_until
from prometheus_client.parser import text_string_to_metric_families

SCRIPT = Path(__file__).resolve().parents[2] / "load" / "generate_load.py"
MACHINES = {"/health", "/ready", "/metrics"}


def run(*arguments: object, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """The script as a process, which is gone when the block is left."""
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def samples(text: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for family in text_string_to_metric_families(text):
        yield from ((sample.name, sample.labels, sample.value) for sample in family.samples)


def total(text: str, name: str, **labels: str) -> float:
    return sum(value for found, has, value in samples(text) if found == name and labels.items() <= has.items())


def answered(backend: Backend) -> dict[str, int]:
    """Answers by status, but for those that machines ask for."""
    found: dict[str, int] = {}
    for name, labels, value in samples(backend.client.get("/metrics").text):
        if name == "omnimind_http_requests_total" and labels["route"] not in MACHINES and value:
            found[labels["status"]] = found.get(labels["status"], 0) + int(value)
    return found


def test_what_the_script_did_is_what_the_backend_counted(tmp_path: Path) -> None:
    with Servers(tmp_path / "redis") as servers:
        servers.append(Server(servers.directory / "data", free_port()).start())
        login = f":{quote(PASSWORD, safe='')}@"
        with served(tmp_path / "log", cache_url=f"redis://{login}{servers[0].address}") as backend:
            # Without site-packages: it needs nothing but Python.
            done = run(backend.url, "--seconds", 6, "--rate", 30, "--at-a-time", 8, options=("-S",))
            assert done.returncode == 0, done.stderr
            report: dict[str, Any] = json.loads(done.stdout)
            wait_until(lambda: answered(backend) == report["answers"], what=f"counted is {report['answers']}")
            text = backend.client.get("/metrics").text
    acts = report["acts"]
    assert report["unanswered"] == {} and not {"500", "503"} & report["answers"].keys()
    assert len(acts) == 5 and sum(acts.values()) <= 6 * 30 + 1
    # Pictures and tasks: done, and each in its own place.
    tasks = {"image": "have_an_image_task_done", "compression": "have_a_compression_task_done"}
    image_tasks = total(text, "omnimind_modality_operations_total", operation="optimize_image_task", outcome="succeeded")
    made = total(text, "omnimind_modality_operations_total", operation="optimize_image", outcome="succeeded")
    assert image_tasks == acts[tasks["image"]]
    assert total(text, "omnimind_tasks_total", kind="compression", outcome="done") == acts[tasks["compression"]]
    assert total(text, "omnimind_tasks_total", kind="image", outcome="done") == image_tasks + made
    assert 0 < made < acts["optimize"], "some come from the cache, and are no operations"
    assert made == sum(total(text, "omnimind_cache_loads_total", result=result) for result in ("stored", "not_stored"))
    assert total(text, "omnimind_modality_operation_seconds_count") == made + image_tasks
    for name in ("omnimind_task_seconds_count", "omnimind_task_wait_seconds_count"):
        assert total(text, name, kind="image") == sum(
            total(text, "omnimind_tasks_total", kind="image", outcome=outcome) for outcome in ("done", "refused")
        )
    assert total(text, "omnimind_image_bytes_in_total") > 10 * total(text, "omnimind_image_bytes_out_total") > 0
    # Under load, with a Redis, nothing appears that the page does not know.
    page, found = documented(), exported(text)
    assert shapes(found) == shapes(page) and undocumented(found, page) == []


def test_it_goes_on_when_a_backend_comes_back_and_ends_when_told_to(tmp_path: Path) -> None:
    with served(tmp_path / "log") as backend, running(backend.url, "--seconds", 600, "--rate", 50) as load:
        wait_until(lambda: sum(answered(backend).values()) > 10)
        assert backend.process is not None
        backend.process.kill()
        backend.process.wait()
        backend.start()
        wait_until(lambda: sum(answered(backend).values()) > 10)
        load.send_signal(signal.SIGTERM)
        out, err = load.communicate(timeout=10)
        report = json.loads(out)
        assert load.returncode == 0 and "Traceback" not in err
        assert report["unanswered"][backend.url] > 0 and sum(report["answers"].values()) > 20


def test_where_nobody_answers_it_says_so() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = run(url, "--seconds", 1, "--rate", 20)
    report = json.loads(done.stdout)
    assert done.returncode == 1 and report["answers"] == {}
    assert 1 <= report["unanswered"][url] <= 21


def test_the_demonstration_shows_every_modality_and_what_it_is() -> None:
    with running("--modalities", "127.0.0.1:0", "--seconds", 600) as load:
        assert load.stderr is not None
        said = load.stderr.readline()
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+/metrics", said)
        with httpx.Client() as client:

            def worked() -> bool:
                text = client.get(url).text
                done = [total(text, "omnimind_modality_operations_total", modality=name, outcome="succeeded") for name in names]
                return all(done)

            names = ("vision", "audio", "fusion", "embodied")
            wait_until(worked, 30, "all four have done something")
            found = exported(client.get(url).text)
        load.send_signal(signal.SIGTERM)
        load.communicate(timeout=10)
        assert load.returncode == 0 and "no OmniMind was measured" in said
    page = documented() | documented("## A load", "## Targets")
    modalities = {name for name in page if name.startswith("omnimind_modality_")}
    assert found.keys() == modalities | {"omnimind_load_demonstration_info"}
    assert shapes(found).items() <= shapes(page).items() and undocumented(found, page) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "there is nothing to do; right would be the ADDRESS of a backend"),
        (["127.0.0.1:8000"], "'127.0.0.1:8000' is no address"),
        (["http://127.0.0.1:8000/api"], "right would be such as http://127.0.0.1:8000"),
        (["http://127.0.0.1:8000", "--rate", "1000"], "--rate: '1000' is not possible; right would be from 0.1 to 100"),
        (["http://127.0.0.1:8000", "--seconds", "nan"], "--seconds: 'nan' is not possible"),
        (["http://127.0.0.1:8000", "--at-a-time", "1.5"], "--at-a-time: '1.5' is not possible"),
        (["--modalities", "9180"], "--modalities: '9180' is not possible; right would be such as 127.0.0.1:9180"),
        (["--modalities", "192.0.2.1:9180"], "--modalities: 192.0.2.1:9180: "),
    ],
)
def test_what_cannot_be_right_is_refused(arguments: list[str], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def test_its_help_says_what_it_is() -> None:
    said = run("--help").stdout
    for word in ("--seconds", "--rate", "--modalities HOST:PORT", "a demonstration, not a measurement", "exit status"):
        assert word in said
