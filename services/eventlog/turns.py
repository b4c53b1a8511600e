"""Turns (轮流办理): requests worked on by the thread of an event loop, each until it would wait.

One thread at a time runs Python in a process. Threads that answer requests side by side compute no
sooner for being many, and hand over to one another at every wait. Here each request is a turn of
one thread: where it would wait, it lets the next one go on. Those who have come to the same place
by the time nobody computes any more share what they wait for.

A turn must not wait by itself: it would keep everybody waiting, and of two that hold each other's
locks none would ever go on. `aside` is for whatever may wait.
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
_AT_ONCE_SECONDS: Final = 0.005
"""How long turns go on before the loop looks at its sockets again."""

Result = TypeVar("Result")


class Together(Protocol):
    """What several do at once by one step (合办): see `GroupWriter.write_together`."""

    def write_together(self, items: Sequence[Any]) -> Sequence[Any]:
        """Of each item its result, or the exception that is its own. May wait."""


class Turn(greenlet):
    """One request at work (一轮); it belongs to the thread that runs it."""

    def __init__(self, round_: "_Round", work: Callable[..., None]) -> None:
        super().__init__(work, getcurrent())
        self.round = round_
        self.gr_context = contextvars.copy_context()

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
    return turn.round.wait_aside(turn, call) if turn else call()


class Turns:
    """Has work done in turns, by the loop that asks."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        # One step at a time: until it is done, more come to the next one.
        self._steps = ThreadPoolExecutor(1, thread_name_prefix="together")
        self._calls = ThreadPoolExecutor(_MOST_ASIDE, thread_name_prefix="aside")
        self._rounds: WeakKeyDictionary[asyncio.AbstractEventLoop, _Round] = WeakKeyDictionary()

    async def run(self, work: Callable[[], Result]) -> Result:
        """What work gives that is done in a turn, in the context of whoever asks. Raises what it
        raises. Work that was begun is done to its end, also where nobody waits for it any more."""
        loop = asyncio.get_running_loop()
        here = self._rounds.get(loop)
        if here is None:
            here = self._rounds[loop] = _Round(self._steps, self._calls)
        result: Result = await here.begin(work, loop)
        return result


class _Round:
    """The turns of one loop; everything but the calls themselves happens in its thread."""

    def __init__(self, steps: ThreadPoolExecutor, calls: ThreadPoolExecutor) -> None:
        self._steps, self._calls = steps, calls
        self._at_work = 0
        self._ready: deque[tuple[Turn, Any]] = deque()
        self._gathered: dict[Together, list[tuple[Turn, Any]]] = {}
        self._is_under_way = False
        self._is_called = False

    @property
    def others(self) -> int:
        """How many turns are at work beside the one that asks."""
        return self._at_work - 1

    def begin(
        self, work: Callable[[], Result], loop: asyncio.AbstractEventLoop
    ) -> "asyncio.Future[Result]":
        """A turn that begins when the loop has heard of everybody who came with it."""
        outcome: asyncio.Future[Result] = loop.create_future()

        def worked(*_: object) -> None:
            found = _outcome(work)
            self._at_work -= 1
            if not outcome.done():
                _tell(outcome, found)

        self._at_work += 1
        self._ready.append((Turn(self, worked), None))
        self._call_soon(loop)
        return outcome

    def wait_together(self, turn: Turn, step: Together, item: Any) -> Any:
        """What a step gives for an item, done for all who have come to it. Raises its exception."""
        self._gathered.setdefault(step, []).append((turn, item))
        return turn.let_others_go_on()

    def wait_aside(self, turn: Turn, call: Callable[[], Result]) -> Result:
        """What a call gives that is made in another thread. Raises what it raises."""
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()

        def made() -> None:
            outcome = _outcome(lambda: context.run(call))
            self._hear(loop, lambda: self._ready.append((turn, outcome)))

        self._calls.submit(made)
        return cast("Result", turn.let_others_go_on())

    def later(self, call: Callable[[], object]) -> None:
        """Have a call made in another thread, which nobody waits for; it must not raise."""
        self._calls.submit(call)

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
            turn, value = self._ready.popleft()
            turn.switch(value)
        self._take_step(loop)

    def _take_step(self, loop: asyncio.AbstractEventLoop) -> None:
        """Nobody computes: the step that somebody came to first is taken for all who are there."""
        if self._gathered and not self._is_under_way:
            step = next(iter(self._gathered))
            self._is_under_way = True
            self._steps.submit(self._take, step, self._gathered.pop(step), loop)

    def _take(
        self, step: Together, group: list[tuple[Turn, Any]], loop: asyncio.AbstractEventLoop
    ) -> None:
        told: Sequence[Any]
        try:
            told = step.write_together([item for _, item in group])
        except BaseException as error:  # whoever waits must hear of it
            told = [error for _ in group]
        outcomes = [each if isinstance(each, BaseException) else (each,) for each in told]
        going_on = [(turn, each) for (turn, _), each in zip(group, outcomes, strict=True)]

        def taken() -> None:
            self._is_under_way = False
            self._ready.extend(going_on)

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
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome[0])
