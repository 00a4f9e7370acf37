"""`python -m omnimind_backend`: one process, one server."""

from __future__ import annotations

import argparse
import signal
import sys

from . import logs
from .settings import Settings, SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop. Return 2 when the settings cannot be right: each is named on standard error."""
    parser = argparse.ArgumentParser(prog="omnimind_backend", description="Everything else comes from variables OMNIMIND_*.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (%(default)s)")
    parser.add_argument("--server", choices=SERVERS, default="uvicorn", help="what speaks HTTP (%(default)s)")
    parser.add_argument("--check", action="store_true", help="read the settings, say whether they are right, and end")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if options.check:
        print("The settings are right.")
        return 0
    logs.configure(settings.log_level)
    return SERVERS[options.server](options.host, options.port, settings)


def _uvicorn(host: str, port: int, settings: Settings) -> int:
    import uvicorn

    from .main import create_app

    # When all is done uvicorn raises the signal again that it was stopped by: to have stopped is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: sys.exit(0))
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        log_config=logs.configuration(settings.log_level),
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    return 0


def _granian(host: str, port: int, settings: Settings) -> int:
    from granian import Granian
    from granian.constants import Interfaces

    # Each worker makes its own application, so one that SIGHUP starts anew has read compression.yaml again.
    Granian(
        "omnimind_backend.main:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        log_dictconfig=logs.configuration(settings.log_level),
        workers_kill_timeout=settings.shutdown_seconds,
    ).serve()
    return 0


SERVERS = {"uvicorn": _uvicorn, "granian": _granian}

if __name__ == "__main__":
    sys.exit(main())
