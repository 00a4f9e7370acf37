"""The backend's role below its modules: bad input, releases and revisions, answers, addresses, the page."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.omnimind.platform.plugins.module_utils.backend import (
    answers,
    cache_url,
    page,
    preflight,
    redis_ping,
    releases,
    revisions,
    sources,
)
from ansible_collections.omnimind.platform.plugins.module_utils.backend.errors import BackendFailure

ROOT = Path(__file__).resolve().parents[2]

# --- preflight ---------------------------------------------------------------------------------------

FIT = preflight.HostState(
    listening=frozenset({22, 8001}), own_ports=frozenset({8001}), python=(3, 11), image="sha256:1"
)
GOOD: dict[str, Any] = {
    "name": "omnimind-backend",
    "runtime": "venv",
    "ports": [8000, 8001],
    "address": "127.0.0.1",
    "compression": {"codings": ["br", "gzip"], "levels": {"br": 5, "zstd": None}, "minimum_size": 0},
    "images": {"body_mib": 8},
    "tasks": {"queue": 0},
    "shutdown_seconds": 20,
    "keep_revisions": 3,
    "python": "/usr/bin/python3",
    "wheelhouse": "",
    "container_image": "",
}


def complaints(host: preflight.HostState = FIT, **variables: Any) -> list[str]:
    return preflight.complaints({**GOOD, **variables}, host)[0]


def host(**changes: Any) -> preflight.HostState:
    return preflight.HostState(**{**vars(FIT), **changes})


def test_good_input_on_a_fit_host() -> None:
    assert complaints() == []
    assert complaints(runtime="container", container_image="backend:1") == []


@pytest.mark.parametrize(
    ("variables", "beginning"),
    [
        ({"name": "Backend 1"}, "name: 'Backend 1' is no name of a service; right would be"),
        ({"ports": []}, "ports: the list is empty; right would be"),
        ({"ports": [8000, 8000]}, "ports: 8000 is given twice"),
        ({"ports": [0]}, "ports: 0 is no port; right would be a number from 1 to 65535"),
        ({"ports": [65536]}, "ports: 65536 is no port"),
        (
            {"ports": [22], "runtime": "container", "container_image": "x"},
            "ports: 22 is taken by another program on this host",
        ),
        ({"ports": [80]}, "ports: 80 is for root only; right would be 1024 or more"),
        (
            {"address": "192.0.2.1", "host": host(has_address=False)},
            "address: 192.0.2.1 is no address of this host; right would be one of its own",
        ),
        (
            {"address": "backend.example.com"},
            "address: 'backend.example.com' is no address; right would be a numeric one",
        ),
        (
            {"compression": {"codings": []}},
            "compression.codings: the list is empty; right would be one or more of zstd, br, gzip",
        ),
        (
            {"compression": {"codings": ["lzma"]}},
            "compression.codings: 'lzma' is no coding; right would be zstd, br, gzip",
        ),
        ({"compression": {"stream_codings": ["br", "br"]}}, "compression.stream_codings: br is given twice"),
        (
            {"compression": {"levels": {"br": 12}}},
            "compression.levels.br: 12 is not possible; right would be a whole number from 0 to 11",
        ),
        (
            {"compression": {"levels": {"zstd": 0}}},
            "compression.levels.zstd: 0 is not possible; right would be a whole number from 1 to 19",
        ),
        ({"compression": {"levels": {"gzip": True}}}, "compression.levels.gzip: True is not possible"),
        ({"compression": {"levels": {"lzma": 1}}}, "compression.levels: 'lzma' is no coding"),
        (
            {"compression": {"stream_levels": {"br": 4}}},
            "compression.stream_levels.br: 4 is not possible; right would be a whole number from 2 to 3",
        ),
        (
            {"compression": {"minimum_size": -1}},
            "compression.minimum_size: -1 is not possible; right would be a whole number of bytes",
        ),
        ({"compression": {"minimum_size": "1k"}}, "compression.minimum_size: '1k' is not possible"),
        ({"compression": {"offload_from": {"br": -5}}}, "compression.offload_from.br: -5 is not possible"),
        ({"compression": {"content_types": []}}, "compression.content_types: the list is empty"),
        ({"compression": {"excluded_paths": ["api"]}}, "compression.excluded_paths: 'api' is no path"),
        (
            {"images": {"megapixels": 171}},
            "images.megapixels: 171 is not possible; right would be a whole number from 1 to 170",
        ),
        ({"images": {"side": "big"}}, "images.side: 'big' is not possible"),
        ({"tasks": {"workers": 0}}, "tasks.workers: 0 is not possible"),
        ({"shutdown_seconds": 0}, "shutdown_seconds: 0 is not possible"),
        ({"keep_revisions": 1}, "keep_revisions: 1 is not possible; right would be a whole number from 2"),
        ({"ports": ["http"]}, "ports: 'http' is no port; right would be a number"),
        (
            {"compression": {"codecs": ["br"]}},
            "compression.codecs: there is no such setting; right would be one of codings,",
        ),
        (
            {"compression": {"codings": "br"}},
            "compression.codings: 'br' is not possible; right would be a list of codings",
        ),
        (
            {"compression": {"levels": 5}},
            "compression.levels: 5 is not possible; right would be a number for any of zstd",
        ),
        ({"compression": {"content_types": ["json"]}}, "compression.content_types: 'json' is no type"),
        (
            {"images": {"pixels": 1}},
            "images.pixels: there is no such setting; right would be one of body_mib, megapixels",
        ),
        ({"host": host(python=(3, 9))}, "python: /usr/bin/python3 is Python 3.9; right would be 3.11 or newer"),
        ({"host": host(python=())}, "python: /usr/bin/python3 is no Python that runs on this host"),
        (
            {"host": host(wheelhouse_found=False), "wheelhouse": "/wheels"},
            "wheelhouse: /wheels has no wheels on this host",
        ),
        ({"host": host(is_root=False)}, "ansible_become: tasks of this role need root"),
        (
            {"host": host(runtime="container")},
            "runtime: this host runs container; right would be that, or the playbook teardown",
        ),
        ({"runtime": "container"}, "container_image: it is empty"),
        (
            {"runtime": "container", "container_image": "x", "host": host(image="")},
            "container_image: there is no image 'x' on this host",
        ),
        (
            {"runtime": "container", "container_image": "x", "host": host(engine_problem="refused")},
            "runtime: container needs a Docker engine",
        ),
        (
            {"host": host(redis_problems={"redis_password": "10.0.0.1:7000 answers WRONGPASS"})},
            "redis_password: 10.0.0.1:7000 answers",
        ),
    ],
)
def test_refused_by_name(variables: dict[str, Any], beginning: str) -> None:
    (complaint,) = complaints(**variables)
    assert complaint.startswith(beginning)


def test_every_reason_is_told_at_once() -> None:
    found = complaints(host(is_root=False), ports=[0, 8001, 8001], compression={"levels": {"br": 99, "gzip": 99}})
    assert [text.partition(":")[0] for text in found] == [
        "ansible_become", "ports", "ports", "compression.levels.br", "compression.levels.gzip",
    ]  # fmt: skip


def test_in_check_mode_redis_may_be_yet_to_come() -> None:
    away = host(redis_problems={"redis_group": "no node of Redis can be asked"})
    assert preflight.complaints(GOOD, away, check_mode=True) == ([], ["redis_group: no node of Redis can be asked"])


def test_what_is_not_given_is_left_to_the_backend() -> None:
    compression = {
        "codings": ["br"],
        "levels": {"br": "5", "zstd": None},
        "stream_levels": {"br": None},
        "minimum_size": None,
    }
    assert preflight.given(compression) == {"codings": ["br"], "levels": {"br": 5}}


def test_bounds_are_those_of_the_backend() -> None:
    codecs = pytest.importorskip("omnimind_backend.compression.codecs")
    assert (preflight.LEVELS, preflight.STREAM_LEVELS) == (codecs.LEVELS, codecs.STREAM_LEVELS)


# --- where Redis is ------------------------------------------------------------------------------------

NODES = [{"host": "10.0.0.1", "port": 7000, "zone": ""}, {"host": "2001:db8::1", "port": 7001, "zone": ""}]


@pytest.mark.parametrize(
    ("kind", "login", "url"),
    [
        ("cluster", {}, "redis+cluster://10.0.0.1:7000,[2001:db8::1]:7001"),
        ("cluster", {"password": "a/b@c:d e"}, "redis+cluster://:a%2Fb%40c%3Ad%20e@10.0.0.1:7000,[2001:db8::1]:7001"),
        (
            "sentinel",
            {"user": "app", "password": "p", "service": "cache", "sentinel_password": "s p", "more": {"ttl": 60}},
            "redis+sentinel://app:p@10.0.0.1:7000,[2001:db8::1]:7001/cache?ttl=60&sentinel_password=s%20p",
        ),
        (
            "cluster",
            {"tls": True, "ca_file": "/etc/x/current/cache-ca.crt", "sentinel_password": "unused"},
            "rediss+cluster://10.0.0.1:7000,[2001:db8::1]:7001?ca_file=/etc/x/current/cache-ca.crt",
        ),
    ],
)
def test_where_redis_is_as_one_text(kind: str, login: dict[str, Any], url: str) -> None:
    """And read again, here and by the backend, it is the same."""
    assert cache_url.cache_url(NODES, kind, login) == url
    place = cache_url.parse_url(url)
    assert place.nodes == (("10.0.0.1", 7000), ("2001:db8::1", 7001))
    told = (place.kind, place.user, place.password, place.service, place.tls)
    assert told == (kind, login.get("user", ""), login.get("password", ""), login.get("service", ""), "tls" in login)
    backend = pytest.importorskip("omnimind_backend.cache")
    if "tls" not in login:  # it wants the file to be there
        read = backend.CacheSettings.from_url(url)
        assert read.addresses == place.nodes
        assert (read.topology, read.username, read.password, read.service) == told[:4]


def test_no_redis() -> None:
    assert cache_url.cache_url([], "cluster", {"password": "x"}) == "none:"
    assert cache_url.parse_url("none:").kind == "none"


@pytest.mark.parametrize("url", ["http://x", "redis+cluster://host:port", "redis://:7000", "redis+ring://x:1"])
def test_a_text_of_another_form(url: str) -> None:
    with pytest.raises(BackendFailure, match="^cache_url: "):
        cache_url.parse_url(url)


def test_a_refused_text_keeps_its_password() -> None:
    with pytest.raises(BackendFailure) as caught:
        cache_url.parse_url("redis+cluster://:swordfish@host:none")
    assert "swordfish" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"+OK\r\n", "OK"),
        (b":7\r\n", 7),
        (b"$3\r\nabc\r\n", "abc"),
        (b"$-1\r\n", None),
        (b"*2\r\n$1\r\na\r\n:1\r\n", ["a", 1]),
    ],
)
def test_replies_of_redis(data: bytes, reply: object) -> None:
    assert redis_ping.read_reply(io.BytesIO(data)) == reply


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 400 Bad Request\r\n", b"$x\r\n"])
def test_what_is_no_redis(data: bytes) -> None:
    with pytest.raises(ValueError, match="does not speak"):
        redis_ping.read_reply(io.BytesIO(data))


def test_a_command_for_redis() -> None:
    assert redis_ping.encode(["AUTH", "é"]) == b"*2\r\n$4\r\nAUTH\r\n$2\r\n\xc3\xa9\r\n"


# --- sources and revisions -----------------------------------------------------------------------------


def write_sources(directory: Path, main: str = "print()\n") -> Path:
    package = directory / "src" / "omnimind_backend"
    (package / "pages").mkdir(parents=True)
    (directory / "requirements.txt").write_text("x==1 --hash=sha256:0\n")
    (package / "__main__.py").write_text(main)
    (package / "pages" / "status.html").write_text("<p>")
    (package / "__main__.cpython-311.pyc").write_text("compiled")
    return directory


def test_sources_are_the_lock_and_the_package(tmp_path: Path) -> None:
    files = sources.read_sources(write_sources(tmp_path))
    assert list(files) == [
        "requirements.txt",
        "src/omnimind_backend/__main__.py",
        "src/omnimind_backend/pages/status.html",
    ]
    assert sources.unpack(sources.pack(files)) == files


def test_a_digest_is_of_names_and_bytes_only(tmp_path: Path) -> None:
    one = sources.digest_of(sources.read_sources(write_sources(tmp_path / "a")))
    copy = write_sources(tmp_path / "b")
    os.utime(copy / "requirements.txt", (0, 0))
    assert sources.digest_of(sources.read_sources(copy)) == one
    assert sources.digest_of(sources.read_sources(write_sources(tmp_path / "c", "print(1)\n"))) != one
    assert sources.digest_of({"ab": b"c"}) != sources.digest_of({"a": b"bc"})


def test_the_collections_own_sources() -> None:
    assert "src/omnimind_backend/__main__.py" in sources.read_sources(ROOT / "files" / "backend")


@pytest.mark.parametrize("missing", ["requirements.txt", "src/omnimind_backend/__main__.py"])
def test_a_directory_that_is_none_of_sources(tmp_path: Path, missing: str) -> None:
    (write_sources(tmp_path) / missing).unlink()
    with pytest.raises(BackendFailure, match=f"has no {missing}"):
        sources.read_sources(tmp_path)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil"])
def test_an_archive_stays_in_its_directory(name: str) -> None:
    with pytest.raises(BackendFailure, match=f"'{name}' is in it"):
        sources.unpack(sources.pack({"requirements.txt": b"", name: b""}))


@pytest.mark.parametrize(
    ("whole", "needed", "removed"),
    [
        ("abcd", "", "c d"),
        ("abcd", "d", "c"),
        ("abcd", "cd", ""),
        ("bcd", "", "a d"),
        ("ab", "", "c d"),
    ],
)
def test_old_and_half_made_revisions_go(whole: str, needed: str, removed: str) -> None:
    newest_first = [Path(name) for name in "abcd"]
    found = revisions.surplus(newest_first, 2, set(needed), lambda path: path.name in whole)
    assert [path.name for path in found] == removed.split()


# --- releases --------------------------------------------------------------------------------------------

LAUNCH = {"revision": "aaa", "server": "uvicorn"}
FILES = {"backend.env": "A=1\n", "compression.yaml": "codings: [br]\n", "cache.url": "redis://:old@x\n"}


def release(launch: dict[str, Any] | None = None, **files: str) -> releases.Release:
    written = json.dumps({"version": "aaa+1", **LAUNCH, **(launch or {})})
    return releases.Release("r1", {**FILES, **files, "launch.json": written}, proved=True)


@pytest.mark.parametrize(
    ("changes", "launch", "changed", "version"),
    [
        ({}, {}, [], "aaa+1"),
        ({"compression.yaml": "codings: [gzip]\n"}, {}, ["compression.yaml"], "aaa+1"),
        ({"backend.env": "A=2\n"}, {}, ["backend.env"], "aaa+2"),
        ({"cache.url": "none:\n"}, {}, ["cache.url"], "aaa+2"),
        ({"cache-ca.crt": "PEM"}, {}, ["cache-ca.crt"], "aaa+2"),
        ({}, {"server": "granian"}, ["launch.json"], "aaa+2"),
        ({"compression.yaml": ""}, {"revision": "bbb"}, ["compression.yaml", "launch.json"], "bbb+2"),
    ],
)
def test_only_settings_of_compression_change_without_another_version(
    changes: dict[str, str], launch: dict[str, str], changed: list[str], version: str
) -> None:
    found = releases.compare({**FILES, **changes}, {**LAUNCH, **launch}, release(), "2")
    assert (sorted(found.changed), found.version) == (changed, version)


def test_the_first_release_is_all_new() -> None:
    assert releases.compare(FILES, LAUNCH, None, "1") == releases.Change(frozenset({*FILES, "launch.json"}), "aaa+1")


def test_a_difference_shows_no_secret() -> None:
    shown = releases.difference({**FILES, "cache.url": "redis://:new@x\n"}, release(), ["cache.url", "backend.env"])
    assert "old@" not in str(shown) and "new@" not in str(shown)
    assert shown[1]["before"] != shown[1]["after"]
    assert shown[0]["after"] == "A=1\n"


def test_the_environment_is_of_what_is_given() -> None:
    text = releases.environment_text({"log_level": "info", "task_workers": "", "task_queue": 0}, "/etc/x/current")
    assert releases.parse_environment(text) == {
        "OMNIMIND_LOG_LEVEL": "info",
        "OMNIMIND_TASK_QUEUE": "0",
        "OMNIMIND_COMPRESSION_FILE": "/etc/x/current/compression.yaml",
        "OMNIMIND_CACHE_URL_FILE": "/etc/x/current/cache.url",
    }
    with pytest.raises(BackendFailure, match="OMNIMIND_LOG_LEVEL has a line break"):
        releases.environment_text({"log_level": "info\nOMNIMIND_CACHE_URL=x"}, "/x")


class Shelf(releases.Shelf):
    """On a directory of the test's; every file stays with whoever runs it."""

    def put(self, version: str, proved: bool = True, **files: str) -> str:
        launch = json.dumps({**LAUNCH, "version": version})
        name = self.write({**FILES, **files, "launch.json": launch})
        self.put_in_force(name)
        if proved:
            self.prove(name)
        return name

    def _share(self, path: Path, mode: int) -> None:
        os.chmod(path, mode)

    def versions(self) -> list[str | None]:
        found = (self.linked(link) for link in (releases.CURRENT, releases.PREVIOUS))
        return [release and release.version for release in found]


