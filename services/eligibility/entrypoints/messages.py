"""From what eligibility knows to the messages it promised (契约消息)."""

from contracts.eligibility_v1 import (
    EnrolmentFact,
    Entitlements,
    IdentityFact,
    RosterActivated,
    RosterRowError,
    RosterStaged,
)
from eligibility.application.activate_roster import Activation
from eligibility.application.answer_entitlements import EntitlementsAnswer
from eligibility.application.stage_roster import StagedRoster

LISTED_ERRORS = 1_000


def entitlements_message(answer: EntitlementsAnswer) -> Entitlements:
    """The answer as a message."""
    return Entitlements(
        person_id=str(answer.person_id),
        on=answer.on,
        identities_from=answer.window.first if answer.window else None,
        identities_to=answer.window.last if answer.window else None,
        known_at=answer.known_at,
        version=answer.version,
        birth_date=answer.birth_date,
        identities=tuple(
            IdentityFact(
                identity=each.fact.identity,
                valid_from=each.fact.valid_from,
                valid_to=each.fact.valid_to,
                recorded_at=each.recorded_at,
                source=each.source,
            )
            for each in answer.identities
        ),
        enrolments=tuple(
            EnrolmentFact(
                region=each.fact.region,
                scheme=each.fact.scheme,
                plan=each.fact.plan,
                valid_from=each.fact.valid_from,
                valid_to=each.fact.valid_to,
                recorded_at=each.recorded_at,
                source=each.source,
            )
            for each in answer.enrolments
        ),
    )


def staged_message(staged: StagedRoster) -> RosterStaged:
    """The staged roster as a message; at most the first 1,000 errors are listed."""
    roster = staged.roster
    return RosterStaged(
        roster_id=str(staged.roster_id),
        rows=len(roster.rows) + roster.rejected,
        accepted=len(roster.rows),
        rejected=roster.rejected,
        errors=tuple(
            RosterRowError(row=error.row, column=error.column, message=error.message)
            for error in roster.errors[:LISTED_ERRORS]
        ),
    )


def activated_message(activation: Activation) -> RosterActivated:
    """The activation as a message."""
    return RosterActivated(
        roster_id=str(activation.roster_id),
        recorded_at=activation.recorded_at,
        persons_new=activation.counts.persons_new,
        facts_new=activation.counts.facts_new,
        facts_unchanged=activation.counts.facts_unchanged,
    )
