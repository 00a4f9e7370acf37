"""Operations of modalities, from real use: threads, coroutines, streams, errors, people who go away."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from loopback import wait_until
from prometheus_client import CollectorRegistry, generate_latest

from omnimind_backend.modalities import MODALITIES, MOST_OPERATIONS, Modalities
from omnimind_backend.problems import Problem


class Watched:
    """Modalities, and what a scrape of them says."""

    def __init__(self) -> None:
        self.modalities = Modalities({"audio": ("transcribe", "speak"), "embodied": ["move"]})
        self.registry = CollectorRegistry()
        self.registry.register(self.modalities)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"omnimind_modality_{name}", labels)

    def ends(self, operation: str = "transcribe", modality: str = "audio") -> dict[str, float]:
        """How its operations ended, those that did."""
        work = {"modality": modality, "operation": operation}
        found = {end: self.value("operations_total", **work, outcome=end) for end in ("succeeded", "failed")}
        found |= {end: self.value("operations_unjudged_total", **work, reason=end) for end in ("refused", "cancelled")}
        return {end: count for end, count in found.items() if count}

    def timed(self, operation: str = "transcribe", modality: str = "audio") -> float | None:
        return self.value("operation_seconds_count", modality=modality, operation=operation)

    def active(self, modality: str = "audio") -> float | None:
        return self.value("operations_active", modality=modality)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_what_is_declared_begins_at_zero(watched: Watched) -> None:
    assert [watched.active(modality) for modality in MODALITIES] == [0, 0, 0, 0]
    for modality, operation in (("audio", "transcribe"), ("audio", "speak"), ("embodied", "move")):
        work = {"modality": modality, "operation": operation}
        assert watched.value("operations_total", **work, outcome="succeeded") == 0
        assert watched.value("operations_total", **work, outcome="failed") == 0
        assert watched.value("operations_unjudged_total", **work, reason="refused") == 0
        assert watched.value("operations_unjudged_total", **work, reason="cancelled") == 0
        assert watched.timed(operation, modality) == 0


def test_a_block_is_counted_timed_and_seen_while_it_runs(watched: Watched) -> None:
    released, begun = threading.Event(), threading.Event()

    def work() -> None:
        with watched.modalities.operation("audio", "transcribe"):
            begun.set()
            assert released.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert begun.wait(10)
        assert watched.active() == 1 and watched.active("vision") == 0 and watched.ends() == {}
        assert not released.wait(0.03)
    finally:
        released.set()
        thread.join()
    assert watched.active() == 0 and watched.ends() == {"succeeded": 1} and watched.ends("speak") == {}
    seconds = watched.value("operation_seconds_sum", modality="audio", operation="transcribe")
    assert seconds is not None and 0.03 <= seconds < 5


def test_an_exception_is_a_failure_and_goes_on_to_the_caller(watched: Watched) -> None:
    for error in (ValueError("noise"), TimeoutError(), Problem(503, "Took too long"), SystemExit(1)):
        with pytest.raises(type(error)) as raised, watched.modalities.operation("audio", "transcribe"):
            raise error
        assert raised.value is error
    assert watched.ends() == {"failed": 4} and watched.timed() == 4 and watched.active() == 0


def test_bad_input_is_no_failure(watched: Watched) -> None:
    with pytest.raises(Problem), watched.modalities.operation("audio", "transcribe"):
        raise Problem(422, "No sound")
    assert watched.ends() == {"refused": 1} and watched.timed() == 0 and watched.active() == 0


def test_whoever_goes_away_is_no_failure(watched: Watched) -> None:
    async def story() -> None:
        begun = asyncio.Event()

        async def listen() -> None:
            async with watched.modalities.operation("audio", "transcribe"):
                begun.set()
                await asyncio.Event().wait()

        caller = asyncio.create_task(listen())
        await begun.wait()
        assert watched.active() == 1
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller

    asyncio.run(story())
    assert watched.ends() == {"cancelled": 1} and watched.timed() == 0 and watched.active() == 0


def test_a_deadline_counts_by_where_it_stands(watched: Watched) -> None:
    """Inside it is the work's own, and missed; around it somebody else's."""

    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with watched.modalities.operation("audio", "transcribe"), asyncio.timeout(0.01):
                await asyncio.Event().wait()
        assert watched.ends() == {"failed": 1}
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), watched.modalities.operation("audio", "transcribe"):
                await asyncio.Event().wait()

    asyncio.run(story())
    assert watched.ends() == {"failed": 1, "cancelled": 1}


def test_work_elsewhere_that_was_cancelled_is_no_failure(watched: Watched) -> None:
    elsewhere: concurrent.futures.Future[None] = concurrent.futures.Future()
    elsewhere.cancel()
    with pytest.raises(concurrent.futures.CancelledError), watched.modalities.operation("audio", "transcribe"):
        elsewhere.result()
    assert watched.ends() == {"cancelled": 1}


def test_threads_lose_nothing(watched: Watched) -> None:
    threads, each = 8, 500

    @watched.modalities.operation("audio", "transcribe")
    def work(number: int) -> int:
        return 1 // (number % 5)

    def many() -> int:
        failed = 0
        for number in range(each):
            try:
                work(number)
            except ZeroDivisionError:
                failed += 1
        return failed

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        failed = sum(pool.map(lambda _turn: many(), range(threads)))
    assert failed == threads * each // 5
    assert watched.ends() == {"succeeded": threads * each - failed, "failed": failed}
    assert watched.timed() == threads * each and watched.active() == 0


def test_coroutines_at_a_time(watched: Watched) -> None:
    async def story() -> None:
        released = asyncio.Event()

        @watched.modalities.operation("audio", "transcribe")
        async def work(number: int) -> int:
            await released.wait()
            return number

        running = [asyncio.create_task(work(number)) for number in range(50)]
        while watched.active() != 50:
            await asyncio.sleep(0)
        for task in running[:10]:
            task.cancel()
        released.set()
        ended = await asyncio.gather(*running, return_exceptions=True)
        assert ended[10:] == list(range(10, 50))

    asyncio.run(asyncio.wait_for(story(), 10))
    assert watched.ends() == {"succeeded": 40, "cancelled": 10} and watched.active() == 0


def test_a_decorated_function_is_still_itself(watched: Watched) -> None:
    @watched.modalities.operation("audio", "speak")
    def speak(text: str, *, loud: bool = False) -> str:
        """Say it."""
        return text.upper() if loud else text

    assert speak("yes", loud=True) == "YES" and (speak.__name__, speak.__doc__) == ("speak", "Say it.")
    assert watched.ends("speak") == {"succeeded": 1}


def test_methods_and_recursion(watched: Watched) -> None:
    class Arm:
        @watched.modalities.operation("embodied", "move")
        def move(self, joints: int) -> float | None:
            return self.move(joints - 1) if joints else watched.active("embodied")

    assert Arm().move(2) == 3, "each call is an operation of its own"
    assert watched.ends("move", "embodied") == {"succeeded": 3}


def spoken(broken: bool = False) -> Iterator[str]:
    yield "one"
    if broken:
        raise OSError("no loudspeaker")
    yield "two"


async def streamed(broken: bool = False) -> AsyncIterator[str]:
    for word in spoken(broken):
        await asyncio.sleep(0)
        yield word


def listen(words: Any, most: int = 10) -> list[str]:
    """The first words of a generator, of either kind, which is then left."""

    async def story() -> list[str]:
        heard: list[str] = []
        async for word in words:
            heard.append(word)
            if len(heard) == most:
                break
        await words.aclose()
        return heard

    if hasattr(words, "__aiter__"):
        return asyncio.run(story())
    heard = [word for _number, word in zip(range(most), words, strict=False)]
    words.close()
    return heard


@pytest.mark.parametrize("speaker", [spoken, streamed])
def test_a_stream_is_under_way_until_its_end(watched: Watched, speaker: Callable[..., Any]) -> None:
    speak = watched.modalities.operation("audio", "speak")(speaker)
    words = speak()
    assert watched.active() == 0, "nothing is said before anybody listens"
    assert listen(words) == ["one", "two"] and watched.ends("speak") == {"succeeded": 1}
    assert listen(speak(), most=1) == ["one"] and watched.ends("speak") == {"succeeded": 1, "cancelled": 1}
    with pytest.raises(OSError, match="loudspeaker"):
        listen(speak(broken=True))
    assert watched.ends("speak") == {"succeeded": 1, "cancelled": 1, "failed": 1} and watched.active() == 0


def test_a_generator_still_returns_and_is_still_sent_to(watched: Watched) -> None:
    @watched.modalities.operation("audio", "speak")
    def echo() -> Iterator[str]:
        heard = yield "ready"  # type: ignore[misc]
        return heard

    words = echo()
    assert next(words) == "ready" and watched.active() == 1
    with pytest.raises(StopIteration) as ended:
        words.send("again")  # type: ignore[attr-defined]
    assert ended.value.value == "again" and watched.ends("speak") == {"succeeded": 1}


@pytest.mark.parametrize(
    ("modality", "operation", "said"),
    [
        ("smell", "sniff", "'smell' is no modality; right would be one of vision, audio, fusion, embodied"),
        ("audio", "sing", "audio has no operation 'sing'; declared are: transcribe, speak"),
        ("fusion", "align", "fusion has no operation 'align'; declared are: none"),
    ],
)
def test_what_nobody_declared_is_refused(watched: Watched, modality: str, operation: str, said: str) -> None:
    before = generate_latest(watched.registry)
    with pytest.raises(ValueError, match=said):
        watched.modalities.operation(modality, operation)
    assert generate_latest(watched.registry) == before, "not even a series was made"


@pytest.mark.parametrize("name", ["", "Speak", "speak aloud", "1st", "a-b", 'x"}', "a" * 65, "user/42"])
def test_what_is_no_name_is_refused(watched: Watched, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be an operation"):
        watched.modalities.declare("audio", name)


def test_operations_are_bounded(watched: Watched) -> None:
    with pytest.raises(ValueError, match=f"audio has {MOST_OPERATIONS} operations already; 'n30' would be too many"):
        watched.modalities.declare("audio", *(f"n{number}" for number in range(MOST_OPERATIONS)))
    watched.modalities.declare("audio", "transcribe", "n0")
    watched.modalities.declare("fusion", "align")


def test_a_registry_takes_them_once(watched: Watched) -> None:
    with pytest.raises(ValueError, match="[Dd]uplicated"):
        watched.registry.register(Modalities())
    CollectorRegistry().register(watched.modalities)


def test_an_operation_is_for_one_time(watched: Watched) -> None:
    operation = watched.modalities.operation("audio", "speak")
    with operation, pytest.raises(RuntimeError, match="audio speak has begun already"):
        operation.__enter__()
    with pytest.raises(RuntimeError), operation:
        raise AssertionError("not reached")
    assert watched.ends("speak") == {"succeeded": 1} and watched.active() == 0


def test_declared_from_many_threads_it_is_one(watched: Watched) -> None:
    start = threading.Barrier(8)

    def declare() -> None:
        start.wait(10)
        watched.modalities.declare("fusion", "align")
        with watched.modalities.operation("fusion", "align"):
            pass

    threads = [threading.Thread(target=declare) for _thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    wait_until(lambda: watched.ends("align", "fusion") == {"succeeded": 8})
