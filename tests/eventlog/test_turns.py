"""Requests that take turns in one thread: they share what they wait for, and none waits alone."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from contextvars import ContextVar
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlog import turns as module
from eventlog.group_writer import GroupWriter
from eventlog.requests import RequestKey
from eventlog.turns import Turns, aside, this_turn
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


def results(futures: Sequence["Future[object]"]) -> list[object]:
    """What each work gave, or what it raised."""
    wait(futures, LONG)
    return [each.exception(0) or each.result(0) for each in futures]


def all_begun(turns: Turns, works: Sequence[Callable[[], object]]) -> list["Future[object]"]:
    """Works whose turns begin before any of them computes."""
    gate = threading.Event()
    held = turns.begin(lambda: gate.wait(LONG))
    futures = [turns.begin(work) for work in works]
    gate.set()
    assert held.result(LONG)
    return futures


def test_those_who_come_to_a_step_take_it_together(doubling: Doubling) -> None:
    """One group for all three, and each is told of its own number."""
    works = [lambda number=number: doubling.writer.write(number) for number in (1, 2, 3)]

    assert results(all_begun(Turns(), works)) == [2, 4, 6]
    assert doubling.groups == [[1, 2, 3]]


def test_who_comes_while_a_step_is_taken_takes_the_next_one(doubling: Doubling) -> None:
    """The first is under way when two come: they compute meanwhile and wait for one group."""
    turns = Turns()
    doubling.let_go.clear()
    first = turns.begin(lambda: doubling.writer.write(1))
    assert doubling.begun.wait(LONG)
    late = all_begun(turns, [lambda: doubling.writer.write(2), lambda: doubling.writer.write(3)])
    assert turns.begin(lambda: "computed").result(LONG) == "computed"
    doubling.let_go.set()

    assert results([first, *late]) == [2, 4, 6]
    assert doubling.groups == [[1], [2, 3]]


def test_each_hears_what_is_its_own(doubling: Doubling) -> None:
    """A refusal of one is not the others'; where the whole step fails, all are told."""
    turns = Turns()
    apart = results(
        all_begun(turns, [lambda: doubling.writer.write(-1), lambda: doubling.writer.write(2)])
    )
    assert [type(apart[0]), apart[1]] == [ValueError, 4]

    both = results(
        all_begun(turns, [lambda: doubling.writer.write(13), lambda: doubling.writer.write(2)])
    )
    assert [type(each) for each in both] == [OSError, OSError]


def test_threads_and_turns_share_a_writer_and_never_write_at_once(doubling: Doubling) -> None:
    """What is held by a thread is waited for; nobody's number is lost."""
    turns = Turns()
    doubling.let_go.clear()
    told: list[int] = []
    threads = [
        threading.Thread(target=lambda number=number: told.append(doubling.writer.write(number)))
        for number in (101, 102, 103)
    ]
    threads[0].start()
    assert doubling.begun.wait(LONG)
    numbers = range(200, 500)
    futures = [turns.begin(lambda number=n: doubling.writer.write(number)) for n in numbers]
    for thread in threads[1:]:
        thread.start()
    doubling.let_go.set()

    assert results(futures) == [each * 2 for each in numbers]
    for thread in threads:
        thread.join(LONG)
    assert sorted(told) == [202, 204, 206]


def test_others_go_on_while_one_is_aside() -> None:
    """A call that waits keeps nobody; its result and its error come back."""
    turns, never = Turns(), threading.Event()
    waiting = turns.begin(lambda: aside(lambda: never.wait(LONG)))
    assert turns.begin(lambda: this_turn() is not None).result(LONG)
    never.set()
    assert waiting.result(LONG)

    def fails() -> None:
        raise KeyError("aside")

    with pytest.raises(KeyError, match="aside"):
        turns.begin(lambda: aside(fails)).result(LONG)
    assert aside(lambda: "here") == "here"
    assert this_turn() is None