def test_a_proved_release_is_gone_back_to(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    first = shelf.put("aaa+1")
    assert shelf.versions() == ["aaa+1", None] and shelf.fallback(first) is None
    second = shelf.put("bbb+2", proved=False)
    back = shelf.fallback(second)
    assert back and back.name == first
    shelf.put_in_force(first)
    assert shelf.versions() == ["aaa+1", None]
    shelf.put("ccc+3")
    assert shelf.versions() == ["ccc+3", "aaa+1"]
    assert len(list((tmp_path / "releases").iterdir())) == 2, "the one that failed is gone"


def test_settings_of_compression_do_not_displace_the_version_before(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put("aaa+1")
    before = shelf.put("bbb+2")
    after = shelf.put("bbb+2", **{"compression.yaml": ""}, proved=False)
    assert shelf.fallback(after).name == before
    shelf.prove(after)
    assert shelf.versions() == ["bbb+2", "aaa+1"]


def test_a_rollback_can_be_rolled_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put("aaa+1")
    shelf.put("bbb+2")
    for expected in (["aaa+1", "bbb+2"], ["bbb+2", "aaa+1"]):
        name = shelf.linked(releases.PREVIOUS).name
        shelf.put_in_force(name)
        shelf.prove(name)
        assert shelf.versions() == expected


def test_files_are_for_root_and_the_group_only(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    path = shelf.path(shelf.put("aaa+1"))
    assert {oct(file.stat().st_mode & 0o777) for file in path.glob("*.*")} == {"0o640"}
    assert oct(path.stat().st_mode & 0o777) == "0o750"


def test_a_draft_is_judged_where_it_will_not_be_seen(tmp_path: Path) -> None:
    """The file that the environment names has what the release will have, and names the draft's own neighbours."""
    files = {
        **FILES,
        "backend.env": "OMNIMIND_CACHE_URL_FILE=/none/current/cache.url\n",
        "cache.url": "/none/current/backend.env",
    }
    read = "import os; print(open(open(os.environ['OMNIMIND_CACHE_URL_FILE']).read()).read()); raise SystemExit(1)"
    with pytest.raises(BackendFailure, match="OMNIMIND_CACHE_URL_FILE=/none/current/cache.url"):
        releases.check(["python3", "-c", read], files, "/none/current")


def test_an_instance_is_started_with_the_release_in_force_and_its_own_revision(tmp_path: Path) -> None:
    """By the revision's own path: a link would lead elsewhere after an update."""
    python = tmp_path / "revisions" / "aaa" / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$0" "$@"; env\n')
    python.chmod(0o755)
    launch = {"directory": str(tmp_path), "revision": "aaa", "server": "granian", "address": "::1", "version": "aaa+1"}
    shelf = Shelf(tmp_path / "etc")
    shelf.put_in_force(shelf.write({"launch.json": json.dumps(launch), "backend.env": "OMNIMIND_LOG_LEVEL=info\n"}))
    launcher = ROOT / "roles" / "backend" / "files" / "launch.py"
    done = subprocess.run(
        ["/usr/bin/python3", "-IS", launcher, tmp_path / "etc", "8000"],
        env={"OMNIMIND_TASK_QUEUE": "9", "LANG": "C"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    command, *environment = done.stdout.splitlines()
    assert command == f"{python} -I -m omnimind_backend --host ::1 --port 8000 --server granian"
    assert {"OMNIMIND_VERSION=aaa+1", "OMNIMIND_LOG_LEVEL=info", "LANG=C"} <= set(environment)
    assert "OMNIMIND_TASK_QUEUE=9" not in environment


# --- answers ---------------------------------------------------------------------------------------------


def answer(**changes: Any) -> answers.Answer:
    ready = {"status": "ready", "missing": {}, **changes.pop("ready", {})}
    status = {"version": "aaa+1", "compression": {"read_at": 100.0, "problem": None}, **changes.pop("status", {})}
    return answers.Answer(
        **{"port": 8000, "ready_status": 200, "ready": ready, "status_status": 200, "status": status, **changes}
    )


EXPECTED = answers.Expected("aaa+1", frozenset({"redis 10.0.0.1:7000"}), 100.0)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, ""),
        ({"ready": {"status": "degraded", "missing": {"redis 10.0.0.1:7000": "refused"}}}, ""),
        ({"ready": {"missing": {"redis 10.0.0.2:7000": "refused"}}}, "it is without redis 10.0.0.2:7000 (refused)"),
        ({"ready_status": 503, "ready": {"status": "starting"}}, "/ready answers 503, starting"),
        ({"problem": "no answer (refused)"}, "no answer (refused)"),
        ({"status": {"version": "bbb+2"}}, "it runs bbb+2, not aaa+1"),
        ({"status": {"compression": {"read_at": 100.0, "problem": "bad"}}}, "compression.yaml is not followed: bad"),
        ({"status": {"compression": {"read_at": 99.9}}}, "it has not read compression.yaml since that was written"),
        ({"status": {"compression": {"read_at": 99.9995}}}, ""),
    ],
)
def test_whether_an_instance_is_fit(given: dict[str, Any], reason: str) -> None:
    assert answers.objection(answer(**given), EXPECTED) == reason


def test_what_must_be_done_about_instances() -> None:
    told = [
        answer(),
        answer(port=8001, status={"version": "bbb+2"}),
        answer(port=8002, problem="no answer"),
        answer(port=8003, status={"compression": {"read_at": 1.0}}),
    ]
    found = answers.describe(told, EXPECTED, {8000 + n: f"http://x:{8000 + n}" for n in range(4)})
    assert (found["fit"], found["outdated"], found["unread"]) == (False, [8001, 8002], [8003])


# --- the page --------------------------------------------------------------------------------------------


def test_the_page_says_where_to_look() -> None:
    status = {
        "version": "aaa+1", "uptime_seconds": 125.2, "cache": {"topology": "cluster"},
        "compression": {"read_at": 100.0, "codings": ["zstd", "br"], "minimum_size": 500},
    }  # fmt: skip
    found = answers.describe([answer(status=status)], EXPECTED, {8000: "http://127.0.0.1:8000"})
    text = page.page(found)
    assert text.splitlines()[0].endswith("READY") and "NOT" not in text.splitlines()[0]
    assert "compresses by zstd, br from 500 bytes; cache: a Redis Cluster" in text
    assert "http://127.0.0.1:8000  aaa+1    2 min  ready" in text
    assert "curl --silent --compressed --dump-header - http://127.0.0.1:8000/api/status" in text


def test_the_page_of_silent_instances() -> None:
    found = answers.describe(
        [answer(problem="no answer (refused)", status={"version": ""})], EXPECTED, {8000: "http://x:8000"}
    )
    text = page.page(found)
    assert text.splitlines()[0].endswith("NOT READY") and "no instance answers" in text and "LOOK" not in text
