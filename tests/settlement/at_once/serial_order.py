"""Whether some serial order explains a round (可串行): the one in which the ledger committed it.

Every transaction's requests are carried out again one after another, by one process on a fresh
ledger, in the order of the commits and at their instants. Each must get the same answer, and at
the end both ledgers must hold the same events to the byte: every settlement with its shares, every
counter, order, deposit and status. Only settlement numbers are told beforehand: they may have
gaps, and which were passed over depends on who collided with whom.

One kind of request may stand a little earlier than it was committed: taking a deposit reads what
is known of the person without moving it, so another stay's settlement may come between. It then
goes before that one, past transactions that have no aggregate with it in common.

A refusal leaves no event. It must be one that the serial ledger gives as well, at one of the
points between which the request ran.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, groupby
from typing import Any
from uuid import UUID

from eventlog.log import LogBusy, LoggedEvent, VersionConflict
from settlement.adapters.event_ledger import EventLedger
from settlement.adapters.snapshots import SNAPSHOTS
from settlement.application.ports import Overtaken
from settlement.application.verify_ledger import verify_ledger
from settlement.domain.benefit_year import BenefitYear
from tests.eventlog.log_addresses import behind_the_log, open_at
from tests.settlement.at_once.asked import Asked
from tests.settlement.at_once.asking import Round
from tests.settlement.at_once.meeting import BEGINS, Attempt
from tests.settlement.at_once.window import CountingLedger, Said, Vanished, Window
from tests.settlement.whole_life.two_regions import (
    CAPS_FEN,
    CAPS_OF_SOUTH_FEN,
    NORTH,
    PEOPLE,
    TWO_IDS,
)

Key = tuple[str, str, str]
_ROWS = "SELECT originator_id, originator_version, topic, state FROM stored_events"
_ACCEPTED = (
    "SELECT institution_id, operation, key, status, body FROM request_register WHERE accepted = ?"
)


@dataclass(frozen=True)
class Transaction:
    """What was committed at once: its request, its instant, its positions, and whose events."""

    key: Key
    at: datetime
    first: int
    last: int
    aggregates: frozenset[UUID]

    def may_go_before(self, other: "Transaction") -> bool:
        """Whether it looked before the other did, and at nothing the other changed."""
        is_later = other.at > self.at and not self.aggregates & other.aggregates
        return is_later and self.key[1] in ("pay-deposit", "close-interim")


@dataclass
class Explained:
    """What a round came to, counted."""

    done: int = 0
    again: int = 0
    refused: int = 0
    overtaken: int = 0
    vanished: int = 0
    operations: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)


class NumbersAgain(CountingLedger):
    """A ledger that gives out the serials another one gave."""

    serial = 0

    def next_serial(self, series: str) -> int:  # noqa: ARG002 -- the same, whatever the series
        """The one that was given."""
        return self.serial


def explain_round(asked: Round, met: str, fresh: str, attempts: list[Attempt]) -> Explained:
    """Raises AssertionError where the ledger at `met` is not that of some serial order, which is
    carried out at `fresh`."""
    ledger = EventLedger(open_at(met, SNAPSHOTS))
    again = NumbersAgain(open_at(fresh, SNAPSHOTS))
    try:
        accepted = _accepted(met)
        _require_acknowledged_kept(attempts, accepted)
        transactions = _transactions(ledger, again.log.last_position(), attempts)
        _require_each_once(transactions, accepted)
        serial = _Serial(Window(again, is_one_person=asked.is_one_person), attempts)
        serial.carry_out(transactions, accepted)
        assert _rows(fresh) == _rows(met), "the serial ledger holds other events"
        assert _accepted(fresh) == accepted
        verified = verify_ledger(ledger, serial.window.laws)
        assert verified.discrepancies == ()
        _require_within_caps(ledger, is_one_person=asked.is_one_person)
    finally:
        ledger.log.close()
        again.log.close()
    return _counted(attempts, transactions)


def _accepted(address: str) -> dict[Key, tuple[int, bytes]]:
    rows: Any = behind_the_log(address, _ACCEPTED, True)
    return {(who, operation, key): (status, body) for who, operation, key, status, body in rows}


def _rows(address: str) -> list[tuple[Any, ...]]:
    """The events in no database's own order, their ids as either keeps them."""
    rows = behind_the_log(address, _ROWS)
    return sorted((UUID(str(of)).hex, *rest) for of, *rest in rows)


def _key(asked: Asked) -> Key:
    return asked.institution, asked.operation, asked.key


def _require_acknowledged_kept(
    attempts: list[Attempt], accepted: dict[Key, tuple[int, bytes]]
) -> None:
    """Whatever a client was told is done stands in the register with the same answer, and was
    carried out for one of those who asked alone."""
    carried_out: set[Key] = set()
    for each in attempts:
        if each.said is None or not each.said.is_done:
            continue
        key = _key(each.asked)
        assert accepted.get(key) == (each.said.status, each.said.body), f"{key} was lost"
        if not each.said.is_again:
            assert key not in carried_out, f"{key} was carried out twice"
            carried_out.add(key)
    assert carried_out == set(accepted), "accepted, and nobody asked or heard of it"


