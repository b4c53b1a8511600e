"""Facts as messages (事项与契约消息): field by field of the same name."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from contracts import eligibility_v1 as said
from eligibility.application.answer_entitlements import EntitlementsAnswer
from eligibility.application.owner_knowledge import OwnerKnown
from eligibility.domain.statements import Recorded
from eligibility.entrypoints.messages import one_person_message
from eligibility.entrypoints.owner_messages import owners_known

TMessage = TypeVar("TMessage", bound=BaseModel)


def entitlements_message(
    answer: EntitlementsAnswer, *, owners: Sequence[OwnerKnown] | None = None
) -> said.Entitlements:
    """The answer as a message; with `owners`, in the form that tells how old their answers are."""
    more = {} if owners is None else {"form": 3, "owners": owners_known(owners, answer.known_at)}
    return said.Entitlements(
        person_id=str(answer.person_id),
        on=answer.on,
        identities_from=answer.window.first if answer.window else None,
        identities_to=answer.window.last if answer.window else None,
        known_at=answer.known_at,
        version=answer.version,
        birth_date=answer.birth_date,
        identities=_all(said.IdentityFact, answer.identities),
        continued=_all(said.IdentityFact, answer.continued),
        households=_all(said.HouseholdFact, answer.households),
        enrolments=_all(said.EnrolmentFact, answer.enrolments),
        marks=_all(said.MarkFact, answer.marks),
        disease_listings=_all(said.DiseaseListingFact, answer.disease_listings),
        filings=_all(said.FilingFact, answer.filings),
        disabilities=_all(said.DisabilityFact, answer.disabilities),
        death=_known(said.DeathFact, answer.death) if answer.death is not None else None,
        one_person=one_person_message(answer.person_ids),
        residences=_all(said.ResidenceFact, answer.residences) or None,
        **more,
    )


def _all(kind: type[TMessage], recorded: tuple[Recorded[Any], ...]) -> tuple[TMessage, ...]:
    return tuple(_known(kind, each) for each in recorded)


def _known(kind: type[TMessage], recorded: Recorded[Any]) -> TMessage:
    content: dict[str, Any] = dict(vars(recorded.fact))
    after = content.get("benefits_after_end")
    if after is not None:
        content["benefits_after_end"] = said.BenefitsAfterEnd(until=after.until)
    return kind(
        **content,
        recorded_at=recorded.recorded_at,
        source=recorded.source,
        owner=recorded.owner,
    )
