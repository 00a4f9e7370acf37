"""The role backend on this machine, as its playbooks run it: revisions and releases, from the first to the last.

The tests of this file follow one another on one site, as the days of a site do.
"""

from __future__ import annotations

import http.client
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts.supervisor import supervisor
from integration.backends import CONFIGURATION, DIRECTORY, NAME, SOURCES, Played, Site, get, requests_all_the_time
from integration.servers import PASSWORD, Servers, free_ports

from ansible_collections.omnimind.platform.plugins.module_utils.backend.revisions import Recipe, is_whole, make
from ansible_collections.omnimind.platform.plugins.module_utils.backend.sources import LOCK, PACKAGE
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.convergence import converge
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.plan import Wish

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the role's preflight wants root: run the tests as root")

LIVE = {"backend_compression": {"codings": ["br", "gzip"], "levels": {"br": 1}, "minimum_size": 700}}


@pytest.fixture(scope="module")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Three masters."""
    with Servers(tmp_path_factory.mktemp("redis") / "servers", ["127.0.0.1"] * 3) as servers:
        nodes = parse_nodes([{"host": server.host, "port": server.port} for server in servers])
        with Session(Login(password=PASSWORD, timeout=2.0)) as session:
            converge(session, nodes, Wish(replicas=0), time.monotonic() + 30)
        yield servers


@pytest.fixture(scope="module")
def site(redis_cluster: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site where nothing runs yet, and nothing afterwards."""
    ports = [port + 1 for port in free_ports(2)]
    with supervisor():
        site = Site(tmp_path_factory.mktemp("site"), [server.port for server in redis_cluster], ports, PASSWORD)
        yield site
        if CONFIGURATION.exists() or DIRECTORY.exists():
            site.run("teardown.yml")


@pytest.fixture(scope="module")
def rolled_out(site: Site) -> Played:
    return site.run("backend.yml", "-v", "--diff")


def process_of(port: int) -> Path:
    """Of the instance, below /proc."""
    (found,) = [path.parent for path in Path("/proc").glob("[0-9]*/cmdline") if is_instance(path, port)]
    return found


def is_instance(path: Path, port: int) -> bool:
    try:
        words = path.read_bytes().split(b"\0")
    except OSError:
        return False
    return b"omnimind_backend" in words and str(port).encode() in words


def test_first_roll_out(site: Site, rolled_out: Played) -> None:
    assert not rolled_out.failed, rolled_out.output
    for port in site.ports:
        assert get(port, "/ready") == {"status": "ready", "missing": {}}
        assert site.status(port)["cache"]["topology"] == "cluster"
    (version,) = {site.status(port)["version"] for port in site.ports}
    (revision,) = [path.name for path in (DIRECTORY / "revisions").iterdir()]
    assert version.startswith(f"{revision}+")
    site.first_version = version
    assert (
        f"curl --silent --compressed --dump-header - http://127.0.0.1:{site.ports[0]}/api/status" in rolled_out.output
    )


def test_the_password_is_in_one_file_only(site: Site, rolled_out: Played) -> None:
    secret = PASSWORD.replace(" ", "%20")
    for text in (PASSWORD, secret):
        assert text not in rolled_out.output
    process = process_of(site.ports[0])
    for name in ("environ", "cmdline"):
        assert secret.encode() not in (process / name).read_bytes()
    files = [path for path in CONFIGURATION.rglob("*") if path.is_file()]
    assert {path.name for path in files if secret in path.read_text()} == {"cache.url"}
    (file,) = CONFIGURATION.glob("current/cache.url")
    owner = (file.stat().st_uid, file.stat().st_gid, oct(file.stat().st_mode & 0o777))
    assert owner == (0, pwd.getpwnam(NAME).pw_gid, "0o640")
    assert process.stat().st_uid == pwd.getpwnam(NAME).pw_uid


def test_second_run_changes_nothing(site: Site, rolled_out: Played) -> None:
    started = [site.status(port)["started"] for port in site.ports]
    again = site.run("backend.yml")
    assert not again.failed and again.changed == 0, again.output
    assert [site.status(port)["started"] for port in site.ports] == started


