"""Certificates for test servers, and clusters whose stage of TLS is changed while they run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import redis
from integration.conftest import Cluster
from integration.servers import PASSWORD, Server, is_free

from ansible_collections.omnimind.platform.plugins.module_utils.redis.connection import Login, Session
from ansible_collections.omnimind.platform.plugins.module_utils.redis.health import check_cluster
from ansible_collections.omnimind.platform.plugins.module_utils.redis.nodes import parse_nodes
from ansible_collections.omnimind.platform.plugins.module_utils.redis.problems import Expectation
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls.doors import Doors
from ansible_collections.omnimind.platform.plugins.module_utils.redis.tls.transition import Wish, change_tls
from ansible_collections.omnimind.platform.plugins.module_utils.tls.authority import issue, make_authority

HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


class Certificates:
    """An authority, and the files of certificates that it issues."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._now = datetime.now(timezone.utc)
        self._authority = make_authority("tests", self._now, 30)
        directory.mkdir()
        self.ca = directory / "ca.crt"
        self.ca.write_text(self._authority.certificate)

    def issue(self, name: str, names: Sequence[str] = HOSTS, hours: float = 24 * 20) -> dict[str, str]:
        """The settings of a new certificate that is valid for so long."""
        pair = issue(self._authority, names, self._now, hours / 24)
        certificate, key = self.directory / f"{name}.crt", self.directory / f"{name}.key"
        certificate.write_text(pair.certificate)
        key.write_text(pair.key)
        return {"tls-cert-file": str(certificate), "tls-key-file": str(key), "tls-ca-cert-file": str(self.ca)}


class Encryptable:
    """A cluster of servers with certificates, and the product's function bound to it."""

    def __init__(self, cluster: Cluster, certificates: Certificates) -> None:
        self.cluster, self.certificates = cluster, certificates
        self.login = Login(password=PASSWORD, ca_certs=str(certificates.ca), timeout=2.0)
        ports = [server.port for server in cluster.servers]
        self.offset = next(o for o in range(100, 900) if all(is_free(port + o) for port in ports))

    @property
    def servers(self) -> list[Server]:
        return list(self.cluster.servers)

    @property
    def tls_nodes(self) -> list[tuple[str, int]]:
        return [(server.host, server.port + self.offset) for server in self.servers]

    @property
    def tls_client(self) -> dict[str, object]:
        return {"ssl": True, "ssl_ca_certs": str(self.certificates.ca)}

    def change(self, state: str, seconds: float = 30, doors: Callable[..., Doors] = Doors, **options: object) -> dict:
        """Bring the cluster to a stage, and let tests ask servers through TLS where they can."""
        wish = Wish(state, self.offset, bool(options.pop("disconnect", False)))
        with doors(self.login, self.offset) as opened:
            answer = change_tls(opened, self.cluster.nodes, wish, time.monotonic() + seconds, **options)
        for server in self.servers:
            secure = {"port": server.port + self.offset, **self.tls_client}
            server.client_options = secure if answer["by_tls"] else {}
        return answer

    def check(self, tls: bool = True) -> dict:
        """The slot check, as soon as the cluster is healthy. It leaves no connection behind."""
        offset = self.offset if tls else 0
        nodes = parse_nodes([f"{server.host}:{server.port + offset}" for server in self.servers])
        with Session(replace(self.login, tls=tls)) as session:
            return check_cluster(session, nodes, Expectation(), "healthy", time.monotonic() + 20)

    def is_open(self, offset: int) -> set[bool]:
        return {not is_free(server.port + offset, server.host) for server in self.servers}

    def oldest_bus_link(self) -> float:
        """When the oldest of all links between nodes was made, in seconds since the epoch."""
        links = [link for server in self.servers for link in server.call("CLUSTER", "LINKS")]
        pairs = [link if isinstance(link, dict) else dict(zip(link[::2], link[1::2])) for link in links]
        return min(link["create-time"] for link in pairs) / 1000

    def replication_ports(self) -> set[int]:
        """The local ports of masters that their replicas are connected to."""
        lists = [server.call("CLIENT", "LIST", "TYPE", "replica").splitlines() for server in self.servers]
        return {int(line.split("laddr=")[1].split()[0].rpartition(":")[2]) for lines in lists for line in lines}


def presented(client: redis.Redis) -> bytes:
    """The certificate, DER, that the server of a connection showed."""
    connection = client.connection_pool.get_connection()
    try:
        return connection._sock.getpeercert(binary_form=True)
    finally:
        client.connection_pool.release(connection)
