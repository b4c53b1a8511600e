"""Verifying one settlement (验一笔结算): from its inputs to the last field of its completion.

The inputs must be what stay, institutions and counters said at that place of the log; everything
after them is computed and decided again, and each stored event must equal the one that comes out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from settlement.application.law_library import LawLibrary
from settlement.application.prepare_settlement import Prepared, compute, counter_years
from settlement.application.verifying.comparing import Finding, event_findings
from settlement.application.verifying.counters import CountersAgain
from settlement.application.verifying.deductions import DeductionEvent, DeductionsAgain
from settlement.application.verifying.dues import Dues
from settlement.application.verifying.inputs import INPUTS, input_findings, law_findings
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.application.verifying.late import LateAgain
from settlement.application.verifying.later import LaterAgain
from settlement.application.verifying.revisions import RevisionEvent, RevisionsAgain
from settlement.application.verifying.stays import (
    RECORDED,
    StaysAgain,
    actor_findings,
    booked_day,
)
from settlement.domain.settlement import NOTHING_BESIDE, Beside, payer_steps
from settlement.domain.stay import Stay
from settlement.domain.stay_refusals import AlreadySettled, NotSettled, StayRefusal

OPENING, COMPLETION, REVERSAL, RECOMPUTED = "结算输入", "结算完成", "撤销结算", "重新计算"


@dataclass
class SettlementWritten:
    """One settlement as it stands in the log (一笔结算): its beginning, steps, completion."""

    opened: Stay.SettlementOpened
    steps: list[Stay.PayerStepSettled] = field(default_factory=list)
    completed: Stay.SettlementCompleted | None = None

    def takes(self, event: object) -> bool:
        """Whether an event goes on with it: nothing of anybody else stands in between."""
        if self.completed or not isinstance(
            event, (Stay.PayerStepSettled, Stay.SettlementCompleted)
        ):
            return False
        if event.originator_id != self.opened.originator_id:
            return False
        if isinstance(event, Stay.SettlementCompleted):
            self.completed = event
        else:
            self.steps.append(event)
        return True

    @property
    def events(self) -> list[Any]:
        """All its events in order."""
        return [self.opened, *self.steps, *([self.completed] if self.completed else [])]


class SettlementsAgain:
    """Every settlement and reversal, decided again."""

    def __init__(
        self, *, stays: StaysAgain, institutions: InstitutionsAgain, laws: LawLibrary, dues: Dues
    ):
        """Nothing is settled yet."""
        self._stays = stays
        self._institutions = institutions
        self._laws = laws
        self._dues = dues
        self.counters = CountersAgain(dues)
        self._later = LaterAgain(stays=stays, counters=self.counters, laws=laws, dues=dues)
        self._late = LateAgain(stays=stays, institutions=institutions, laws=laws, later=self._later)
        self._deductions = DeductionsAgain(stays, institutions)
        self._numbers: set[str] = set()
        self._revisions = RevisionsAgain(
            stays=stays, institutions=institutions, laws=laws, later=self._later, dues=dues
        )

    def settled(self, written: SettlementWritten) -> Iterator[Finding]:
        """A settlement with all its events."""
        opened = written.opened
        stay = self._stays.find(opened.originator_id)
        if stay is None:
            yield Finding(OPENING, "住院", RECORDED, "没有入院登记")
            return
        yield from actor_findings(OPENING, opened.by, stay)
        yield from self._number_findings(opened)
        yield from input_findings(
            opened,
            stay=stay,
            find=self._stays.stay_of,
            institutions=self._institutions,
            counters=self.counters,
        )
        prepared, why_not = self._compute(opened)
        if prepared is None:
            yield Finding(RECOMPUTED, "指纹", opened.inputs.fingerprint, why_not)
        else:
            yield from law_findings(INPUTS, opened.inputs, prepared.policy)
            self._dues.owe_text(prepared.policy, opened.timestamp)
        yield from _decided_again(written, stay, prepared)
        self.counters.settled(
            opened.number,
            stay_id=stay.id,
            inputs=opened.inputs,
            prepared=prepared if prepared and _has_counters(prepared) else None,
            at=opened.timestamp,
        )

    def changed(self, event: Any) -> Iterator[Finding]:
        """What changes a settlement, and with it later ones, or is about to, or what is paid of
        it."""
        if isinstance(event, Stay.SettlementReversed):
            yield from self._undone(event)
        elif isinstance(event, DeductionEvent):
            yield from self._deductions.take(event)
        elif isinstance(event, RevisionEvent):
            yield from self._revisions.take(event)
        else:
            yield from self._late.take(event)

    def _undone(self, event: Stay.SettlementReversed) -> Iterator[Finding]:
        """A reversal."""
        stay = self._stays.find(event.originator_id)
        if stay is None:
            yield Finding(REVERSAL, "住院", RECORDED, "没有入院登记")
            return
        try:
            undone = stay.reverse(
                reason=event.reason, booked_on=event.booked_on, by=event.by, at=event.timestamp
            )
        except NotSettled as refusal:
            yield Finding(REVERSAL, "撤销", RECORDED, refusal)
            return
        except StayRefusal as refusal:
            yield Finding(REVERSAL, "撤销", RECORDED, refusal)
            undone = stay.settlements[-1]
            event.apply(stay)
        for expected in stay.collect_events():
            if isinstance(expected, Stay.ProviderDeductionReleased):
                self._dues.owe((expected,))
            else:
                yield from event_findings(REVERSAL, event, expected)
        yield from actor_findings(REVERSAL, event.by, stay)
        booked_on = booked_day(event.timestamp)
        if event.booked_on != booked_on:
            yield Finding(REVERSAL, "记账日期", event.booked_on, booked_on)
        yield from self._later.look(undone, event)
        yield from self.counters.undone(
            undone.number, stay_id=stay.id, inputs=undone.inputs, at=event.timestamp
        )
        yield from self._later.adjust(undone, event)

    def adjusted(
        self, event: Stay.SettlementAdjusted | Stay.ProviderDeductionReleased
    ) -> Iterator[Finding]:
        """An adjustment, which a reversal or a late amount before it must have caused, or what
        either released of a deduction."""
        yield from self._later.take(event)

    def _number_findings(self, opened: Stay.SettlementOpened) -> Iterator[Finding]:
        inputs, number = opened.inputs, opened.number
        series = f"{inputs.eligibility.enrolment.region}-{inputs.settled_on.year}"
        if not re.fullmatch(rf"{re.escape(series)}-\d{{7,}}", number):
            yield Finding(OPENING, "结算单号", number, f"{series}-序号")
        if number in self._numbers:
            yield Finding(OPENING, "结算单号", number, "此号已用过")
        self._numbers.add(number)

    def _compute(self, opened: Stay.SettlementOpened) -> tuple[Prepared | None, str]:
        inputs = opened.inputs
        try:
            return compute(self._laws.cascade_of(inputs), inputs), ""
        except Exception as refusal:
            # Inputs or a law that were tampered with may break anything: that is the finding.
            return None, str(refusal) or type(refusal).__name__


def _decided_again(
    written: SettlementWritten, stay: Stay, prepared: Prepared | None
) -> Iterator[Finding]:
    """The events that this stay's settlement must have, held against those in the log."""
    try:
        _settle(stay, written, prepared)
    except AlreadySettled as refusal:
        yield Finding(OPENING, "住院", RECORDED, refusal)
        # Two settlements count at once: go on as if the first had been reversed.
        stay.replace_last(is_reversed=True)
        _settle(stay, written, prepared)
    except StayRefusal as refusal:
        yield Finding(OPENING, "住院", RECORDED, refusal)
        for event in written.events:
            event.apply(stay)
        return
    opened, *later = stay.collect_events()
    yield from event_findings(OPENING, written.opened, opened)
    yield from _step_findings(written.steps, later[:-1])
    yield from event_findings(COMPLETION, written.completed, later[-1])