def test_check_mode_tells_and_does_nothing(site: Site, rolled_out: Played) -> None:
    before = site.status(site.ports[0])
    told = site.run("backend.yml", "--check", "--diff", **LIVE)
    assert not told.failed and told.changed > 0, told.output
    assert "+minimum_size: 700" in told.output
    assert "They have read them again" in told.output and "Running anew" not in told.output
    after = site.status(site.ports[0])
    assert (after["compression"], after["started"]) == (before["compression"], before["started"])


def test_settings_of_compression_change_live(site: Site, rolled_out: Played) -> None:
    before = [site.status(port) for port in site.ports]
    with requests_all_the_time(site.ports[0]) as failures:
        changed = site.run("backend.yml", **LIVE)
    assert not changed.failed, changed.output
    assert failures == []
    for old, port in zip(before, site.ports):
        new = site.status(port)
        assert (new["started"], new["version"]) == (old["started"], old["version"])
        assert new["compression"]["codings"] == ["br", "gzip"]
        assert (new["compression"]["levels"]["br"], new["compression"]["minimum_size"]) == (1, 700)
    site.variables.update(LIVE)


def test_another_environment_is_rolled_out_instance_by_instance(site: Site, rolled_out: Played) -> None:
    before = site.status(site.ports[0])
    site.variables["backend_log_level"] = "debug"
    with requests_all_the_time(*site.ports) as failures:
        changed = site.run("backend.yml")
    assert not changed.failed, changed.output
    assert failures == [], "there was always one that answered"
    versions = {site.status(port)["version"] for port in site.ports}
    assert len(versions) == 1 and before["version"] not in versions
    assert versions.pop().partition("+")[0] == before["version"].partition("+")[0], "the revision is the same"


def test_a_broken_version_is_gone_back_from(site: Site, rolled_out: Played, tmp_path: Path) -> None:
    """Its settings are right, so it is started; one instance is, and then it is over."""
    broken = tmp_path / "broken"
    shutil.copytree(SOURCES / "src", broken / "src")
    shutil.copy(SOURCES / "requirements.txt", broken)
    with (broken / "src" / "omnimind_backend" / "main.py").open("a") as main:
        main.write('\nraise RuntimeError("the shop is closed")\n')
    before = [site.status(port) for port in site.ports]
    revisions = set((DIRECTORY / "revisions").iterdir())
    with requests_all_the_time(*site.ports) as failures:
        refused = site.run("backend.yml", backend_source=str(broken), backend_ready_timeout=4)
    assert refused.failed
    assert failures == []
    assert f"is not fit, {before[0]['version']} runs again." in refused.words
    assert "the shop is closed" in refused.words
    assert len(set((DIRECTORY / "revisions").iterdir()) - revisions) == 1
    after = [site.status(port) for port in site.ports]
    assert [status["version"] for status in after] == [status["version"] for status in before]
    assert after[1]["started"] == before[1]["started"], "the second was never touched"
    assert get(site.ports[0], "/ready")["missing"] == {}


def test_a_port_that_leaves_the_list(site: Site, rolled_out: Played) -> None:
    stayed, left = site.ports
    before = site.status(stayed)
    site.variables["backend_ports"] = [stayed]
    fewer = site.run("backend.yml")
    assert not fewer.failed, fewer.output
    assert site.status(stayed)["started"] == before["started"]
    with pytest.raises(OSError):
        get(left, "/ready")


def test_rollback_to_the_release_before(site: Site, rolled_out: Played) -> None:
    """The one before the environment was another: the version that failed was never in between."""
    assert get(site.ports[0], "/api/status")["version"] != site.first_version
    back = site.run("backend_rollback.yml")
    assert not back.failed, back.output
    assert site.status(site.ports[0])["version"] == site.first_version
    assert site.status(site.ports[0])["compression"]["codings"] == ["br", "gzip"], "its settings as they were last"


