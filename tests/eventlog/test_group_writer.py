"""Those who write at once share a group, in the order they came; each hears of its own."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from eventlog.group_writer import GroupWriter
from eventlog.log_errors import LogBusy, VersionConflict


class Disk:
    """Writes numbers; holds the first group until others have gathered."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.held = threading.Event()
        self.let_go = threading.Event()
        self.refused: Callable[[int], Exception | None] = lambda _: None

    def write_all(self, numbers: Sequence[int]) -> list[int | Exception]:
        """Twice the number, or the refusal."""
        self.groups.append(list(numbers))
        if len(self.groups) == 1:
            self.held.set()
            assert self.let_go.wait(10)
        return [self.refused(number) or number * 2 for number in numbers]


class Crowd:
    """Threads that write one number each."""

    def __init__(self, disk: Disk, most: int = 256) -> None:
        self.writer: GroupWriter[int, int] = GroupWriter(disk.write_all, most=most)
        self.disk = disk
        self.told: dict[int, int | Exception] = {}
        self.threads: list[threading.Thread] = []

    def comes(self, number: int) -> None:
        """One more arrives, and is in line when this returns."""
        is_first, before = not self.disk.groups, len(self.writer._waiting)
        thread = threading.Thread(target=self._write, args=(number,))
        self.threads.append(thread)
        thread.start()
        if is_first:
            assert self.disk.held.wait(10)
        else:
            while len(self.writer._waiting) == before:
                time.sleep(0.001)

    def _write(self, number: int) -> None:
        try:
            self.told[number] = self.writer.write(number)
        except Exception as error:
            self.told[number] = error

    def all_told(self) -> dict[int, int | Exception]:
        """Let the first group through; what everybody heard."""
        self.disk.let_go.set()
        for thread in self.threads:
            thread.join(10)
        return self.told


def test_who_comes_meanwhile_makes_the_next_group_in_order() -> None:
    """One is on its way when three come: two groups, and everybody hears of its own."""
    crowd = Crowd(Disk())
    for number in (1, 2, 3, 4):
        crowd.comes(number)

    assert crowd.all_told() == {1: 2, 2: 4, 3: 6, 4: 8}
    assert crowd.disk.groups == [[1], [2, 3, 4]]


def test_a_group_has_a_limit_and_the_rest_follow() -> None:
    """Of five who wait no more than two go at once."""
    crowd = Crowd(Disk(), most=2)
    for number in range(1, 7):
        crowd.comes(number)

    crowd.all_told()

    assert crowd.disk.groups == [[1], [2, 3], [4, 5], [6]]
    assert len(crowd.told) == 6


def test_a_refusal_is_told_to_its_writer_alone() -> None:
    """The one in the middle is refused; those beside it are written."""
    crowd = Crowd(Disk())
    crowd.disk.refused = lambda number: VersionConflict("moved on") if number == 3 else None
    for number in (1, 2, 3, 4):
        crowd.comes(number)

    told = crowd.all_told()

    assert (told[1], told[2], told[4]) == (2, 4, 8)
    assert isinstance(told[3], VersionConflict)


def test_when_a_group_cannot_be_written_each_of_it_hears_so_and_the_next_goes_on() -> None:
    """Everybody gets an error of its own, with the cause; whoever comes later is written."""
    disk = Disk()

    def fails_once(numbers: Sequence[int]) -> list[int | Exception]:
        written = disk.write_all(numbers)
        if len(disk.groups) == 2:
            message = "busy"
            raise LogBusy(message)
        return written

    crowd = Crowd(disk)
    crowd.writer._write_all = fails_once
    for number in (1, 2, 3):
        crowd.comes(number)

    told = crowd.all_told()

    assert told[1] == 2
    assert isinstance(told[2], LogBusy)
    assert isinstance(told[3], LogBusy)
    assert told[2] is not told[3]
    assert told[2].__cause__ is told[3].__cause__
    assert crowd.writer.write(5) == 10


class Unmistakable(Exception):
    """Made from other arguments than it keeps."""

    def __init__(self, *, number: int) -> None:
        super().__init__(f"not {number}")


class Named(Exception):
    """Made anew from what it keeps, it would say something else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"not {name}")


@pytest.mark.parametrize("error", [Unmistakable(number=3), Named("3")])
def test_an_error_that_cannot_be_made_again_is_heard_by_all(error: Exception) -> None:
    """Nobody is told that the outcome is unknown where it is known."""
    disk = Disk()

    def fails(numbers: Sequence[int]) -> list[int | Exception]:
        written = disk.write_all(numbers)
        if len(disk.groups) == 2:
            raise error
        return written

    crowd = Crowd(disk)
    crowd.writer._write_all = fails
    for number in (1, 2, 3):
        crowd.comes(number)

    assert crowd.all_told() == {1: 2, 2: error, 3: error}


def test_what_is_refused_of_one_is_done_of_the_others() -> None:
    """A group is refused for the sake of one: each of it is a group by itself."""
    disk = Disk()

    def refuses(numbers: Sequence[int]) -> list[int | Exception]:
        written = disk.write_all(numbers)
        if 3 in numbers:
            raise Named("3")
        return written

    crowd = Crowd(disk)
    crowd.writer = GroupWriter(refuses, refusals=(Named,))
    for number in (1, 2, 3, 4):
        crowd.comes(number)

    told = crowd.all_told()

    assert (told[1], told[2], told[4]) == (2, 4, 8)
    assert isinstance(told[3], Named)
    assert disk.groups == [[1], [2, 3, 4], [2], [3], [4]]


def test_one_by_one_each_is_a_group() -> None:
    """Nobody waits for company."""
    disk = Disk()
    disk.let_go.set()
    writer: GroupWriter[int, int] = GroupWriter(disk.write_all)

    assert [writer.write(number) for number in (1, 2, 3)] == [2, 4, 6]
    assert disk.groups == [[1], [2], [3]]


def test_an_interruption_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who was woken to write the next group is interrupted: the one behind writes."""
    crowd = Crowd(Disk())
    crowd.comes(1)
    monkeypatch.setattr(crowd.writer, "_wait", _interrupted_when_woken(crowd.writer))
    crowd.comes(2)
    monkeypatch.undo()
    crowd.comes(3)

    told = crowd.all_told()

    assert (told[1], told[3]) == (2, 6)
    assert isinstance(told[2], InterruptedError)
    assert crowd.disk.groups == [[1], [3]]


def _interrupted_when_woken(writer: GroupWriter[int, int]) -> Callable[..., None]:
    def wait(mine: object) -> None:
        mine.sleep()  # type: ignore[attr-defined]  # the writer's own
        writer._leave(mine)  # type: ignore[arg-type]
        raise InterruptedError

    return wait
