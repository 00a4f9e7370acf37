"""One connection to one primary that hears which keys change there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from redis.asyncio.connection import AbstractConnection

CHANNEL = "__redis__:invalidate"
PROOF_EVERY = 0.25  # seconds
LEASE = 1.0  # seconds that a proof is good for
SILENCE = 3.0  # seconds without an answer after which the connection is given up

Heard = Callable[["list[bytes] | None"], None]


class Listener:
    """Redis tells it of every key with the prefix, whoever changes it; no matter who has read it.

    The connection redirects its tracking to itself: so the two cannot be lost one without the other, and nothing
    more than RESP2 and Redis 6 is needed. An answer to a PING, which comes after all that was told before it, proves
    that this process knows every change up to the moment when it asked.

    Args:
        heard: is called with the changed names, or None for all of them (FLUSHALL).
        proved: is called after every proof.
    """

    def __init__(self, connection: AbstractConnection, prefix: str, heard: Heard, proved: Callable[[], None]) -> None:
        self._connection, self._prefix, self._heard, self._proved = connection, prefix, heard, proved
        self._answered = asyncio.Event()
        self.proved_at = 0.0  # time.monotonic(); 0 until the first proof

    async def run(self, seconds: float) -> None:
        """Attach within so many seconds, then listen until that fails; raises what it failed with."""
        work: list[asyncio.Task[None]] = []
        try:
            async with asyncio.timeout(seconds):
                await self._attach()
            work = [asyncio.create_task(self._listen()), asyncio.create_task(self._prove())]
            done, _rest = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.shield(self._connection.disconnect(nowait=True))

    async def _attach(self) -> None:
        await self._connection.connect()
        own = await self._ask("CLIENT", "ID")
        await self._ask("CLIENT", "TRACKING", "ON", "REDIRECT", own, "BCAST", "PREFIX", self._prefix)
        await self._ask("SUBSCRIBE", CHANNEL)

    async def _ask(self, *command: str | int) -> object:
        await self._connection.send_command(*command)
        return await self._connection.read_response()

    async def _listen(self) -> None:
        while True:
            told = await self._connection.read_response()
            if told[0] == b"message":
                self._heard(told[2])
            elif told[0] == b"pong":
                self._answered.set()

    async def _prove(self) -> None:
        while True:
            asked = time.monotonic()
            self._answered.clear()
            await self._connection.send_command("PING")
            async with asyncio.timeout(SILENCE):
                await self._answered.wait()
            if time.monotonic() - asked > LEASE:
                # While it did not answer another node may have taken its place, and it may not know yet.
                raise TimeoutError(f"silent for {time.monotonic() - asked:.1f} s")
            self.proved_at = asked
            self._proved()
            await asyncio.sleep(PROOF_EVERY)
