"""Turns (轮流办理): requests worked on by the thread of an event loop, each until it would wait.

One thread at a time runs Python in a process. Threads that answer requests side by side compute no
sooner for being many, and hand over to one another at every wait. Here each request is a turn of
one thread: where it would wait, it lets the next one go on. Those who have come to the same place
by the time nobody computes any more share what they wait for.

A turn must not wait by itself: it would keep everybody waiting, and of two that hold each other's
locks none would ever go on. `aside` is for whatever may wait.

Whoever reads is not kept by who writes, nor by who asks another service: each has threads apart.
"""

import asyncio
import contextvars
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary

from greenlet import getcurrent, greenlet

_MOST_ASIDE: Final = 40
_MOST_READS: Final = 8
_AT_ONCE_SECONDS: Final = 0.005
"""How long turns go on before the loop looks at its sockets again."""

Result = TypeVar("Result")


class Together(Protocol):
    """What several do at once by one step (合办): see `GroupWriter.write_together`."""

    @property
    def is_writing(self) -> bool:
        """Whether it may wait for others who write."""

    def write_together(self, items: Sequence[Any]) -> Sequence[Any]:
        """Of each item its result, or the exception that is its own. May wait."""


class Turn(greenlet):
    """One request at work (一轮); it belongs to the thread that runs it."""

    def __init__(self, round_: "_Round", work: Callable[..., None]) -> None:
        super().__init__(work, getcurrent())
        self.round = round_
        self.gr_context = contextvars.copy_context()
        self.ticket = object()

    def new_ticket(self) -> object:
        """What this turn waits for from now on; an answer to anything before is none of its own."""
        self.ticket = object()
        return self.ticket

    def let_others_go_on(self) -> Any:
        """Returns what this turn is told when it goes on. Raises what it is told."""
        return _told(cast("greenlet", self.parent).switch())


def this_turn() -> Turn | None:
    """The turn that asks, or None in a thread of its own."""
    current = getcurrent()
    return current if isinstance(current, Turn) else None


def aside(call: Callable[[], Result]) -> Result:
    """What a call gives that may wait; in a turn, others go on meanwhile. Raises what it raises."""
    turn = this_turn()
    return turn.round.wait_aside(turn, call, turn.round.threads.calls) if turn else call()


def read_aside(call: Callable[[], Result]) -> Result:
    """The same for a single read of the database, which waits behind no other service."""
    turn = this_turn()
    return turn.round.wait_aside(turn, call, turn.round.threads.reads) if turn else call()


class _Threads:
    """Where turns have others wait for them."""

    def __init__(self) -> None:
        # One step at a time of each kind: until it is done, more come to the next one.
        self.reading, self.writing = _one_thread("reading"), _one_thread("writing")
        self.reads = ThreadPoolExecutor(_MOST_READS, thread_name_prefix="read-aside")
        self.calls = ThreadPoolExecutor(_MOST_ASIDE, thread_name_prefix="aside")


def _one_thread(name: str) -> ThreadPoolExecutor:
    """Started here, where a system without room for another thread keeps nobody waiting."""
    made = ThreadPoolExecutor(1, thread_name_prefix=name)
    made.submit(int).result()
    return made


_News = tuple[Turn, object, Any]
"""What a turn waits for, by its ticket, and the item or the outcome."""


class Turns:
    """Has work done in turns, by the loop that asks."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._threads = _Threads()
        self._rounds: WeakKeyDictionary[asyncio.AbstractEventLoop, _Round] = WeakKeyDictionary()

    async def run(self, work: Callable[[], Result]) -> Result:
        """What work gives that is done in a turn, in the context of whoever asks. Raises what it
        raises. Work that was begun is done to its end, also where nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        here = self._rounds.get(loop)
        if here is None:
            here = self._rounds[loop] = _Round(self._threads)
        result: Result = await here.begin(work, loop)
        return result