BAD = {
    "unknown_coding": (
        {"backend_compression": {"codings": ["lzma"]}},
        "backend_compression.codings: 'lzma' is no coding",
    ),
    "level": ({"backend_compression": {"levels": {"br": 12}}}, "backend_compression.levels.br: 12 is not possible"),
    "size": ({"backend_compression": {"minimum_size": "1k"}}, "backend_compression.minimum_size: '1k' is not possible"),
    "port_twice": ({"backend_ports": [18000, 18000]}, "backend_ports: 18000 is given twice"),
    "no_address": ({"backend_address": "localhost"}, "backend_address: 'localhost' is no address"),
    "foreign_address": ({"backend_address": "192.0.2.1"}, "backend_address: 192.0.2.1 is no address of this host"),
    "no_redis": ({"backend_cache_url": "redis://127.0.0.1:1"}, "backend_redis_group: no node of Redis can be asked"),
    "wrong_password": (
        {"backend_redis_password": "tiger"},
        "backend_redis_password: 127.0.0.1:[0-9]+ answers WRONGPASS",
    ),
    "no_python": ({"backend_python": "/usr/bin/python2"}, "backend_python: /usr/bin/python2 is no Python"),
    "no_wheels": ({"backend_wheelhouse": "/nowhere"}, "backend_wheelhouse: /nowhere has no wheels"),
    "no_image": ({"backend_runtime": "container"}, "backend_container_image: it is empty"),
    "misspelt": ({"backend_prots": [1]}, "backend_prots is no variable of this role, did you mean backend_ports"),
    "port_taken": ({"backend_ports": ["TAKEN"]}, "backend_ports: TAKEN is taken by another program on this host"),
}


@pytest.fixture(scope="module")
def refused(site: Site) -> dict[str, dict[str, Any]]:
    """What a run answers each host whose variables are wrong in one way each."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        hosts = {name: json.loads(json.dumps(bad).replace('"TAKEN"', port)) for name, (bad, unused) in BAD.items()}
        # Directories that none of them may make.
        fresh = {"backend_config_directory": "/etc/omnimind-refused", "backend_directory": "/opt/omnimind-refused"}
        played = site.run_on({name: {**fresh, **bad} for name, bad in hosts.items()}, "backend.yml")
    assert played.failed and played.changed == 0
    assert not Path(fresh["backend_config_directory"]).exists() and not Path(fresh["backend_directory"]).exists()
    said = played.words.replace(port, "TAKEN").replace("''", "'")
    return {name: said.partition(f"[{name}]: FAILED!")[2].partition("fatal: [")[0] for name in BAD}


@pytest.mark.parametrize("name", BAD)
def test_refused_by_name(refused: dict[str, str], name: str) -> None:
    assert refused[name]
    assert re.search(BAD[name][1], refused[name]), refused[name]


def test_teardown_leaves_nothing(site: Site, rolled_out: Played) -> None:
    gone = site.run("teardown.yml")
    assert not gone.failed, gone.output
    assert not CONFIGURATION.exists() and not DIRECTORY.exists()
    assert list(Path("/etc").rglob(f"*{NAME}*")) == []
    with pytest.raises(KeyError):
        pwd.getpwnam(NAME)
    for port in site.ports:
        with pytest.raises((OSError, http.client.HTTPException)):
            get(port, "/ready")


def test_a_revision_that_was_not_finished_is_made_anew(tmp_path: Path) -> None:
    """What a kill leaves is a directory without the last word."""
    recipe = Recipe("/usr/bin/python3")
    one, two = tmp_path / "revisions" / "one", tmp_path / "revisions" / "two"
    texts = {path: f"print('it runs as {path.name}')\n" for path in (one, two)}
    files = {path: {LOCK: b"", f"{PACKAGE}/__main__.py": text.encode()} for path, text in texts.items()}
    make(one, files[one], recipe)
    (one / "complete").unlink()
    shutil.rmtree(next((one / "venv" / "lib").glob("python3*")))
    assert not is_whole(one)
    for path in (one, two):
        make(path, files[path], recipe)
        assert is_whole(path)
        assert list(path.glob("venv/lib/python3*/site-packages/omnimind_backend/__pycache__/*.pyc")), "compiled"
        command = [path / "venv" / "bin" / "python", "-I", "-m", "omnimind_backend"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == f"it runs as {path.name}\n"
    pips = [next(path.glob("venv/lib/python3*/site-packages/pip/__init__.py")) for path in (one, two)]
    assert pips[0].samefile(pips[1]), "what the same lock installs is shared"