def _transactions(ledger: EventLedger, after: int, attempts: list[Attempt]) -> list[Transaction]:
    """Each instant's events stand together; each instant is one request's."""
    of_instant = {at: _key(each.asked) for each in attempts for at in each.instants}
    found = []
    for at, events in groupby(_events(ledger, after), key=lambda logged: logged.event.timestamp):
        logged = list(events)
        assert at in of_instant, f"nobody asked for what was decided at {at}"
        aggregates = frozenset(each.event.originator_id for each in logged)
        first, last = logged[0].position, logged[-1].position
        found.append(Transaction(of_instant[at], at, first, last, aggregates))
    return found


def _in_serial_order(transactions: list[Transaction]) -> list[Transaction]:
    """The order of the commits, with deposits where they looked."""
    found: list[Transaction] = []
    for each in transactions:
        place = len(found)
        while place and each.may_go_before(found[place - 1]):
            place -= 1
        found.insert(place, each)
    return found


def _events(ledger: EventLedger, after: int) -> list[LoggedEvent]:
    return ledger.log.read(after, limit=100_000)


def _require_each_once(
    transactions: list[Transaction], accepted: dict[Key, tuple[int, bytes]]
) -> None:
    keys = [each.key for each in transactions]
    assert len(set(keys)) == len(keys), "a request was carried out in two transactions"
    assert set(keys) == set(accepted), "events without an accepted request, or the other way"


class _Serial:
    """The same requests, one after another."""

    def __init__(self, window: Window, attempts: list[Attempt]) -> None:
        self.window = window
        self._asked = {at: each.asked for each in attempts for at in each.instants}
        self._refused = [each for each in attempts if each.said and not each.said.is_done]

    def carry_out(
        self, transactions: list[Transaction], accepted: dict[Key, tuple[int, bytes]]
    ) -> None:
        """In the order of the commits, with each refusal tried wherever it may belong."""
        begun = self.window.ledger.log.last_position()
        applied: set[int] = set()
        complete = begun
        since = begun
        for each in _in_serial_order(transactions):
            # Where one goes earlier, what did not see it yet goes earlier with it.
            self._explain_refusals(since, max(each.first - 1, complete))
            status, body = accepted[each.key]
            self._number_as_in(body)
            said = self._said(each)
            assert (said.status, said.body) == (status, body), f"{each.key}: another answer"
            applied |= set(range(each.first, each.last + 1))
            complete = next(at for at in count(begun + 1) if at not in applied) - 1
            # Whoever saw this one may not have seen what followed it and went before.
            since = min(complete, each.last)
            self._explain_refusals(since, max(applied))
        left = [(_key(each.asked), each.said) for each in self._refused]
        assert not left, f"refusals that no serial order gives: {left}"

    def _said(self, transaction: Transaction) -> Said:
        try:
            return self.window.answer(self._asked[transaction.at], lambda: transaction.at)
        except Overtaken as wrong:
            raise AssertionError(f"{transaction.key}: overtaken with nobody there") from wrong

    def _number_as_in(self, body: bytes) -> None:
        number = json.loads(body)["settlement"]
        assert isinstance(self.window.ledger, NumbersAgain)
        self.window.ledger.serial = int(number.rpartition("-")[2]) if number else 0

    def _explain_refusals(self, first: int, last: int) -> None:
        """The serial ledger stands as the other did between these positions."""
        self._refused = [
            each
            for each in self._refused
            if each.ended < first or each.started > last or not self._is_refused(each)
        ]

    def _is_refused(self, attempt: Attempt) -> bool:
        """Whether the serial ledger as it stands refuses it in the same words."""
        assert attempt.said
        at = attempt.instants[-1] if attempt.instants else BEGINS
        try:
            said = self.window.answer(attempt.asked, lambda: at, vanishes=True)
        except (Vanished, Overtaken, LogBusy, VersionConflict):
            return False
        return (said.status, said.body) == (attempt.said.status, attempt.said.body)


def _require_within_caps(ledger: EventLedger, *, is_one_person: bool) -> None:
    """No benefit year passes a cap of its law; nor do those of two ids that are one person."""
    together: dict[tuple[str, Any], int] = {}
    for year in _years(ledger):
        caps = CAPS_FEN if PEOPLE[year.person_id].region == NORTH else CAPS_OF_SOUTH_FEN
        for name, cap in caps.items():
            total = year.counters.get(name, 0)
            assert 0 <= total <= cap, f"{name} of {year.person_id} is {total}, above {cap}"
            if is_one_person and year.person_id in TWO_IDS:
                together[name, year.first_day] = together.get((name, year.first_day), 0) + total
    assert all(total <= CAPS_FEN[name] for (name, _), total in together.items())


def _years(ledger: EventLedger) -> list[BenefitYear]:
    ids: dict[UUID, None] = {}
    for logged in ledger.events():
        if isinstance(logged.event, BenefitYear.Created):
            ids[logged.event.originator_id] = None
    found = (ledger.find(each, BenefitYear) for each in ids)
    return [year for year in found if year]


def _counted(attempts: list[Attempt], transactions: list[Transaction]) -> Explained:
    said = [each.said for each in attempts if each.said]
    refused = [each for each in said if not each.is_done]
    return Explained(
        done=len(transactions),
        again=sum(each.is_again for each in said),
        refused=len(refused),
        overtaken=sum(each.overtaken for each in attempts),
        vanished=sum(each.asked.vanishes is not None for each in attempts),
        operations=[each.key[1] for each in transactions],
        refusals=[each.problem for each in refused],
    )
