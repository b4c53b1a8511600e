"""Requests that take turns in one thread: they share what they wait for, and none waits alone."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog.group_writer import GroupWriter
from eventlog.requests import RequestKey
from eventlog.turns import Turns, aside, read_aside, this_turn
from tests.eventlog.log_addresses import new_address, open_at

LONG = 10


class Doubling:
    """A step that doubles numbers; it may be held, and is never taken twice at once."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.let_go = threading.Event()
        self.let_go.set()
        self.begun = threading.Event()
        self._busy = threading.Lock()
        self.writer: GroupWriter[int, int] = GroupWriter(self._write_all)

    def _write_all(self, numbers: Sequence[int]) -> list[int | Exception]:
        assert self._busy.acquire(blocking=False)
        self.groups.append(list(numbers))
        self.begun.set()
        assert self.let_go.wait(LONG)
        self._busy.release()
        if 13 in numbers:
            raise OSError(13)
        return [ValueError(each) if each < 0 else each * 2 for each in numbers]


@pytest.fixture
def doubling() -> Doubling:
    """A step."""
    return Doubling()


class Round:
    """A loop in a thread of its own, and the turns that it runs."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def begin(self, work: Callable[[], Any]) -> "Future[Any]":
        """From outside, as a request comes."""
        context = copy_context()

        async def asked() -> Any:
            return await asyncio.create_task(self.turns.run(work), context=context)

        return asyncio.run_coroutine_threadsafe(asked(), self.loop)

    def begin_together(self, works: Sequence[Callable[[], Any]]) -> list["Future[Any]"]:
        """Works whose turns begin before any of them computes."""
        gate = threading.Event()
        self.loop.call_soon_threadsafe(gate.wait, LONG)
        futures = [self.begin(work) for work in works]
        gate.set()
        return futures

    def end(self) -> None:
        """No more."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(LONG)
        self.loop.close()


@contextmanager
def running_round() -> Iterator[Round]:
    """While the block runs."""
    made = Round()
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(name="round_")
def _round() -> Iterator[Round]:
    with running_round() as made:
        yield made


def results(futures: Sequence["Future[object]"]) -> list[object]:
    """What each work gave, or what it raised."""
    wait(futures, LONG)
    return [each.exception(0) or each.result(0) for each in futures]


def test_those_who_come_to_a_step_take_it_together(round_: Round, doubling: Doubling) -> None:
    """One group for all three, and each is told of its own number."""
    works = [lambda number=number: doubling.writer.write(number) for number in (1, 2, 3)]

    assert results(round_.begin_together(works)) == [2, 4, 6]
    assert doubling.groups == [[1, 2, 3]]


def test_who_comes_while_a_step_is_taken_takes_the_next_one(
    round_: Round, doubling: Doubling
) -> None:
    """The first is under way when two come: they compute meanwhile and wait for one group."""
    doubling.let_go.clear()
    first = round_.begin(lambda: doubling.writer.write(1))
    assert doubling.begun.wait(LONG)
    late = round_.begin_together(
        [lambda: doubling.writer.write(2), lambda: doubling.writer.write(3)]
    )
    assert round_.begin(lambda: "computed").result(LONG) == "computed"
    doubling.let_go.set()

    assert results([first, *late]) == [2, 4, 6]
    assert doubling.groups == [[1], [2, 3]]


def test_each_hears_what_is_its_own(round_: Round, doubling: Doubling) -> None:
    """A refusal of one is not the others'; where the whole step fails, all are told."""
    apart = results(
        round_.begin_together([lambda: doubling.writer.write(-1), lambda: doubling.writer.write(2)])
    )
    assert [type(apart[0]), apart[1]] == [ValueError, 4]

    both = results(
        round_.begin_together([lambda: doubling.writer.write(13), lambda: doubling.writer.write(2)])
    )
    assert [type(each) for each in both] == [OSError, OSError]


