"""Settlement's public events for Kafka (发布结算公开事件): all those of `GET /v1/notices`."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil

from contracts.channels import SETTLEMENT, Channel
from contracts.vocabulary import InstitutionId
from eventlog.log import LogBusy
from kafka_edge.feed import FeedPage, NotNow, page_before_fault
from kafka_edge.log_names import EventNames
from kafka_edge.outgoing import outgoing
from settlement.adapters.event_ledger import EventLedger
from settlement.application.ports import EligibilityUnreachable, LoggedFact
from settlement.application.read_notices import NOTICED, Happened, Notice, Residences, happened_in
from settlement.domain.record import Actor
from settlement.entrypoints.http.notices import show_notice
from settlement.entrypoints.remembered_admissions import RememberedAdmissions

PUBLISHER = Actor(operator="发布程序", institution_id=InstitutionId("publisher"))
"""Who eligibility records as the reader of a person's township."""

# Each notice asks eligibility once; so many threads ask, each a row of questions: handing every one
# to a thread would cost more than what is done with its answer.
_ASKED_AT_ONCE = 8
_ASKED_BEFORE_LOOKING = 128


class SettlementFeed:
    """What was told of admissions and discharges, in order; see `kafka_edge.feed`."""

    def __init__(
        self, ledger: EventLedger, residences: Residences, channel: Channel = SETTLEMENT
    ) -> None:
        """`channel` names the ledger as the source of what it tells."""
        self._ledger, self._residences, self._channel = ledger, residences, channel
        self._names = EventNames(ledger.log)
        self._admissions = RememberedAdmissions(ledger)

    def page(self, after: int) -> FeedPage:
        """What comes after a position. Raises `NotNow`, also where eligibility does not answer."""
        return page_before_fault(self._read, log=self._names, after=after)

    def mark(self, position: int) -> str:
        """What tells the event at a position from every other. Raises `NotNow`."""
        try:
            return self._names.mark(position)
        except LogBusy as busy:
            raise NotNow(str(busy)) from busy

    def last_position(self) -> int:
        """The position of the log's last event. Raises `NotNow`."""
        try:
            return self._names.last_position()
        except LogBusy as busy:
            raise NotNow(str(busy)) from busy

    def _read(self, after: int, limit: int) -> FeedPage:
        try:
            logged, reached = self._ledger.events_of(NOTICED, after=after, limit=limit)
            found = [self._told_by(each) for each in logged]
            last = self._names.last_position()
        except LogBusy as busy:
            raise NotNow(str(busy)) from busy
        happened = [each for each in found if each is not None]
        townships = self._townships(happened)
        if len(townships) < len(happened):
            # The page ends before the first notice whose township could not be asked.
            reached = happened[len(townships)].position - 1
        notices = map(Notice, happened, townships)
        messages = [outgoing(self._channel, show_notice(each)) for each in notices]
        return FeedPage(messages, reached, last)

    def _told_by(self, logged: LoggedFact) -> Happened | None:
        self._admissions.meet(logged.event)
        return happened_in(logged, self._admissions)

    def _townships(self, happened: Sequence[Happened]) -> list[str | None]:
        """Where each lived, up to the first whom eligibility does not answer about.

        Raises `NotNow` where that is the first of all.
        """
        found: list[str | None] = []
        with ThreadPoolExecutor(max_workers=_ASKED_AT_ONCE) as asking:
            for start in range(0, len(happened), _ASKED_BEFORE_LOOKING):
                some = happened[start : start + _ASKED_BEFORE_LOOKING]
                length = ceil(len(some) / _ASKED_AT_ONCE)
                rows = [some[i : i + length] for i in range(0, len(some), length)]
                for answers, silent in asking.map(self._ask_in_a_row, rows):
                    found += answers
                    if silent is not None:
                        if not found:
                            raise NotNow(str(silent)) from silent
                        return found
        return found

    def _ask_in_a_row(
        self, happened: Sequence[Happened]
    ) -> tuple[list[str | None], EligibilityUnreachable | None]:
        """The answers up to the first that does not come."""
        found: list[str | None] = []
        for each in happened:
            try:
                found.append(
                    self._residences.township_of(each.person_id, on=each.day, by=PUBLISHER)
                )
            except EligibilityUnreachable as silent:
                return found, silent
        return found, None
