"""Who asks the database lets those come along who still compute; who is alone never waits."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

import eventlog.company
from eventlog.company import Company
from eventlog.group_writer import GroupWriter
from eventlog.requests import RequestKey
from tests.eventlog.log_addresses import new_address, open_at

LONG = 30.0


class Groups:
    """What was written together."""

    def __init__(self, company: Company) -> None:
        self.of: list[list[int]] = []
        self.company = company
        self.writer: GroupWriter[int, int] = GroupWriter(self._write_all, company=company)

    def _write_all(self, numbers: Sequence[int]) -> list[int]:
        self.of.append(sorted(numbers))
        return [number * 2 for number in numbers]

    def working(self, number: int, may_go_on: threading.Event) -> threading.Thread:
        """Somebody at work, who computes until they may go on, and writes."""
        has_come = threading.Event()

        def work() -> None:
            with self.company.member():
                has_come.set()
                assert may_go_on.wait(LONG)
                assert self.writer.write(number) == number * 2

        thread = threading.Thread(target=work)
        thread.start()
        assert has_come.wait(LONG)
        return thread


@pytest.fixture(name="groups")
def _groups(monkeypatch: pytest.MonkeyPatch) -> Groups:
    monkeypatch.setattr(eventlog.company, "LONGEST_SECONDS", LONG)
    return Groups(Company())


def test_those_who_compute_come_along(groups: Groups) -> None:
    """Three at work: two are ready and wait for the third; one statement does for all."""
    go, go_last = threading.Event(), threading.Event()
    first = [groups.working(number, go) for number in (1, 2)]
    last = groups.working(3, go_last)

    go.set()
    while groups.company._waiting < len(first):
        first[0].join(0.001)
    assert groups.of == []
    go_last.set()
    for each in (*first, last):
        each.join(LONG)

    assert groups.of == [[1, 2, 3]]


def test_whoever_is_alone_waits_for_nobody(groups: Groups) -> None:
    """At work or not; the longest wait would be seen."""
    assert groups.writer.write(1) == 2
    with groups.company.member():
        assert groups.writer.write(2) == 4
    assert groups.of == [[1], [2]]


def test_nobody_waits_for_one_who_takes_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody at work may be asking a neighbour that is slow."""
    monkeypatch.setattr(eventlog.company, "LONGEST_SECONDS", 0.01)
    groups = Groups(Company())
    never = threading.Event()
    slow = groups.working(1, never)

    with groups.company.member():
        assert groups.writer.write(2) == 4
    never.set()
    slow.join(LONG)

    assert groups.of == [[2], [1]]


def test_whoever_leaves_is_not_waited_for(groups: Groups) -> None:
    """A request that ends without writing."""
    go = threading.Event()
    with ExitStack() as staying:
        staying.enter_context(groups.company.member())
        thread = groups.working(1, go)
        go.set()
        while not groups.company._waiting:
            thread.join(0.001)
        assert groups.of == []
    thread.join(LONG)
    assert groups.of == [[1]]


def test_a_request_that_ended_is_let_go_of_beside_others(tmp_path: Path) -> None:
    """By the next that comes, or by the last that ends; until then others count as running."""
    address = new_address("postgres", tmp_path)
    first, second, third = (RequestKey("H1", "settle", key) for key in "abc")
    with open_at(address) as log, open_at(address) as elsewhere, log.running(second):
        with log.running(first):
            assert elsewhere.is_running(first)
        assert not log.is_running(first)
        with log.running(first):
            pass
        with log.running(third):
            assert not elsewhere.is_running(first)
            assert elsewhere.is_running(third)
    with open_at(address) as elsewhere:
        assert not any(map(elsewhere.is_running, (first, second, third)))
