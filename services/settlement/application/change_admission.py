"""Changing what was registered at admission (变更入院登记), until the stay is settled."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.vocabulary import Scheme
from settlement.application.admit_patient import require_here
from settlement.application.episodes import episode_of
from settlement.application.find_stay import own_stay
from settlement.application.institutions import institution_on
from settlement.application.ports import Accept, Eligibility, Ledger
from settlement.domain.circumstances import Circumstances
from settlement.domain.record import Actor
from settlement.domain.stay import Stay
from settlement.law.regions import ShardRegions


@dataclass(frozen=True)
class ChangeAdmission:
    """The command: the whole registration as it is to read. Person and stay number stay as they
    are: another person is a cancellation and a new admission."""

    stay_id: UUID
    admission: date
    scheme: Scheme | None
    circumstances: Circumstances
    by: Actor
    today: date
    at: datetime


def change_admission(
    command: ChangeAdmission,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    accept: Accept,
    shard: ShardRegions | None = None,
) -> Stay:
    """Change the registration.

    Raises StayUnknown, InstitutionUnknown, PersonUnknown, EligibilityUnreachable, Overtaken,
    TransferUnfit, RegionElsewhere, and what `Stay.change_admission` raises.
    """
    stay = own_stay(ledger, command.stay_id, command.by)
    stay.change_admission(
        scheme=command.scheme.value if command.scheme else None,
        admission=command.admission,
        circumstances=command.circumstances,
        by=command.by,
        today=command.today,
        at=command.at,
    )
    # As at admission: the hospital and the person must be known on that day.
    institution_on(ledger, stay.institution_id, command.admission)
    person = eligibility.entitlements(
        stay.person_id, on=command.admission, known_at=command.at, by=command.by
    )
    require_here(person, command.scheme, shard)
    episode_of(stay, ledger.find, records=(stay.person_id, *person.other_records))
    ledger.save(stay, receipt=accept(stay))
    return stay