def test_threads_and_turns_share_a_writer_and_never_write_at_once(
    round_: Round, doubling: Doubling
) -> None:
    """What is held by a thread is waited for; nobody's number is lost."""
    doubling.let_go.clear()
    told: list[int] = []
    threads = [
        threading.Thread(target=lambda number=number: told.append(doubling.writer.write(number)))
        for number in (101, 102, 103)
    ]
    threads[0].start()
    assert doubling.begun.wait(LONG)
    numbers = range(200, 500)
    futures = [round_.begin(lambda number=n: doubling.writer.write(number)) for n in numbers]
    for thread in threads[1:]:
        thread.start()
    doubling.let_go.set()

    assert results(futures) == [each * 2 for each in numbers]
    for thread in threads:
        thread.join(LONG)
    assert sorted(told) == [202, 204, 206]


def test_others_go_on_while_one_is_aside(round_: Round) -> None:
    """A call that waits keeps nobody; its result and its error come back."""
    never = threading.Event()
    waiting = round_.begin(lambda: aside(lambda: never.wait(LONG)))
    assert round_.begin(lambda: this_turn() is not None).result(LONG)
    never.set()
    assert waiting.result(LONG)

    def fails() -> None:
        raise KeyError("aside")

    with pytest.raises(KeyError, match="aside"):
        round_.begin(lambda: aside(fails)).result(LONG)
    assert aside(lambda: "here") == "here"
    assert this_turn() is None


def test_an_error_that_no_future_takes_is_told_as_another(round_: Round) -> None:
    """Nobody waits for ever, and whoever is beside goes on."""

    def stops() -> object:
        return next(iter(()))

    told = results(round_.begin_together([stops, lambda: "beside"]))
    assert [type(told[0]), told[1]] == [RuntimeError, "beside"]


def test_a_turn_works_in_the_context_of_whoever_asked(round_: Round, doubling: Doubling) -> None:
    """Also aside, and after others had their turn; what it sets is its own."""
    asked: ContextVar[str] = ContextVar("asked", default="nobody")

    def work() -> tuple[str, str, str]:
        first = asked.get()
        doubling.writer.write(1)
        beside = aside(asked.get)
        asked.set(f"{first} again")
        doubling.writer.write(2)
        return first, beside, asked.get()

    futures = []
    for name in ("one", "another"):
        asked.set(name)
        futures.append(round_.begin(work))
    assert results(futures) == [(each, each, f"{each} again") for each in ("one", "another")]
    assert asked.get() == "another"


def test_who_reads_waits_for_nobody_who_writes_or_asks(round_: Round) -> None:
    """Neither for a save that waits, nor for forty questions to a service that is slow."""
    never = threading.Event()
    writer: GroupWriter[int, int] = GroupWriter(
        lambda numbers: [number for number in numbers if never.wait(LONG)], is_writing=True
    )
    reader: GroupWriter[int, int] = GroupWriter(lambda numbers: [-each for each in numbers])
    saves = round_.begin(lambda: writer.write(1))
    asked = [round_.begin(lambda: aside(lambda: never.wait(LONG))) for _ in range(50)]

    assert round_.begin(lambda: reader.write(2)).result(LONG) == -2
    assert round_.begin(lambda: read_aside(lambda: "read")).result(LONG) == "read"
    assert not saves.done()
    assert not any(each.done() for each in asked)
    never.set()
    assert results([saves, *asked]) == [1, *[True] * 50]


