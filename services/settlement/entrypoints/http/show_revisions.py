"""Between revisions and messages (转换)."""

from itertools import islice

from contracts import settlement_revisions_v1 as message
from contracts.vocabulary import InstitutionId, Payer, PersonId
from settlement.application.law_library import LawLibrary
from settlement.domain.carrying import Amounts
from settlement.domain.revised_parts import (
    PeriodOf,
    RevisedLine,
    RevisionAsked,
    RevisionKind,
    RevisionPart,
    RevisionScope,
    totals_of,
)
from settlement.domain.revision import Revision
from settlement.entrypoints.http.show_adjustments import show_changes
from settlement.read_models.revision_list import RevisionListed


def read_asked(said: message.RevisionProposal) -> RevisionAsked:
    """What was asked for."""
    scope = said.scope
    return RevisionAsked(
        kind=RevisionKind(said.kind),
        scope=RevisionScope(
            region=scope.region,
            scheme=scope.scheme.value if scope.scheme else None,
            period_of=PeriodOf(scope.period_of),
            first_day=scope.first_day,
            last_day=scope.last_day,
            person_ids=tuple(PersonId(each) for each in scope.person_ids),
            numbers=scope.settlement_numbers,
        ),
        reason=said.reason,
    )


def show_revision(
    revision: Revision,
    *,
    laws: LawLibrary,
    seen_by: InstitutionId | None,
    after: int = 0,
    limit: int = 100,
) -> message.RevisionShown:
    """A revision with a page of its lines; `seen_by` is None where an office looks, which sees
    the amounts of all institutions. A hospital sees those of its own, and totals of them alone."""
    lines = list(islice(revision.lines, after, after + limit))
    count = sum(len(part.lines) for part in revision.parts)
    scope = revision.asked.scope
    return message.RevisionShown.model_validate(
        {
            "number": revision.number,
            "kind": revision.asked.kind.value,
            "scope": {
                "region": scope.region,
                "scheme": scope.scheme,
                "period_of": scope.period_of.value,
                "first_day": scope.first_day,
                "last_day": scope.last_day,
                "person_ids": scope.person_ids,
                "settlement_numbers": scope.numbers,
            },
            "reason": revision.asked.reason,
            "status": revision.status.value,
            "proposed_by": revision.by.operator,
            "proposed_for": revision.by.institution_id,
            "persons": len(revision.parts),
            "persons_issued": len(revision.issued),
            "persons_lapsed": len(revision.lapsed),
            "settlements": count,
            "totals": [
                {**vars(each), "payer_label": Payer(each.payer).label}
                for each in totals_of(
                    line for _, line in revision.lines if seen_by in (None, line.institution_id)
                )
            ],
            "left_out": [
                {"settlement_numbers": each.numbers, "reason": each.reason}
                for each in revision.left_out
            ],
            "lines": [_line(revision, part, line, laws, seen_by) for part, line in lines],
            "next_after": after + limit if after + limit < count else None,
        }
    )


def show_listed(listed: RevisionListed) -> message.RevisionListed:
    """A revision in the list."""
    return message.RevisionListed.model_validate(
        {
            "number": listed.number,
            "kind": listed.kind,
            "status": listed.status.value,
            "persons": listed.persons,
            "proposed_by": listed.operator,
            "proposed_for": listed.institution_id,
            "proposed_at": listed.proposed_at,
        }
    )


def _line(
    revision: Revision,
    part: RevisionPart,
    line: RevisedLine,
    laws: LawLibrary,
    seen_by: InstitutionId | None,
) -> message.RevisedLineShown:
    before, after = (
        laws.cascade(each).policy for each in (line.fingerprint_before, line.fingerprint_after)
    )
    because = revision.because(part.part)
    is_issued = part.part in revision.issued
    shown = message.RevisedLineShown(
        part=part.part,
        settlement_number=line.number,
        institution_id=line.institution_id,
        is_revised=line.is_revised,
        policy_before=before.label,
        policy_after=after.label,
        answers_changed=line.answers is not None,
        status="issued" if is_issued else "lapsed" if because else "open",
        lapsed_because=because,
    )
    if seen_by not in (None, line.institution_id):
        return shown
    return shown.model_copy(
        update={
            "funds_before_fen": _funds_fen(line.before),
            "funds_after_fen": _funds_fen(line.after),
            "patient_before_fen": line.before.patient_fen,
            "patient_after_fen": line.after.patient_fen,
            "changes": show_changes(line.changes, after),
        }
    )


def _funds_fen(amounts: Amounts) -> int:
    return sum(share.amount_fen for share in amounts.shares if share.fund)
