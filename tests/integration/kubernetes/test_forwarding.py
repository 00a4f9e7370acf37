"""Ports of pods as sockets, through the API: what they carry, and what they say when something ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from integration.kubernetes.manifests import workload
from integration.servers import free_ports
from kubernetes_double import READER_TOKEN, KubernetesDouble

from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.client import Client
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.connection import Connection
from ansible_collections.omnimind.platform.plugins.module_utils.kubernetes.errors import ApiRefusal, ClusterUnreachable

POD, MUCH = "web-0", 4 * 1024 * 1024
Serve = Callable[[Callable[[socket.socket], None]], int]


@pytest.fixture
def double() -> Iterator[KubernetesDouble]:
    """One pod, whose address is one of this machine."""
    with KubernetesDouble(network="127.87") as double:
        double.add_nodes("a")
        double.create("StatefulSet", workload("StatefulSet", "web"), "default")
        double.settle()
        yield double


@pytest.fixture
def client(double: KubernetesDouble, tmp_path: Path) -> Client:
    return Client(Connection(kubeconfig=str(double.kubeconfig(tmp_path / "kubeconfig"))), read_only=True)


@pytest.fixture
def serve(double: KubernetesDouble) -> Iterator[Serve]:
    """A function that serves one connection to the pod; it returns the port."""
    pod = double.get("Pod", POD, "default")
    assert pod is not None
    listeners = []

    def start(act: Callable[[socket.socket], None]) -> int:
        (port,) = free_ports(1)
        listener = socket.create_server((pod["status"]["podIP"], port))
        listeners.append(listener)

        def run() -> None:
            with suppress(OSError), listener.accept()[0] as accepted:
                act(accepted)

        threading.Thread(target=run, daemon=True).start()
        return port

    yield start
    for listener in listeners:
        listener.close()


def echo(accepted: socket.socket) -> None:
    while data := accepted.recv(65536):
        accepted.sendall(data)


def received(end: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size and (data := end.recv(65536)):
        found += data
    return found


def test_much_may_be_sent_before_anything_is_read(client: Client, serve: Serve) -> None:
    """Every answer waits somewhere meanwhile, and holds up nothing."""
    sent = bytes(range(256)) * (MUCH // 256)
    with client.forward(POD, "default", serve(echo), 5) as end:
        end.settimeout(10)
        end.sendall(sent)
        assert received(end, MUCH) == sent


def test_the_end_comes_after_the_last_word(client: Client, serve: Serve) -> None:
    with client.forward(POD, "default", serve(lambda accepted: accepted.sendall(b"x" * MUCH)), 5) as end:
        end.settimeout(10)
        assert len(received(end, MUCH + 1)) == MUCH
        assert end.recv(1) == b""


def test_our_end_is_theirs(client: Client, serve: Serve) -> None:
    ended = threading.Event()
    port = serve(lambda accepted: ended.set() if not accepted.recv(1) else None)
    client.forward(POD, "default", port, 5).close()
    assert ended.wait(5)


def test_a_silent_server_is_waited_for_as_long_as_the_socket_says(client: Client, serve: Serve) -> None:
    with client.forward(POD, "default", serve(lambda accepted: time.sleep(2)), 5) as end:
        end.settimeout(0.1)
        with pytest.raises(TimeoutError):
            end.recv(1)


def test_a_port_where_nobody_listens_is_told_when_it_is_read(client: Client) -> None:
    (port,) = free_ports(1)
    with client.forward(POD, "default", port, 5) as end:
        end.settimeout(5)
        with pytest.raises(ConnectionError, match=f"^port {port} of Pod default/web-0 .*: error forwarding.* refused"):
            end.recv(1)
        for act in (lambda: end.recv_into(bytearray(1)), lambda: end.sendall(b"x")):
            with pytest.raises(ConnectionError, match="refused"):
                act()


def test_a_pod_that_is_not_there_is_no_connection(client: Client, double: KubernetesDouble) -> None:
    with pytest.raises(OSError, match='Pod default/none cannot be reached: pods "none" not found'):
        client.forward("none", "default", 80, 5)
    double.create("StatefulSet", workload("StatefulSet", "far", pod_spec={"nodeSelector": {"no": "such"}}), "default")
    double.settle()
    with pytest.raises(OSError, match="does not have a host assigned"):
        client.forward("far-0", "default", 80, 5)


def test_who_may_not_is_refused(double: KubernetesDouble, client: Client, tmp_path: Path) -> None:
    """The verb of the request has always been needed, the one of its purpose since 1.35."""
    reader = Client(Connection(kubeconfig=str(double.kubeconfig(tmp_path / "reader", READER_TOKEN))))
    with pytest.raises(ApiRefusal, match='cannot create resource "pods/portforward".*Check what'):
        reader.forward(POD, "default", 80, 5)
    stranger = Client(Connection(kubeconfig=str(double.kubeconfig(tmp_path / "stranger", "nobody"))))
    with pytest.raises(ClusterUnreachable, match="401"):
        stranger.forward(POD, "default", 80, 5)
    double.deny("get", "pods/portforward")
    with pytest.raises(ApiRefusal, match='cannot get resource "pods/portforward"'):
        client.forward(POD, "default", 80, 5)


def test_an_api_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Client(Connection(host=f"http://127.0.0.1:{silent.getsockname()[1]}", api_key="x"))
        began = time.monotonic()
        with pytest.raises(OSError, match="timed out"):
            client.forward(POD, "default", 80, 0.3)
        assert time.monotonic() - began < 3


def test_what_options_say_stays_so(double: KubernetesDouble, tmp_path: Path) -> None:
    """The library puts the kubeconfig's own words back whenever it reads the token."""
    lost = double.kubeconfig(tmp_path / "kubeconfig")
    lost.write_text(lost.read_text().replace(double.url, "http://127.0.0.1:9"))
    client = Client(Connection(kubeconfig=str(lost), host=double.url))
    for _again in range(3):
        assert client.reach().startswith("v1.")
        with pytest.raises(OSError, match="not found"):
            client.forward("none", "default", 80, 5)
