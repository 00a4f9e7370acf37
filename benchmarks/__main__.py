"""Measure one topic after the other, and report each as soon as it is known."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Callable

from benchmarks import (
    acts,
    backup,
    cache,
    checking,
    compression,
    failover,
    forming,
    handover,
    images,
    role,
    scaling,
    sentinel,
    traffic,
)
from benchmarks.figures import Table
from benchmarks.options import Options
from benchmarks.report import Report
from hosts.machine import HostsError, require

TOPICS: dict[str, Callable[[Options], Table]] = {
    "forming": forming.measure,
    "checking": checking.measure,
    "failover": failover.measure,
    "handover": handover.measure,
    "scaling": scaling.measure,
    "backup": backup.measure,
    "sentinel": sentinel.measure,
    "compression": compression.measure,
    "traffic": traffic.measure,
    "images": images.measure,
    "cache": cache.measure,
    "role": role.measure,
    "restarts": acts.measure_restarts,
    "acts": acts.measure,
}


def main() -> int:
    """Return 0 when every topic was measured, whether its targets were met or not; else 1."""
    parser = argparse.ArgumentParser(prog="benchmarks/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, less load, no forming of 50+50 nodes")
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(TOPICS)}; all when none is given")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.topics) - TOPICS.keys())
    if unknown:
        parser.error(f"no such topic: {', '.join(unknown)}")
    # Ended by a signal or by Ctrl-C, what was started is stopped all the same.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    require(**{"redis-server": "redis-server", "redis-cli": "redis-tools"})
    options = Options.quick() if arguments.quick else Options()
    report = Report(options)
    for topic in arguments.topics or TOPICS:
        try:
            report.add(topic, TOPICS[topic](options))
        except KeyboardInterrupt:
            print("Interrupted: everything that was started has been stopped.", file=sys.stderr)
            return 130
        except (HostsError, RuntimeError) as error:
            report.add_failure(topic, str(error))
        except Exception:  # Whatever one topic meets, the others can be measured.
            report.add_failure(topic, traceback.format_exc())
    return report.finish()


sys.exit(main())
