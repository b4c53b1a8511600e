"""Group commit (成组提交): those who write at once share one transaction, in the order they came.

While one group is on its way to the disk, the next one gathers; so a transaction is the larger the
more there is to do. Whoever comes when nobody writes takes what has gathered; afterwards the first
of those who wait does the same. No thread is kept for it. With a company, those who still compute
may come along; without one nobody waits for others. Who comes in a turn waits with the other turns.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from eventlog.company import Company
from eventlog.log_errors import OutcomeUnknown
from eventlog.turns import this_turn

MOST_TOGETHER = 256

_log = logging.getLogger("yizhan.eventlog")

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Waiting(Generic[Item, Result]):
    """One who waits: woken with an outcome, or without one to write the next group."""

    def __init__(self, item: Item, *, has_company: bool = True) -> None:
        self.item = item
        self.has_company = has_company
        self.outcome: tuple[Result] | Exception | None = None
        self.is_woken = False
        # A lock by itself: an event is one in a condition in a lock, and as much dearer.
        self._asleep = threading.Lock()
        self._asleep.acquire()

    def sleep(self) -> None:
        """Return once woken."""
        self._asleep.acquire()

    def wake(self) -> None:
        """Once is enough, and nobody but whoever has it in hand does: under the mutex while it
        waits, afterwards the one who writes its group."""
        if not self.is_woken:
            self.is_woken = True
            self._asleep.release()

    def told(self) -> Result | Exception:
        """What came of it: its result, or the exception that its writer is told."""
        if isinstance(self.outcome, tuple):
            return self.outcome[0]
        return OutcomeUnknown() if self.outcome is None else self.outcome

    def result(self) -> Result:
        told = self.told()
        if isinstance(told, Exception):
            raise told
        return told


class GroupWriter(Generic[Item, Result]):
    """Hands what several threads write at once to `write_all`, one group after another.

    `write_all` returns for each item its result, or the exception that its writer is told; when
    it raises, every writer of the group is told so. When it raises one of `refusals`, which are
    about what a single item holds and leave nothing done, each item is a group by itself.
    """

    def __init__(
        self,
        write_all: Callable[[Sequence[Item]], Sequence[Result | Exception]],
        *,
        most: int = MOST_TOGETHER,
        company: Company | None = None,
        refusals: tuple[type[Exception], ...] = (),
        is_writing: bool = False,
    ) -> None:
        """`is_writing`: it may wait for others who write, and whoever reads does not wait for it
        (see `turns`)."""
        self.is_writing = is_writing
        self._write_all = write_all
        self._refusals = refusals
        self._company = company
        self._most = most
        self._mutex = threading.Lock()
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._somebody_writes = False

    def write(self, item: Item) -> Result:
        """Returns when the item's group is written; raises what `write_all` says of this item."""
        turn = this_turn()
        if turn is not None:
            told: Result = turn.round.wait_together(turn, self, item)
            return told
        mine: _Waiting[Item, Result] = _Waiting(item)
        if self._company:
            self._company.wait()
        with self._mutex:
            self._waiting.append(mine)
            is_first = not self._somebody_writes
            self._somebody_writes = True
        if not is_first:
            self._wait(mine)
        if mine.outcome is None:
            self._let_others_come(mine)
            self._write_next_group()
        return mine.result()

    def write_together(self, items: Sequence[Item]) -> list[Result | Exception]:
        """The same for several who have come already, in their order; what each is told."""
        mine: list[_Waiting[Item, Result]] = [_Waiting(item, has_company=False) for item in items]
        with self._mutex:
            self._waiting.extend(mine)
            is_to_write = not self._somebody_writes
            self._somebody_writes = True
        for at, each in enumerate(mine):
            if not is_to_write:
                each.sleep()
            is_to_write = False
            if each.outcome is None:
                try:
                    self._write_next_group()
                except BaseException:
                    self._leave_all(mine[at:])
                    raise
        return [each.told() for each in mine]

    def _leave_all(self, mine: Sequence[_Waiting[Item, Result]]) -> None:
        """Those of them that nobody has written are not to be, and none is the one to write."""
        with self._mutex:
            left = [each for each in mine if each in self._waiting]
            for each in left:
                self._waiting.remove(each)
            was_to_write = any(each.is_woken for each in left)
        if was_to_write:
            self._wake_next()

    def _wait(self, mine: _Waiting[Item, Result]) -> None:
        try:
            mine.sleep()
        except BaseException:
            self._leave(mine)
            raise

    def _let_others_come(self, mine: _Waiting[Item, Result]) -> None:
        try:
            if self._company:
                self._company.gather()
        except BaseException:
            self._leave(mine, was_to_write=True)
            raise

    def _leave(self, mine: _Waiting[Item, Result], *, was_to_write: bool = False) -> None:
        """Interrupted: not to be written if nobody has begun to, and never the one to write."""
        with self._mutex:
            if mine not in self._waiting:
                return
            self._waiting.remove(mine)
            was_to_write = was_to_write or mine.is_woken
        if self._company:
            self._company.go_on(1)
        if was_to_write:
            self._wake_next()

    def _write_next_group(self) -> None:
        with self._mutex:
            size = min(len(self._waiting), self._most)
            group = [self._waiting.popleft() for _ in range(size)]
        outcomes: Sequence[Result | Exception] = [OutcomeUnknown() for _ in group]
        try:
            outcomes = self._outcomes([each.item for each in group])
        except Exception as error:
            outcomes = [_same(error) for _ in group]
        finally:
            for each, outcome in zip(group, outcomes, strict=True):
                each.outcome = outcome if isinstance(outcome, Exception) else (outcome,)
            if self._company:
                # Before the next one looks who computes: these do, as soon as they are woken.
                self._company.go_on(sum(each.has_company for each in group))
            self._wake_next()
            for each in group:
                each.wake()

    def _outcomes(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        try:
            return self._write_all(items)
        except self._refusals as error:
            if len(items) == 1:
                raise
            # What one of them holds was refused, and with it the group.
            _log.warning("group taken one by one", extra={"kind": type(error).__qualname__})
            return [self._alone(item) for item in items]

    def _alone(self, item: Item) -> Result | Exception:
        try:
            return self._write_all([item])[0]
        except Exception as error:  # told to its writer; the others go on
            return error

    def _wake_next(self) -> None:
        with self._mutex:
            following = self._waiting[0] if self._waiting else None
            self._somebody_writes = following is not None
            # Within the mutex: whoever is interrupted sees whether it was its turn.
            if following is not None:
                following.wake()


def _same(error: Exception) -> Exception:
    """One of its own for each thread that raises it, for the sake of its traceback.

    An error that is not made anew from its arguments is shared: whoever waits has to hear it.
    """
    try:
        mine = type(error)(*error.args)
    except Exception:  # its constructor is another's: it takes other arguments, or looks into them
        return error
    if str(mine) != str(error):
        return error
    mine.__cause__ = error
    return mine