def test_a_turn_works_in_the_context_of_whoever_asked(doubling: Doubling) -> None:
    """Also aside, and after others had their turn; what it sets is its own."""
    asked: ContextVar[str] = ContextVar("asked", default="nobody")

    def work() -> tuple[str, str, str]:
        first = asked.get()
        doubling.writer.write(1)
        beside = aside(asked.get)
        asked.set(f"{first} again")
        doubling.writer.write(2)
        return first, beside, asked.get()

    turns, futures = Turns(), []
    for name in ("one", "another"):
        asked.set(name)
        futures.append(turns.begin(work))
    assert results(futures) == [(each, each, f"{each} again") for each in ("one", "another")]
    assert asked.get() == "another"


def test_how_many_others_are_at_work() -> None:
    """Counted while they are; whoever ended is not among them."""
    turns = Turns()
    gate = threading.Event()
    slow = turns.begin(lambda: aside(lambda: gate.wait(LONG)))
    assert turns.begin(lambda: turns.others).result(LONG) == 1
    gate.set()
    slow.result(LONG)
    assert turns.begin(lambda: turns.others).result(LONG) == 0


def test_the_thread_is_there_while_there_is_something_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ends when nothing came for a while, not under a turn that waits, and comes again."""
    monkeypatch.setattr(module, "_IDLE_SECONDS", 0.01)
    turns, gate = Turns(), threading.Event()
    before = set(threading.enumerate())

    def threads() -> list[threading.Thread]:
        now = set(threading.enumerate()) - before
        return [each for each in now if each.name == "turns"]

    waits = turns.begin(lambda: aside(lambda: gate.wait(LONG)))
    (thread,) = threads()
    thread.join(0.1)
    assert thread.is_alive()
    gate.set()
    assert waits.result(LONG)
    thread.join(LONG)
    assert not threads()
    assert turns.begin(lambda: "again").result(LONG) == "again"


@given(st.lists(st.lists(st.sampled_from(["write", "aside", "refuse"]), max_size=4), max_size=12))
def test_whatever_they_wait_for_each_gets_its_own(plans: list[list[str]]) -> None:
    """Steps and calls in any order: every work ends, with the sum of what it was told."""
    doubling, turns = Doubling(), Turns()

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
    futures = [
        turns.begin(lambda number=number, plan=plan: work(number, plan))
        for number, plan in zip(numbers, plans, strict=True)
    ]
    wanted = [
        2 * n * plan.count("write") + n * plan.count("aside")
        for n, plan in zip(numbers, plans, strict=True)
    ]
    assert [each.result(LONG) for each in futures] == wanted


_FROZEN = """
import gc, time
from eventlog import turns
from eventlog.group_writer import GroupWriter
turns._IDLE_SECONDS = 0.001
writer = GroupWriter(lambda numbers: list(numbers))
ours = turns.Turns()
gc.collect()
gc.freeze()
for batch in range(150):
    told = [ours.begin(lambda n=n: writer.write(n) + turns.aside(lambda: n)) for n in range(20)]
    trash = [[{}] for _ in range(2000)]
    assert [each.result(10) for each in told] == [2 * n for n in range(20)]
    time.sleep(0.003)
"""


def test_threads_of_turns_end_beside_what_was_frozen() -> None:
    """Workers freeze what stays (`http_edge.workers.built`); the memory of none may suffer."""
    done = subprocess.run([sys.executable, "-c", _FROZEN], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_request_runs_as_long_as_its_turn(tmp_path: Path) -> None:
    """Every process sees it; of the last one the server is told, though nobody asks for it."""
    address = new_address("postgres", tmp_path)
    slow, quick = (RequestKey("H1", "settle", key) for key in "ab")
    turns, gate, begun = Turns(), threading.Event(), threading.Event()
    with open_at(address) as log, open_at(address) as elsewhere:

        def work(key: RequestKey, wait_for: Callable[[], object]) -> None:
            with log.running(key):
                begun.set()
                aside(wait_for)

        future = turns.begin(lambda: work(slow, lambda: gate.wait(LONG)))
        assert begun.wait(LONG)
        turns.begin(lambda: work(quick, lambda: None)).result(LONG)
        assert elsewhere.is_running(slow)
        assert not log.is_running(quick)
        gate.set()
        future.result(LONG)

        deadline = time.monotonic() + LONG
        while elsewhere.is_running(slow) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not elsewhere.is_running(slow)
