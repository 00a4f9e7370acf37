"""The cache over a server that speaks TLS only: its certificate counts, and the listeners use TLS too."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from omnimind_backend.cache import CacheSettings, health

from cache.servers import HOST, PASSWORD, Server, Servers, binary, free_ports
from cache.tools import Source, counted, errors, never, running


class TlsServer(Server):
    """It needs no certificate of a client."""

    def command(self) -> list[str]:
        files = {"cert-file": "crt.pem", "key-file": "key.pem", "ca-cert-file": "crt.pem"}
        tls = [text for name, file in files.items() for text in (f"--tls-{name}", str(self.directory / file))]
        return [*super().command(), "--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no", *tls]

    def client(self, **options: object) -> object:  # type: ignore[override]
        return super().client(ssl=True, ssl_ca_certs=str(self.directory / "crt.pem"), **options)


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[TlsServer]:
    with Servers(tmp_path / "tls") as servers:
        server = TlsServer(servers.directory, free_ports(1)[0])
        command = [
            binary("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", "key.pem", "-out", "crt.pem", "-days", "2", "-subj", "/CN=redis",
            "-addext", f"subjectAltName=IP:{HOST}",
        ]  # fmt: skip
        subprocess.run(command, cwd=server.directory, check=True, capture_output=True)
        servers.append(server)
        server.start()
        yield server


def test_tls(tls_server: TlsServer) -> None:
    async def run() -> None:
        settings = CacheSettings(
            topology="single", nodes=(tls_server.address,), password=PASSWORD, tls=True,
            ca_file=str(tls_server.directory / "crt.pem"), connect_timeout=10,
        )  # fmt: skip
        async with running(settings) as cache:
            assert await cache.get("k", Source()) == b"value"
            assert await cache.get("k", never) == b"value"
            assert (await health(cache.manager))["connected"]
        async with running(replace(settings, ca_file=""), tracked=False) as cache:
            assert await cache.get("k", Source()) == b"value"
            assert counted(cache) == {"outage": 1} and set(errors(cache)) == {"connection"}

    asyncio.run(run())
