"""Users through Ansible itself: the file, the running servers, and what a person or a thief gets to see."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from integration.ansible_run import MODULE_PYTHON, run, run_module
from integration.servers import PASSWORD
from integration.users import act, takes, users_of

from ansible_collections.omnimind.platform.plugins.module_utils.redis.acl.users import hash_of, parse_users
from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.errors import RedisFailure
from ansible_collections.omnimind.platform.plugins.module_utils.redis.live_settings import apply_settings
from ansible_collections.omnimind.platform.plugins.module_utils.redis.rolling.waiting import Target, find_waiting
from ansible_collections.omnimind.platform.plugins.module_utils.redis.scratch import (
    build_of_program,
    settings_of_file,
)

# Nobody else's, whatever runs on this machine.
NEW, SHOP = f"tuna-fish-sandwich-{os.getpid()}", f"prawn-cocktail-{os.getpid()}"
SECRETS = [NEW, SHOP, *map(hash_of, (NEW, SHOP, PASSWORD)), PASSWORD]
USERS = [
    {"name": "default", "passwords": [PASSWORD], "role": "administrator"},
    {"name": "shop", "passwords": [SHOP], "role": "application", "keys": ["shop:*", 'odd"\\{x}*'], "rules": ["(+get ~public:*)"]},
    {"name": "watch", "password_hashes": [hash_of(SHOP)], "role": "monitor", "enabled": False},
]
ROTATING = [{**USERS[0], "passwords": [NEW, PASSWORD]}, *USERS[1:]]


def play(tmp_path: Path, module: str, arguments: dict, *options: str):
    """A module in a playbook: unlike the command `ansible`, that has no arguments on its own command line."""
    task = {"name": "Act", f"omnimind.platform.{module}": arguments, "register": "answer"}
    tell = {"name": "Tell", "ansible.builtin.debug": {"var": "answer"}}
    (tmp_path / "play.yml").write_text(
        json.dumps([{"name": "Play", "hosts": "localhost", "gather_facts": False, "tasks": [task, tell]}])
    )
    # This Python has redis-py, the host's own may not.
    options = (*options, "-e", f"ansible_python_interpreter={MODULE_PYTHON}")
    return run(["ansible-playbook", "-i", "localhost,", "-c", "local", str(tmp_path / "play.yml"), *options])


@contextmanager
def command_lines_watched() -> Iterator[list[bytes]]:
    """Those of all processes that show a secret."""
    found: list[bytes] = []
    looked, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = file.read_bytes()
                except OSError:
                    continue
                looked[0] += 1
                if any(secret.encode() in line for secret in SECRETS[:-1]):
                    found.append(line)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
    assert looked[0]


def test_no_secret_is_shown_on_a_command_line_in_the_output_or_in_a_log(six, tmp_path):
    file = tmp_path / "redis.conf"
    rotation = {"nodes": six.servers.addresses, "password": NEW, "former_passwords": [PASSWORD], "users": ROTATING, "masterauth": NEW}
    with command_lines_watched() as found:
        runs = [
            play(tmp_path, "redis_config_file", {"path": str(file), "users": USERS, "settings": {}}, "--diff", "-vvv"),
            play(tmp_path, "redis_config_file", {"path": str(file), "users": ROTATING, "settings": {}}, "--diff", "-vvv"),
            play(tmp_path, "redis_acl", rotation, "--check", "--diff", "-vvv"),
            play(tmp_path, "redis_acl", rotation, "--diff", "-vvv"),
        ]
    for done in runs:
        assert "changed=1" in done.stdout, done.stdout + done.stderr
        assert [secret for secret in SECRETS if secret in done.stdout + done.stderr] == []
    assert "user shop on \"(secret)\"" in runs[0].stdout.replace("\\", "")
    for done in runs[2:]:
        assert "user default takes 1 more password" in done.stdout and "user shop on (1 password) ~shop:*" in done.stdout
    assert found == []
    logs = "".join(log.read_text() for log in six.servers.directory.glob("*/log"))
    assert logs and [secret for secret in SECRETS if secret in logs] == []


def test_a_server_that_starts_with_the_file_has_just_these_users(start, tmp_path):
    file = tmp_path / "redis.conf"
    arguments = {"path": str(file), "users": USERS, "settings": {"masterauth": PASSWORD}}
    assert run_module("redis_config_file", arguments)["changed"]
    assert not run_module("redis_config_file", arguments)["changed"]
    cluster = start(["127.0.0.1"], "--include", str(file), "--requirepass", "")
    assert len(users_of(cluster.servers[0])) == 3
    assert not act(cluster, *USERS)["changed"]


@pytest.mark.parametrize("rule", ["+flushal", "+@dangerouss", "(+gett ~a)"])
def test_a_rule_that_the_server_does_not_know_is_found_out_before_it_starts_with_it(tmp_path, rule):
    file = tmp_path / "redis.conf"
    (user,) = parse_users([{**USERS[1], "rules": [rule]}])
    file.write_text(user.config_line() + "\n")
    with pytest.raises(RedisFailure) as caught:
        settings_of_file("redis-server", str(file))
    assert "shop" in caught.value.message and rule.strip("()").split()[0] in caught.value.message
    assert hash_of(SHOP) not in caught.value.message


def test_a_file_with_such_a_rule_is_not_written(tmp_path):
    file = tmp_path / "redis.conf"
    file.write_text("# the old one\n")
    bad = [USERS[0], {**USERS[1], "rules": ["+flushal"]}]
    answer = run_module("redis_config_file", {"path": str(file), "users": bad, "settings": {}}, "--diff")
    assert answer["failed"] and "ACL rule '+flushal' for the user named 'shop'" in answer["msg"]
    assert file.read_text() == "# the old one\n"


def test_bad_users_are_refused_by_every_module_with_the_same_words(six, tmp_path):
    bad = [USERS[0], {"name": "shop", "role": "application"}, {**USERS[2], "rules": ["+get\nuser evil on nopass +@all"]}]
    common = {"users": bad}
    for name, arguments in (
        ("redis_acl", {"nodes": six.servers.addresses, "password": PASSWORD}),
        ("redis_config_file", {"path": str(tmp_path / "redis.conf"), "settings": {}}),
    ):
        answer = run_module(name, {**arguments, **common})
        assert answer["failed"] and "users: shop: passwords: there is none" in answer["msg"]
        assert "users: watch: rules: '+get\\nuser evil on nopass +@all' is no ACL rule" in answer["msg"]
    assert not (tmp_path / "redis.conf").exists()
    assert all("shop" not in str(server.call("ACL", "LIST")) for server in six.servers)


def test_a_server_with_requirepass_is_taken_over_and_no_comparison_takes_its_passwords(six, tmp_path):
    """These servers were started as the first version of the role did it, with the password on requirepass."""
    assert not act(six, *USERS[:1])["changed"]
    act(six, *ROTATING, password=NEW, former=[PASSWORD])
    file, settings = tmp_path / "redis.conf", {"masterauth": NEW}
    file.write_text("".join(f"{user.config_line()}\n" for user in parse_users(ROTATING)))
    before = [sorted(users_of(server)) for server in six.servers]
    defaults = settings_of_file("redis-server", str(file))
    nodes, soon = [node.address for node in six.nodes], time.monotonic() + 10
    with Session(Login(password=NEW)) as session:
        for check_mode in (True, False):
            answer = apply_settings(session, nodes, settings, soon, check_mode, defaults)
            assert "requirepass" not in str(answer)
        # Named, it is a wish like any other; but check mode must not change anything.
        apply_settings(session, nodes, {"requirepass": NEW}, soon, True, defaults)
        program = shutil.which("redis-server")
        target = Target(settings, defaults, {}, program, build_of_program(program))
        waiting = find_waiting(session, nodes, target, soon)
    assert "the setting requirepass waits" not in str(waiting) and "user" not in str(waiting)
    assert [sorted(users_of(server)) for server in six.servers] == before
    assert all(takes(server, password) for server in six.servers for password in (NEW, PASSWORD))
