"""Verifying revisions (验追溯更正): what was proposed, decided and issued, decided again.

Each part of a proposal is computed again as it stood then; each that was issued must still have
been what was proposed, and what it adjusts is owed.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

from settlement.application.decide_revision import revision_cause
from settlement.application.law_library import LawLibrary
from settlement.application.prepare_settlement import counter_years
from settlement.application.rederive_later import Later
from settlement.application.revise_person import episode_under, part_of, rests_on_of
from settlement.application.verifying.comparing import Finding, event_findings, value_findings
from settlement.application.verifying.dues import Dues
from settlement.application.verifying.inputs import eligibility_differences, law_findings
from settlement.application.verifying.institutions import InstitutionsAgain
from settlement.application.verifying.later import LaterAgain
from settlement.application.verifying.stays import RECORDED, StaysAgain, booked_day
from settlement.domain.discretion import SameOperator
from settlement.domain.record import SettlementInputs
from settlement.domain.revised_parts import RevisedLine, RevisionKind, RevisionPart
from settlement.domain.revision import Revision, RevisionRefusal
from settlement.law.policy import Policy
from settlement.law.regions import regions_above

RevisionEvent = (
    Revision.Created
    | Revision.Approved
    | Revision.Rejected
    | Revision.PersonIssued
    | Revision.PersonLapsed
    | Revision.Closed
)
REVISION_STEPS: dict[type, str] = {
    Revision.Created: "提议追溯更正",
    Revision.Approved: "批准追溯更正",
    Revision.Rejected: "退回追溯更正",
    Revision.PersonIssued: "执行追溯更正",
    Revision.PersonLapsed: "追溯更正失效",
    Revision.Closed: "追溯更正办结",
}
"""What happens to a revision, and what users read for it."""

REVISION_EVENTS = tuple(REVISION_STEPS)


class RevisionsAgain:
    """Every revision as its decisions make it."""

    def __init__(
        self,
        *,
        stays: StaysAgain,
        institutions: InstitutionsAgain,
        laws: LawLibrary,
        later: LaterAgain,
        dues: Dues,
    ):
        """None was proposed yet."""
        self._stays = stays
        self._institutions = institutions
        self._laws = laws
        self._later = later
        self._dues = dues
        self._known: dict[UUID, Revision] = {}
        self._numbers: set[str] = set()

    def take(self, event: RevisionEvent) -> Iterator[Finding]:
        """An event of `REVISION_EVENTS`."""
        step = REVISION_STEPS[type(event)]
        if isinstance(event, Revision.Created):
            yield from self._proposed(step, event)
            return
        revision = self._known.get(event.originator_id)
        if revision is None:
            yield Finding(step, "提议", RECORDED, "没有这次更正的提议")
            return
        try:
            part = _decide(revision, event)
        except (RevisionRefusal, SameOperator) as refusal:
            yield Finding(step, "登记", RECORDED, refusal)
            event.apply(revision)
            return
        for expected in revision.collect_events():
            yield from event_findings(step, event, expected)
        yield from self._sight_findings(step, revision, event)
        if isinstance(event, Revision.PersonIssued) and part is not None:
            yield from self._issued(step, revision, part, event)

    def _proposed(self, step: str, event: Revision.Created) -> Iterator[Finding]:
        try:
            revision = Revision.propose(
                number=event.number,
                asked=event.asked,
                parts=event.parts,
                left_out=event.left_out,
                by=event.by,
                at=event.timestamp,
            )
        except RevisionRefusal as refusal:
            yield Finding(step, "登记", RECORDED, refusal)
            return
        for expected in revision.collect_events():
            yield from event_findings(step, event, expected)
        year = booked_day(event.timestamp).year
        # Of one ledger among several, the number names the region it is of.
        form = rf"GZ-(?:\d{{6}}-)?{year}-\d{{6,}}"
        if not re.fullmatch(form, event.number) or event.number in self._numbers:
            yield Finding(step, "更正编号", event.number, f"GZ-{year}-序号，且未用过")
        self._numbers.add(event.number)
        self._known.setdefault(event.originator_id, revision)
        for at, part in enumerate(event.parts, start=1):
            yield from value_findings(step, "部分", part.part, at)
            try:
                yield from tuple(self._part_findings(step, event, part))
            except Exception as broken:
                # A proposal that was tampered with may break anything: that is the finding.
                yield Finding(step, f"第 {at} 部分", RECORDED, broken)

    def _part_findings(
        self, step: str, event: Revision.Created, part: RevisionPart
    ) -> Iterator[Finding]:
        sequence = self._later.everything_of(part.lines[0].stay_id)
        expected = part_of(
            sequence, rests_on_of(part), person=self._later, laws=self._laws, part=part.part
        )
        if part.orders_version >= expected.orders_version:
            # Otherwise somebody settled the person while the proposal was written.
            yield from value_findings(step, f"第 {part.part} 部分", part, expected)
        by_number = {later.settlement.number: later for later in sequence}
        for line in part.lines:
            if line.is_revised and line.number in by_number:
                yield from self._line_findings(step, event, line, by_number[line.number])

    def _line_findings(
        self, step: str, event: Revision.Created, line: RevisedLine, later: Later
    ) -> Iterator[Finding]:
        """It is in the scope, and rests on what may have been answered and is in force."""
        settlement, policy = later.settlement, self._laws.cascade(line.fingerprint_after).policy
        yield from value_findings(step, "范围", _is_in_scope(event, later), expected=True)
        is_other_version = line.fingerprint_before != line.fingerprint_after
        is_policy = event.asked.kind is RevisionKind.POLICY
        yield from value_findings(step, "更正事由", is_policy, is_other_version)
        if not is_policy:
            yield from value_findings(step, "资格答复", line.answers is not None, expected=True)
        if self._institutions.is_known(event.by.institution_id):
            own = event.by.institution_id
            yield from value_findings(step, "经办机构", own, line.institution_id)
        inputs = self._inputs_on(later, line, policy)
        yield from law_findings(step, inputs, policy)
        if line.answers is not None:
            was = settlement.inputs.eligibility
            known = [
                *eligibility_differences(line.answers, later.stay, event.timestamp),
                ("参保地", line.answers.enrolment.region, was.enrolment.region),
                ("归并的标识", line.answers.other_records, was.other_records),
            ]
            for what, stored, expected in known:
                yield from value_findings(step, what, stored, expected)
        if is_other_version:
            self._dues.owe_text(policy, event.timestamp)

    def _inputs_on(self, later: Later, line: RevisedLine, policy: Policy) -> SettlementInputs:
        """As far as the policy and the answers decide them."""
        inputs = later.settlement.inputs
        episode = episode_under(policy, later, self._later)
        return replace(
            inputs,
            eligibility=line.answers or inputs.eligibility,
            counter_years=counter_years(policy, inputs.dates_under(policy), episode),
            episode=episode,
        )

    def _issued(
        self, step: str, revision: Revision, part: RevisionPart, event: Revision.PersonIssued
    ) -> Iterator[Finding]:
        day = booked_day(event.timestamp)
        yield from value_findings(step, "记账日期", event.booked_on, day)
        try:
            self._later.revise(part, revision_cause(revision), event)
        except Exception as refusal:
            # A ledger that was tampered with may break anything: that is the finding.
            yield Finding(step, f"第 {part.part} 部分", RECORDED, refusal)

    def _sight_findings(self, step: str, revision: Revision, event: Any) -> Iterator[Finding]:
        """Offices may act on any revision, hospitals on their own."""
        acting = event.by.institution_id
        if self._institutions.is_known(acting):
            yield from value_findings(step, "经办机构", acting, revision.by.institution_id)


def _decide(revision: Revision, event: RevisionEvent) -> RevisionPart | None:
    """Decide it again. Raises RevisionRefusal, SameOperator."""
    by, at = event.by, event.timestamp
    match event:
        case Revision.Approved():
            revision.approve(by=by, at=at)
        case Revision.Rejected():
            revision.reject(reason=event.reason, by=by, at=at)
        case Revision.PersonIssued():
            return revision.issue(event.part, booked_on=event.booked_on, by=by, at=at)
        case Revision.PersonLapsed():
            return revision.lapse(event.part, because=event.because, by=by, at=at)
        case Revision.Closed():
            revision.close(by=by, at=at)
    return None


def _is_in_scope(event: Revision.Created, later: Later) -> bool:
    scope, inputs = event.asked.scope, later.settlement.inputs
    enrolment = inputs.eligibility.enrolment
    return (
        scope.region in (None, *regions_above(enrolment.region))
        and scope.scheme in (None, enrolment.scheme.value)
        and scope.covers_day(admission=inputs.admission, discharge=inputs.discharge)
        and (not scope.person_ids or later.stay.person_id in scope.person_ids)
        and (not scope.numbers or later.settlement.number in scope.numbers)
    )
