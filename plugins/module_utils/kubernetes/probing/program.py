# Copyright: OmniMind Development Team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The program that a probing pod runs: it connects, and says with whom it could."""

from __future__ import annotations

ATTEMPTS = "OMNIMIND_ATTEMPTS"  # the variable of its environment that says what to try
ANSWER = "/dev/termination-log"  # what is written there becomes a part of the pod's status

# It needs Python 3 in the image, and nothing else. Policies take a while to reach every node, so it goes on until all
# is as expected, or its seconds are over. A name that nobody knows is a failure as an address that does not answer.
PROGRAM = f"""\
import json, os, socket, time
from concurrent.futures import ThreadPoolExecutor

wish = json.loads(os.environ["{ATTEMPTS}"])
deadline = time.monotonic() + wish["seconds"]


def attempt(target):
    try:
        socket.create_connection((target["host"], target["port"]), wish["timeout"]).close()
    except OSError as error:
        return str(error) or type(error).__name__
    return ""


with ThreadPoolExecutor(16) as pool:
    while True:
        errors = list(pool.map(attempt, wish["targets"]))
        right = all(bool(error) != target["allowed"] for error, target in zip(errors, wish["targets"]))
        if right or time.monotonic() >= deadline:
            break
        time.sleep(0.5)
with open(os.environ.get("OMNIMIND_ANSWER", "{ANSWER}"), "w") as file:
    json.dump([error[:60] for error in errors], file)
"""
