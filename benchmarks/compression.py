"""The backend's compression: what it takes from other requests, from the processor and from memory, beside a peer."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread

from benchmarks.codec_cost import gzip_of_a_megabyte, over_the_codec
from benchmarks.figures import Figure, Sample, Table, number
from benchmarks.options import Options, tell
from compression_matrix.client import Reply, ask
from compression_matrix.servers import running

OURS, PEER = "ours", "starlette_compress"
_LOAD_SECONDS = 4.0  # a round and side
_CLIENTS = 4
_STREAMS = 100
_MOST_A_STREAM = 320.0  # KB


def measure(options: Options) -> Table:
    table = Table("Compression of the backend's answers", "starlette-compress")
    table.notes = [
        "The small request is an answer of 56 bytes by uvicorn, over a connection of its own each time, while four",
        "clients fetch 1 MB by Brotli without a pause. Memory is resident, of the whole server, with the connection;",
        "each stream has sent 64 events of 1 KB. Over the codec: CPU of a request, less the application's alone and",
        "the bare codec's; the best of many turns, but still a matter of who else uses the machine. Targets that name",
        "no figure of their own are a share of the peer's, or of the codec's, in the same run.",
    ]
    table.figures += [_small_requests(options), *gzip_of_a_megabyte(options), *over_the_codec(options)]
    table.figures += _memory()
    return table


def _small_requests(options: Options) -> Figure:
    times: dict[str, list[float]] = {OURS: [], PEER: []}
    for _turn in range(options.rounds):
        for name, found in times.items():
            with running("uvicorn", f"compression_matrix.middlewares:{name}") as (port, _pid), _fetching(port):
                found.append(_p99(port))
    ours, peer = (Sample(tuple(found), "ms") for found in times.values())
    tell(f"small request beside 1 MB by Brotli: p99 {number(ours.median)} ms, peer {number(peer.median)} ms")
    return Figure("p99 of a small request under 4x1 MB br", ours, peer, at_most=peer.median / 4)


@contextmanager
def _fetching(port: int) -> Iterator[None]:
    done = Event()
    failures: list[str] = []

    def fetch() -> None:
        while not done.is_set():
            reply = ask(port, "/megabyte", (("Accept-Encoding", "br"),))
            if reply.coding != "br" or not reply.complete:
                failures.append(f"{reply.status}, {reply.coding}")

    threads = [Thread(target=fetch) for _client in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join()
    if failures:
        raise RuntimeError(f"{len(failures)} answers were not 1 MB by Brotli: {failures[0]}")


def _p99(port: int) -> float:
    """Milliseconds."""
    times = []
    until = time.monotonic() + _LOAD_SECONDS
    while time.monotonic() < until:
        started = time.monotonic()
        reply: Reply = ask(port, "/small", (("Accept-Encoding", "br"),))
        times.append((time.monotonic() - started) * 1000)
        if reply.status != 200:
            raise RuntimeError(f"status {reply.status} of a small request")
        time.sleep(0.002)
    return quantiles(times, n=100)[98]


def _memory() -> list[Figure]:
    figures = []
    for coding in ("identity", "zstd", "gzip", "br"):
        ours, peer = (Sample((_stream_memory(name, coding),), "KB") for name in (OURS, PEER))
        tell(f"an open stream, {coding}: {number(ours.median)} KB, peer {number(peer.median)} KB")
        limit = None if coding == "identity" else _MOST_A_STREAM
        figures.append(Figure(f"memory of an open event stream, {coding}", ours, peer, at_most=limit))
    return figures


def _stream_memory(name: str, coding: str) -> float:
    """KB of the server's growth per stream, after one that it forgets."""
    with running("uvicorn", f"compression_matrix.middlewares:{name}") as (port, pid), ExitStack() as connections:
        for _turn in range(5):
            connections.enter_context(_open_stream(port, coding))
        before = _resident(pid)
        for _turn in range(_STREAMS):
            connections.enter_context(_open_stream(port, coding))
        return (_resident(pid) - before) / _STREAMS


@contextmanager
def _open_stream(port: int, coding: str) -> Iterator[None]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        request = f"GET /open-events HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: {coding}\r\n\r\n"
        connection.sendall(request.encode())
        received = connection.recv(65536)
        if coding != "identity" and f"content-encoding: {coding}".encode() not in received:
            raise RuntimeError(f"not encoded by {coding}: {received[:300]!r}")
        # All events are there when nothing more comes.
        connection.settimeout(0.05)
        try:
            while connection.recv(65536):
                pass
        except TimeoutError:
            pass
        yield


def _resident(pid: int) -> float:
    """KB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith("Rss:")))
