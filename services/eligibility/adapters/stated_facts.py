"""Messages as facts (契约消息中的事项): field by field of the same name."""

from contracts import eligibility_v1 as said
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
    Residence,
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
    found += [Residence(**dict(each)) for each in message.residences]
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