def _settle(stay: Stay, written: SettlementWritten, prepared: Prepared | None) -> None:
    opened, completed = written.opened, written.completed
    if prepared:
        steps, beside = payer_steps(prepared.steps), prepared.beside
        assumed, patient_fen = _assumed(prepared), prepared.patient_fen
    else:
        # Nothing could be computed: the completion is held against the steps in the log.
        steps = tuple(event.step for event in written.steps)
        assumed = completed.assumed if completed else ()
        patient_fen = completed.patient_fen if completed else 0
        beside = _beside(completed) if completed else NOTHING_BESIDE
    stay.settle(
        number=opened.number,
        inputs=opened.inputs,
        steps=steps,
        assumed=assumed,
        patient_fen=patient_fen,
        by=opened.by,
        at=opened.timestamp,
        beside=beside,
    )


def _beside(completed: Stay.SettlementCompleted) -> Beside:
    return Beside(completed.outside, completed.reported, completed.pending)


def _has_counters(prepared: Prepared) -> bool:
    """Whether the inputs name the counters of this policy; others were found by now."""
    inputs = prepared.inputs
    return inputs.counter_years == counter_years(
        prepared.policy, inputs.dates_under(prepared.policy), inputs.episode
    )


def _assumed(prepared: Prepared) -> tuple[str, ...]:
    """As `settle_stay` writes them down."""
    return tuple(dict.fromkeys(f"{n.name}={n.value}" for n in prepared.assumed))


def _step_findings(stored: list[Any], expected: list[Any]) -> Iterator[Finding]:
    for one, other in zip_longest(stored, expected):
        step = (other or one).step
        if one is not None and other is not None:
            # Amounts first, without the path: the step is named beside them.
            for finding in event_findings(step.name, one, other):
                yield finding._replace(what=finding.what.removeprefix("步骤·"))
        else:
            yield from event_findings(step.name, one, other)
