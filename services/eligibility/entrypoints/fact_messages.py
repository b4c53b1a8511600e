"""Facts as messages, and messages as facts (事项与契约消息): field by field of the same name."""

from dataclasses import fields
from typing import Any, TypeVar

from pydantic import BaseModel

from contracts import eligibility_v1 as said
from eligibility.application.answer_entitlements import EntitlementsAnswer
from eligibility.domain.facts import (
    BenefitsAfterEnd,
    Death,
    Disability,
    DiseaseListing,
    Enrolment,
    Fact,
    Filing,
    Household,
    Identity,
    Mark,
)
from eligibility.domain.statements import Recorded
from eligibility.entrypoints.messages import one_person_message

TMessage = TypeVar("TMessage", bound=BaseModel)


def entitlements_message(answer: EntitlementsAnswer) -> said.Entitlements:
    """The answer as a message."""
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
    )


def facts_of(message: said.FactsStated | said.FactsWithdrawal) -> list[Fact]:
    """Every fact that a statement or withdrawal names."""
    found: list[Fact] = [_identity(each) for each in message.identities]
    found += [Household(**dict(each)) for each in message.households]
    found += [Enrolment(**dict(each)) for each in message.enrolments]
    found += [Mark(**dict(each)) for each in message.marks]
    found += [DiseaseListing(**dict(each)) for each in message.disease_listings]
    found += [Filing(**dict(each)) for each in message.filings]
    found += [Disability(**dict(each)) for each in message.disabilities]
    if message.death is not None:
        found.append(Death(**dict(message.death)))
    return found


def _identity(message: said.IdentityStated) -> Identity:
    after = message.benefits_after_end
    return Identity(
        identity=message.identity,
        valid_from=message.valid_from,
        valid_to=message.valid_to,
        benefits_after_end=BenefitsAfterEnd(after.until) if after is not None else None,
    )


def _all(kind: type[TMessage], recorded: tuple[Recorded[Any], ...]) -> tuple[TMessage, ...]:
    return tuple(_known(kind, each) for each in recorded)


def _known(kind: type[TMessage], recorded: Recorded[Any]) -> TMessage:
    content = {each.name: getattr(recorded.fact, each.name) for each in fields(recorded.fact)}
    after = content.get("benefits_after_end")
    if after is not None:
        content["benefits_after_end"] = said.BenefitsAfterEnd(until=after.until)
    return kind(
        **content,
        recorded_at=recorded.recorded_at,
        source=recorded.source,
        owner=recorded.owner,
    )
