"""Turns (轮流办理): many requests worked on by one thread, each until it would wait.

One thread at a time runs Python in a process. Threads that answer requests side by side compute no
sooner for being many, and hand over to one another at every wait. Here each request is a turn of
one thread: where it would wait, it lets the next one go on. Those who have come to the same place
by the time nobody computes any more share what they wait for.

A turn must not wait by itself: it would keep all others waiting, and of two that hold each other's
locks none would ever go on. `aside` is for whatever may wait.
"""

import contextvars
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar, cast

from greenlet import getcurrent, greenlet

_IDLE_SECONDS = 1.0
_MOST_ASIDE = 40

Result = TypeVar("Result")


class Together(Protocol):
    """What several do at once by one step (合办): see `GroupWriter.write_together`."""

    def write_together(self, items: Sequence[Any]) -> Sequence[Any]:
        """Of each item its result, or the exception that is its own. May wait."""


class Turn(greenlet):
    """One request at work (一轮); it belongs to the thread that runs it."""

    def __init__(self, turns: "Turns", work: Callable[..., None]) -> None:
        # Nobody else may know the thread's own greenlet: when the thread ends, greenlet looks for
        # whoever has it, does not find what `gc.freeze` put away, and lets go once too often.
        super().__init__(work, getcurrent())
        self.turns = turns
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
    return turn.turns.wait_aside(turn, call) if turn else call()


class Turns:
    """Runs turns in one thread, which is there while there is something to do."""

    def __init__(self) -> None:
        """Nothing runs yet."""
        # One step at a time: until it is done, more come to the next one.
        self._steps = ThreadPoolExecutor(1, thread_name_prefix="together")
        self._calls = ThreadPoolExecutor(_MOST_ASIDE, thread_name_prefix="aside")
        self._news: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._starting = threading.Lock()
        self._is_running = False
        # From here on the thread's own.
        self._at_work = 0
        self._ready: deque[tuple[Turn, Any]] = deque()
        self._gathered: dict[Together, list[tuple[Turn, Any]]] = {}
        self._is_under_way = False

    def begin(self, work: Callable[[], Result]) -> "Future[Result]":
        """Have work done in a turn, in the context of whoever asks."""
        outcome: Future[Result] = Future()
        context = contextvars.copy_context()
        self._tell(lambda: context.run(self._start, work, outcome))
        return outcome

    @property
    def others(self) -> int:
        """How many turns are at work beside the one that asks."""
        return self._at_work - 1

    def wait_together(self, turn: Turn, step: Together, item: Any) -> Any:
        """What a step gives for an item, done for all who have come to it. Raises its exception."""
        self._gathered.setdefault(step, []).append((turn, item))
        return turn.let_others_go_on()

    def wait_aside(self, turn: Turn, call: Callable[[], Result]) -> Result:
        """What a call gives that is made in another thread. Raises what it raises."""
        context = contextvars.copy_context()

        def made() -> None:
            outcome = _outcome(lambda: context.run(call))
            self._tell(lambda: self._ready.append((turn, outcome)))

        self._calls.submit(made)
        return cast("Result", turn.let_others_go_on())

    def later(self, call: Callable[[], object]) -> None:
        """Have a call made in another thread, which nobody waits for; it must not raise."""
        self._calls.submit(call)

    def _tell(self, news: Callable[[], None]) -> None:
        self._news.put(news)
        with self._starting:
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="turns", daemon=True).start()

    def _run(self) -> None:
        while self._hear():
            while self._ready:
                turn, value = self._ready.popleft()
                turn.switch(value)
                # Who came meanwhile computes before a step is taken for those who wait.
                self._hear_what_is_there()
            self._take_step()

    def _hear(self) -> bool:
        """Wait for news; False where none came for a while and nobody is at work: the thread ends
        then, and another one begins with the next that comes."""
        while True:
            try:
                self._news.get(timeout=_IDLE_SECONDS)()
            except Empty:
                if self._may_end():
                    return False
            else:
                self._hear_what_is_there()
                return True

    def _hear_what_is_there(self) -> None:
        while True:
            try:
                self._news.get_nowait()()
            except Empty:
                return

    def _may_end(self) -> bool:
        """Turns belong to their thread, so it stays while there are any."""
        if self._at_work:
            return False
        with self._starting:
            self._is_running = not self._news.empty()
            return not self._is_running

    def _start(self, work: Callable[[], Result], outcome: "Future[Result]") -> None:
        def worked() -> None:
            found = _outcome(work)
            self._at_work -= 1
            _tell_outcome(outcome, found)

        self._at_work += 1
        self._ready.append((Turn(self, lambda *_: worked()), None))

    def _take_step(self) -> None:
        """Nobody computes: the step that somebody came to first is taken for all who are there."""
        if self._gathered and not self._is_under_way:
            step = next(iter(self._gathered))
            self._is_under_way = True
            self._steps.submit(self._take, step, self._gathered.pop(step))

    def _take(self, step: Together, group: list[tuple[Turn, Any]]) -> None:
        told: Sequence[Any]
        try:
            told = step.write_together([item for _, item in group])
        except BaseException as error:  # whoever waits must hear of it
            told = [error for _ in group]
        outcomes = [each if isinstance(each, BaseException) else (each,) for each in told]
        going_on = [(turn, each) for (turn, _), each in zip(group, outcomes, strict=True)]

        def go_on() -> None:
            self._is_under_way = False
            self._ready.extend(going_on)

        self._tell(go_on)


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


def _tell_outcome(future: "Future[Any]", outcome: tuple[Any] | BaseException) -> None:
    if isinstance(outcome, BaseException):
        future.set_exception(outcome)
    else:
        future.set_result(outcome[0])
