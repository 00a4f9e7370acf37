"""A mild, real load for running backends, so that dashboards and alerts have something to show. See --help."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

from traffic import Traffic

DESCRIPTION = """\
Asks backends for pages, pictures and tasks, as their users would: most of it good, a little of it wrong. It needs
nothing but Python, stays below the rate that is given, and ends after so many seconds, or on SIGTERM or Ctrl-C.
At the end it prints one JSON object: what was asked, what was answered, and how often nobody answered.
"""
EPILOG = """\
examples:
  generate_load.py http://127.0.0.1:8000 --seconds 60
  generate_load.py http://192.0.2.21:8000 http://192.0.2.22:8000 --rate 20 --seconds 3600
  generate_load.py --modalities 127.0.0.1:9180 --seconds 600

--modalities is a demonstration, not a measurement: hearing, speaking, fusing and moving are things that only the full
OmniMind does. Work that does nothing but take time, and sometimes fails, goes through the helper that its developers
use (omnimind_backend.modalities), so that the dashboards of modalities can be looked at. The page says so in
omnimind_load_demonstration_info. It needs the Python of a backend, with prometheus_client and FastAPI.

exit status: 0, also when it was told to end; 1 when nobody answered anything; 2 for wrong arguments.
"""
RATE = """acts begun a second, of all addresses together; one act is a request, or a task with what it takes to fetch
its result (%(default)s)"""
LONGEST = 86_400


def main(arguments: list[str] | None = None) -> int:
    """Run until the time is over or a signal comes; return the exit status."""
    options = read(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with demonstrated(options):
        if not options.addresses:
            stop.wait(options.seconds)
            return 0
        traffic = Traffic(options.addresses, options.rate, options.at_a_time, options.seed)
        report = traffic.run(options.seconds, stop)
    print(json.dumps(report), flush=True)
    return 0 if report["answers"] or stop.is_set() else 1


def demonstrated(options: argparse.Namespace) -> AbstractContextManager[object]:
    """The demonstration, for as long as a block lasts, where it is asked for."""
    if options.modalities is None:
        return nullcontext()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
    try:
        from demonstration import Demonstration

        return Demonstration(*options.modalities, seed=options.seed)
    except ImportError as error:
        print(f"--modalities: {error}; right would be the Python that runs a backend", file=sys.stderr)
    except OSError as error:
        print(f"--modalities: {':'.join(map(str, options.modalities))}: {error}", file=sys.stderr)
    sys.exit(2)


def read(arguments: list[str] | None) -> argparse.Namespace:
    """The arguments, checked."""
    parser = argparse.ArgumentParser(
        description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("addresses", nargs="*", type=address, metavar="ADDRESS", help="of a backend: http://host:port")
    parser.add_argument("--seconds", type=within(1, LONGEST), default=60, help="that it lasts (%(default)s)")
    parser.add_argument("--rate", type=within(0.1, 100), default=5, help=RATE)
    parser.add_argument("--at-a-time", type=whole(1, 32), default=4, help="acts under way at most (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of acts (%(default)s)")
    parser.add_argument("--modalities", type=listen, metavar="HOST:PORT", help="show a demonstration there; see below")
    options = parser.parse_args(arguments)
    if not options.addresses and options.modalities is None:
        parser.error("there is nothing to do; right would be the ADDRESS of a backend, or --modalities")
    return options


def address(text: str) -> str:
    """http://host:port, without anything more."""
    parts = urlsplit(text)
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.username:
        raise argparse.ArgumentTypeError(f"{text!r} is no address; right would be such as http://127.0.0.1:8000")
    return f"http://{parts.netloc}"


def listen(text: str) -> tuple[str, int]:
    """Host and port to listen on."""
    host, _colon, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not possible; right would be such as 127.0.0.1:9180")
    return host, int(port)


def within(least: float, most: float) -> Callable[[str], float]:
    """A number between the two."""

    def read_number(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not possible; right would be from {least} to {most}")
        return number

    return read_number


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number between the two."""
    read_number = within(least, most)

    def read_whole(text: str) -> int:
        number = read_number(text)
        if number != int(number):
            raise argparse.ArgumentTypeError(f"{text!r} is not possible; right would be a whole number")
        return int(number)

    return read_whole


if __name__ == "__main__":
    sys.exit(main())
