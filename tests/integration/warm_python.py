"""A Python for modules that has imported already what they import, which takes longer than what they do.

Ansible starts a Python for each task and gives it the module on its standard input. Here that is a small program, which
hands input, output and surroundings to a process that is warm, and that forks for it. What is run is the module all the
same, with its own arguments, in a process of its own; only libraries are there before.

with WarmPython(directory) as python:
    run(["ansible-playbook", "-e", f"ansible_python_interpreter={python}", ...])
"""

from __future__ import annotations

import atexit
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import types
from contextlib import suppress
from importlib import import_module
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_COLLECTIONS = _ROOT / ".cache" / "collections"
_CLIENT = """#!{python} -IS
import json, os, socket, sys
if len(sys.argv) > 1:
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.connect({address!r})
    socket.send_fds(server, [json.dumps([os.getcwd(), dict(os.environ)]).encode()], [0, 1, 2])
    sys.exit(int(server.recv(16) or b"1"))
"""


class WarmPython:
    """The path of the small program, and the process behind it as long as the block lasts."""

    def __init__(self, directory: Path) -> None:
        self.program, self.address = directory / "python", directory / "warm"

    def __enter__(self) -> Path:
        self.program.write_text(_CLIENT.format(python=sys.executable, address=str(self.address)))
        self.program.chmod(0o755)
        from integration.servers import die_with_parent

        command = [sys.executable, __file__, str(self.address)]
        self._process = subprocess.Popen(command, preexec_fn=die_with_parent)
        while not self.address.exists():
            assert self._process.poll() is None, "it has ended before it was warm"
            time.sleep(0.05)
        return self.program

    def __exit__(self, *unused: object) -> None:
        self._process.terminate()
        self._process.wait()


def _serve(address: str) -> None:
    sys.path[0] = str(_COLLECTIONS)
    own = [path.stem for path in (_ROOT / "plugins" / "modules").glob("k8s_*.py")]
    modules = [f"ansible_collections.omnimind.platform.plugins.modules.{name}" for name in own]
    modules += [f"ansible_collections.kubernetes.core.plugins.modules.{name}" for name in ("k8s", "k8s_info")]
    for name in ("kubernetes.dynamic", "kubernetes.client", "kubernetes.config", "kubernetes_validate", *modules):
        import_module(name)
    with suppress(ImportError):  # since ansible-core 2.19
        import_module("ansible.module_utils._internal._ansiballz._loader")
    for name in modules:
        del sys.modules[name]  # each is run as a program
    sys.path.pop(0)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(address + ".new")
        server.listen(64)
        os.rename(address + ".new", address)
        while True:
            client = server.accept()[0]
            if os.fork() == 0:
                _run(client)
            client.close()


def _run(client: socket.socket) -> None:
    """In a process of its own, as if it had been started by who asks."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        told, files, _flags, _address = socket.recv_fds(client, 1 << 20, 3)
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        directory, surroundings = json.loads(told)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(surroundings)
        tempfile.tempdir = None
        random.seed()
        sys.argv = [""]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        with open(0, encoding="utf-8", closefd=False) as source:
            program = compile(source.read(), "<stdin>", "exec")
        try:
            exec(program, main.__dict__)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        with suppress(OSError):
            client.send(str(code).encode())
        os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