def test_no_answer_comes_to_another_question(
    round_: Round, doubling: Doubling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pool that cannot start a thread has the call in its queue nevertheless."""
    submit, go = ThreadPoolExecutor.submit, threading.Event()

    def begins_no_thread(self: Any, call: Any, *given: Any) -> Any:
        made = submit(self, lambda: go.wait(LONG) and call(*given))
        if self._thread_name_prefix == "aside":
            raise RuntimeError
        return made

    def work() -> int:
        with pytest.raises(RuntimeError):
            aside(lambda: "too late")
        go.set()
        time.sleep(0.05)
        return doubling.writer.write(21)

    go_on = round_.begin(lambda: None)
    assert go_on.result(LONG) is None
    monkeypatch.setattr(ThreadPoolExecutor, "submit", begins_no_thread)
    assert round_.begin(work).result(LONG) == 42


@given(st.lists(st.lists(st.sampled_from(["write", "aside", "refuse"]), max_size=4), max_size=12))
def test_whatever_they_wait_for_each_gets_its_own(plans: list[list[str]]) -> None:
    """Steps and calls in any order: every work ends, with the sum of what it was told."""
    doubling = Doubling()

    def work(number: int, plan: list[str]) -> int:
        told = 0
        for each in plan:
            if each == "write":
                told += doubling.writer.write(number)
            elif each == "aside":
                told += aside(lambda: number)
            else:
                with pytest.raises(ValueError, match=f"-{number}"):
                    doubling.writer.write(-number)
        return told

    numbers = range(100, 100 + len(plans))
    works = [partial(work, number, plan) for number, plan in zip(numbers, plans, strict=True)]
    wanted = [
        2 * n * plan.count("write") + n * plan.count("aside")
        for n, plan in zip(numbers, plans, strict=True)
    ]
    with running_round() as round_:
        assert results(round_.begin_together(works)) == wanted


def test_a_request_runs_as_long_as_its_turn(round_: Round, tmp_path: Path) -> None:
    """Every process sees it; of the last one the server is told, though nobody asks for it."""
    address = new_address("postgres", tmp_path)
    slow, quick = (RequestKey("H1", "settle", key) for key in "ab")
    gate, begun = threading.Event(), threading.Event()
    with open_at(address) as log, open_at(address) as elsewhere:

        def work(key: RequestKey, wait_for: Callable[[], object]) -> None:
            with log.running(key):
                begun.set()
                aside(wait_for)

        future = round_.begin(lambda: work(slow, lambda: gate.wait(LONG)))
        assert begun.wait(LONG)
        round_.begin(lambda: work(quick, lambda: None)).result(LONG)
        assert elsewhere.is_running(slow)
        assert not log.is_running(quick)
        gate.set()
        future.result(LONG)

        deadline = time.monotonic() + LONG
        while elsewhere.is_running(slow) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not elsewhere.is_running(slow)


def test_no_answer_is_lost_where_no_thread_is_to_be_had(
    round_: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is done; that it ended is told with the next one that comes."""
    submit = ThreadPoolExecutor.submit

    def no_reader(self: Any, call: Any, *given: Any) -> Any:
        if self._thread_name_prefix == "read-aside":
            raise RuntimeError
        return submit(self, call, *given)

    address = new_address("postgres", tmp_path)
    first, second = (RequestKey("H1", "settle", key) for key in "ab")
    with open_at(address) as log, open_at(address) as elsewhere:

        def work(key: RequestKey) -> str:
            with log.running(key):
                return "done"

        with monkeypatch.context() as patched:
            patched.setattr(ThreadPoolExecutor, "submit", no_reader)
            assert round_.begin(lambda: work(first)).result(LONG) == "done"
        assert elsewhere.is_running(first)
        assert round_.begin(lambda: work(second)).result(LONG) == "done"
        assert not elsewhere.is_running(first)


def test_a_loop_looks_at_its_sockets_while_turns_compute(round_: Round) -> None:
    """However many are ready: who comes meanwhile is heard between them."""
    heard: list[float] = []

    def computes() -> None:
        until = time.monotonic() + 0.004
        while time.monotonic() < until:
            pass

    async def listens() -> None:
        for _ in range(5):
            heard.append(time.monotonic())
            await asyncio.sleep(0)

    futures = round_.begin_together([computes] * 50)
    asyncio.run_coroutine_threadsafe(listens(), round_.loop).result(LONG)
    assert not all(each.done() for each in futures)
    assert results(futures) == [None] * 50


def test_what_was_begun_is_done_to_its_end(round_: Round, doubling: Doubling) -> None:
    """Also where whoever asked does not wait any more; the others hear of nothing."""
    doubling.let_go.clear()
    ended = threading.Event()

    def work() -> None:
        doubling.writer.write(1)
        ended.set()

    given_up = round_.begin(work)
    assert doubling.begun.wait(LONG)
    beside = round_.begin(lambda: doubling.writer.write(2))
    given_up.cancel()
    doubling.let_go.set()
    assert ended.wait(LONG)
    assert beside.result(LONG) == 4
