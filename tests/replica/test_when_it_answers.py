"""When the replica may answer at all, and how each of its answers is asked about again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from contracts.vocabulary import PersonId
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.application.ask_when_down import AskWhenDown, ReplicaRules
from settlement.application.ports import EligibilityDown, PersonAnswer
from settlement.entrypoints.listen import BesideListening
from tests.eligibility.conftest import number
from tests.replica.town import Town, town_on


@pytest.fixture(name="town")
def _town(tmp_path: Path) -> Iterator[Town]:
    """Three low-income residents, all told of and checked."""
    with town_on("sqlite", tmp_path) as town:
        town.enrol(1, 2, 3, identity="低保对象")
        town.tell()
        assert town.check()
        yield town


@pytest.mark.parametrize(("hours", "ahead"), [(0, -1), (0, 1), (24, 10)])
def test_a_replica_that_may_never_answer_or_was_complete_in_the_future_does_not(
    town: Town, hours: int, ahead: int
) -> None:
    """Zero hours are never, whichever clock goes ahead; and whose age nobody knows is refused."""
    person = town.office.person_id(number(1))
    rules = ReplicaRules(oldest=timedelta(hours=hours))
    asked = AskWhenDown(
        town.parts.eligibility, town.parts.replica.people, clock=town.parts.clock, rules=rules
    )
    never = Town(town.office, replace(town.parts, asked_at_desk=asked), town.line, town.settings)
    town.line.is_cut = True
    town.pass_time(minutes=-ahead)
    refused = never.whole_stay(person, "ZY-1")
    kind = "replica-unfit" if hours else "eligibility-unreachable"
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (503, kind)


def test_one_that_cannot_be_asked_about_holds_up_no_other(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few at a time, the first of them always failing; then all others were asked about, though
    the replica is not complete."""
    people = [town.office.person_id(number(n)) for n in (1, 2, 3)]
    town.line.is_cut = True
    numbers = [town.settled(each, f"ZY-{n}")["settlement_number"] for n, each in enumerate(people)]
    town.line.is_cut = False
    faults = cycle((RuntimeError("its history cannot be read"), EligibilityDown("500")))

    class Faulty:
        """Eligibility, which has something against one person."""

        def entitlements(self, person_id: PersonId, **asked: Any) -> PersonAnswer:
            """The port."""
            if person_id == people[0]:
                raise next(faults)
            return town.parts.eligibility.entitlements(person_id, **asked)

    monkeypatch.setattr("settlement.entrypoints.listen.RECHECKED_AT_ONCE", 1)
    town.enrol(4)
    told: list[str] = []
    corrections = EligibilityHttp(town.line)  # type: ignore[arg-type]  # what it needs of one
    replica = replace(town.parts.replica, eligibility=Faulty(), corrections=corrections)
    beside = BesideListening(replica, lambda: town.office.now, told.append)
    for waiting in ([0, 1, 2], [0, 2], [0], [0], [0]):
        beside()
        left = [each["settlement_number"] for each in town.listed(recheck="waiting")]
        assert left == [numbers[each] for each in waiting]
        town.pass_time(seconds=6)
    assert len(told) == 2
    assert town.recheck().confirmed == 1