class _Round:
    """The turns of one loop; everything but the calls themselves happens in its thread."""

    def __init__(self, threads: _Threads) -> None:
        self.threads = threads
        self._ready: deque[_News] = deque()
        self._gathered: dict[Together, list[_News]] = {}
        self._under_way: set[ThreadPoolExecutor] = set()
        self._is_called = False

    def begin(
        self, work: Callable[[], Result], loop: asyncio.AbstractEventLoop
    ) -> "asyncio.Future[Result]":
        """A turn that begins when the loop has heard of everybody who came with it."""
        outcome: asyncio.Future[Result] = loop.create_future()

        def worked(*_: object) -> None:
            found = _outcome(work)
            if not outcome.done():
                _tell(outcome, found)

        turn = Turn(self, worked)
        self._ready.append((turn, turn.ticket, None))
        self._call_soon(loop)
        return outcome

    def wait_together(self, turn: Turn, step: Together, item: Any) -> Any:
        """What a step gives for an item, done for all who have come to it. Raises its exception."""
        self._gathered.setdefault(step, []).append((turn, turn.new_ticket(), item))
        return turn.let_others_go_on()

    def wait_aside(
        self, turn: Turn, call: Callable[[], Result], threads: ThreadPoolExecutor
    ) -> Result:
        """What a call gives that is made in another thread. Raises what it raises."""
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()
        ticket = turn.new_ticket()

        def made() -> None:
            outcome = _outcome(lambda: context.run(call))
            self._hear(loop, lambda: self._ready.append((turn, ticket, outcome)))

        threads.submit(made)
        return cast("Result", turn.let_others_go_on())

    def later(self, call: Callable[[], object]) -> None:
        """Have a call made in another thread, which nobody waits for; it must not raise.

        Where no thread is to be had it is left: it must be of a kind that somebody makes up for.
        """
        with suppress(RuntimeError):
            self.threads.reads.submit(call)

    def _call_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._is_called:
            self._is_called = True
            loop.call_soon(self._go_on, loop)

    def _hear(self, loop: asyncio.AbstractEventLoop, news: Callable[[], None]) -> None:
        """From another thread."""

        def heard() -> None:
            news()
            self._call_soon(loop)

        # A loop that was closed has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(heard)

    def _go_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_called = False
        until = time.monotonic() + _AT_ONCE_SECONDS
        while self._ready:
            if time.monotonic() > until:
                self._call_soon(loop)
                return
            turn, ticket, value = self._ready.popleft()
            if turn.ticket is ticket:
                turn.switch(value)
        self._take_steps(loop)

    def _take_steps(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nobody computes: the steps that somebody came to first, one that reads and one that
        writes, are taken for all who are there."""
        for step in list(self._gathered):
            thread = self.threads.writing if step.is_writing else self.threads.reading
            if thread not in self._under_way:
                self._under_way.add(thread)
                thread.submit(self._take, step, self._gathered.pop(step), thread, loop)

    def _take(
        self,
        step: Together,
        group: list[_News],
        thread: ThreadPoolExecutor,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        told: Sequence[Any]
        try:
            told = step.write_together([item for *_, item in group])
        except BaseException as error:  # whoever waits must hear of it
            told = [error for _ in group]
        outcomes = [each if isinstance(each, BaseException) else (each,) for each in told]
        going_on = [(*of, each) for (*of, _), each in zip(group, outcomes, strict=True)]

        def taken() -> None:
            self._under_way.discard(thread)
            self._ready.extend(cast("list[_News]", going_on))

        self._hear(loop, taken)


def _outcome(call: Callable[[], Any]) -> tuple[Any] | BaseException:
    """What a call gave in a tuple, or what it raised."""
    try:
        return (call(),)
    except BaseException as error:  # told to whoever waits
        return error


def _told(outcome: tuple[Any] | BaseException) -> Any:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome[0]


def _tell(future: "asyncio.Future[Any]", outcome: tuple[Any] | BaseException) -> None:
    if isinstance(outcome, StopIteration):
        # No future takes it, and whoever asked would wait for ever.
        outcome = RuntimeError(repr(outcome))
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome[0])
