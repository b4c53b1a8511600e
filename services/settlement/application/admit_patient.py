"""Admitting a patient (入院登记)."""

from dataclasses import dataclass
from datetime import date, datetime

from contracts.vocabulary import PersonId, Scheme
from settlement.application.episodes import episode_of
from settlement.application.institutions import institution_on
from settlement.application.load_ahead import LoadedAhead
from settlement.application.ports import Accept, Eligibility, Ledger, PersonAnswer
from settlement.domain.circumstances import Circumstances
from settlement.domain.institution import Institution, institution_uuid
from settlement.domain.record import Actor
from settlement.domain.stay import Stay, stay_id_of
from settlement.domain.stay_refusals import AlreadyAdmitted
from settlement.law.regions import RegionElsewhere, ShardRegions


@dataclass(frozen=True)
class AdmitPatient:
    """The command (命令); `scheme` only where a person has several enrolments."""

    person_id: PersonId
    hospital_stay_number: str
    admission: date
    circumstances: Circumstances
    scheme: Scheme | None
    by: Actor
    today: date
    at: datetime


def new_stay(
    command: AdmitPatient,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    shard: ShardRegions | None = None,
) -> Stay:
    """A stay that is not saved yet; a cancelled one goes on under its number.

    Raises AlreadyAdmitted, InstitutionUnknown, PersonUnknown, EligibilityUnreachable,
    TransferUnfit, RegionElsewhere.
    """
    institution_id = command.by.institution_id
    stay_id = stay_id_of(institution_id, command.hospital_stay_number)
    ahead = LoadedAhead(ledger, {stay_id: Stay, institution_uuid(institution_id): Institution})
    earlier = ahead.find(stay_id, Stay)
    if earlier and not earlier.is_cancelled:
        raise AlreadyAdmitted(
            f"机构 {institution_id} 的住院号 {command.hospital_stay_number} 已登记入院"
        )
    institution_on(ahead, institution_id, command.admission)
    person = eligibility.entitlements(
        command.person_id, on=command.admission, known_at=command.at, by=command.by
    )
    require_here(person, command.scheme, shard)
    stay = _admitted(command, earlier)
    episode_of(stay, ledger.find, records=(stay.person_id, *person.other_records))
    return stay


def require_here(person: PersonAnswer, scheme: Scheme | None, shard: ShardRegions | None) -> None:
    """That a stay under one of these enrolments may be this ledger's.

    Who is not enrolled yet is admitted anywhere; whatever is enrolled later, the book refuses to
    settle in the wrong place. Raises RegionElsewhere.
    """
    if shard is None:
        return
    elsewhere: RegionElsewhere | None = None
    for enrolment in person.enrolments:
        if scheme not in (None, enrolment.scheme):
            continue
        try:
            shard.require(enrolment.region)
        except RegionElsewhere as other:
            elsewhere = elsewhere or other
        else:
            return
    if elsewhere is not None:
        raise elsewhere


def _admitted(command: AdmitPatient, earlier: Stay | None) -> Stay:
    scheme = command.scheme.value if command.scheme else None
    if earlier:
        earlier.admit_again(
            person_id=command.person_id,
            scheme=scheme,
            admission=command.admission,
            circumstances=command.circumstances,
            by=command.by,
            today=command.today,
            at=command.at,
        )
        return earlier
    return Stay.admit(
        institution_id=command.by.institution_id,
        hospital_stay_number=command.hospital_stay_number,
        person_id=command.person_id,
        scheme=scheme,
        admission=command.admission,
        circumstances=command.circumstances,
        by=command.by,
        today=command.today,
        at=command.at,
    )


def admit_patient(
    command: AdmitPatient,
    *,
    ledger: Ledger,
    eligibility: Eligibility,
    accept: Accept,
    shard: ShardRegions | None = None,
) -> Stay:
    """Admit a patient. Raises what `new_stay` raises, and Overtaken."""
    stay = new_stay(command, ledger=ledger, eligibility=eligibility, shard=shard)
    ledger.save(stay, receipt=accept(stay))
    return stay
