"""Every event version ever stored still loads (finding: topics and shapes outlive the code)."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from contracts.vocabulary import (
    DataOwner,
    FactKind,
    FilingKind,
    MarkKind,
    MergeReason,
    PremiumPayer,
    Scheme,
    SplitReason,
    WithdrawalReason,
)
from eligibility.domain.facts import (
    BenefitsAfterEnd,
    Death,
    Disability,
    DiseaseListing,
    Filing,
    Household,
    Mark,
    Residence,
)
from eligibility.domain.person import Person
from eligibility.domain.roster import ActivatedRoster, ActivationCounts
from eventlog.codec import TypedMapper

AT = datetime(2023, 7, 1, 1, 0, tzinfo=UTC)
ENVELOPE = {"originator_id": UUID(int=1), "originator_version": 1, "timestamp": AT}

# Never edit a sample: an event with new fields gets one more, `topic~2`, and its first one still
# loads; an event that changed otherwise is a new topic.
SAMPLES = {
    "eligibility.certificate-added.v1": (
        (
            b'{"institution_id":"O500112","operator":"clerk-1","sealed":"AAE=",'
            b'"timestamp":"2023-07-01T01:00:00Z"}'
        ),
        Person.CertificateAdded(
            **ENVELOPE, sealed=b"\0\1", institution_id="O500112", operator="clerk-1"
        ),
    ),
    "eligibility.records-merged.v1": (
        (
            b'{"canonical_id":"00000000-0000-0000-0000-000000000001","institution_id":"O500112",'
            b'"number":1,"operator":"clerk-1","other_id":"00000000-0000-0000-0000-000000000002",'
            b'"reason":"newborn_got_own_number","timestamp":"2023-07-01T01:00:00Z"}'
        ),
        Person.RecordsMerged(
            **ENVELOPE,
            canonical_id=UUID(int=1),
            other_id=UUID(int=2),
            number=1,
            institution_id="O500112",
            operator="clerk-1",
            reason=MergeReason.NEWBORN_GOT_OWN_NUMBER,
        ),
    ),
    "eligibility.records-split.v1": (
        (
            b'{"canonical_id":"00000000-0000-0000-0000-000000000001","institution_id":"O500112",'
            b'"number":1,"operator":"clerk-1","other_id":"00000000-0000-0000-0000-000000000002",'
            b'"reason":"found_to_be_two","timestamp":"2023-07-01T01:00:00Z"}'
        ),
        Person.RecordsSplit(
            **ENVELOPE,
            canonical_id=UUID(int=1),
            other_id=UUID(int=2),
            number=1,
            institution_id="O500112",
            operator="clerk-1",
            reason=SplitReason.FOUND_TO_BE_TWO,
        ),
    ),
    "eligibility.person-registered.v1": (
        b'{"originator_topic":"eligibility.person","sealed":"AAE=","timestamp":"2023-07-01T01:00:00Z"}',
        Person.Created(**ENVELOPE, originator_topic="eligibility.person", sealed=b"\0\1"),
    ),
    "eligibility.personal-data-stated.v1": (
        b'{"sealed":"AAE=","timestamp":"2023-07-01T01:00:00Z"}',
        Person.PersonalDataStated(**ENVELOPE, sealed=b"\0\1"),
    ),
    "eligibility.identity-stated.v1": (
        (
            b'{"identity":"subsistence_allowance","source":"roster:1",'
            b'"timestamp":"2023-07-01T01:00:00Z","valid_from":"2023-01-01","valid_to":null}'
        ),
        Person.IdentityStated(
            **ENVELOPE,
            identity="subsistence_allowance",
            valid_from=date(2023, 1, 1),
            valid_to=None,
            source="roster:1",
        ),
    ),
    "eligibility.enrolment-stated.v1": (
        '{"plan":"一档","region":"500112","scheme":"resident","source":"roster:1",'
        '"timestamp":"2023-07-01T01:00:00Z","valid_from":"2023-01-01","valid_to":"2023-12-31"}'.encode(),
        Person.EnrolmentStated(
            **ENVELOPE,
            region="500112",
            scheme=Scheme.RESIDENT,
            plan="一档",
            valid_from=date(2023, 1, 1),
            valid_to=date(2023, 12, 31),
            source="roster:1",
        ),
    ),
    "eligibility.identity-stated.v1~2": (
        (
            b'{"benefits_after_end":{"until":"2026-12-31"},"identity":"poverty_registered",'
            b'"source":"poverty_office/roster:1","timestamp":"2023-07-01T01:00:00Z",'
            b'"valid_from":"2019-01-01","valid_to":"2020-12-31"}'
        ),
        Person.IdentityStated(
            **ENVELOPE,
            identity="poverty_registered",
            valid_from=date(2019, 1, 1),
            valid_to=date(2020, 12, 31),
            benefits_after_end=BenefitsAfterEnd(date(2026, 12, 31)),
            source="poverty_office/roster:1",
        ),
    ),
    "eligibility.enrolment-stated.v1~2": (
        '{"from_birth":false,"plan":"一档","premium_paid_on":"2022-11-20",'
        '"premium_payer":"partly_subsidised","region":"500112","scheme":"resident",'
        '"source":"statement:1","timestamp":"2023-07-01T01:00:00Z","valid_from":"2023-01-01",'
        '"valid_to":"2023-12-31","waiting_to":"2023-03-31"}'.encode(),
        Person.EnrolmentStated(
            **ENVELOPE,
            region="500112",
            scheme=Scheme.RESIDENT,
            plan="一档",
            valid_from=date(2023, 1, 1),
            valid_to=date(2023, 12, 31),
            premium_payer=PremiumPayer.PARTLY_SUBSIDISED,
            premium_paid_on=date(2022, 11, 20),
            waiting_to=date(2023, 3, 31),
            source="statement:1",
        ),
    ),
    "eligibility.household-stated.v1": (
        (
            b'{"fact":{"number":"H-0007","register_owner":"poverty_office","valid_from":"2023-01-01",'
            b'"valid_to":null},"source":"roster:1","timestamp":"2023-07-01T01:00:00Z"}'
        ),
        Person.HouseholdStated(
            **ENVELOPE,
            fact=Household(DataOwner.POVERTY_OFFICE, "H-0007", date(2023, 1, 1), None),
            source="roster:1",
        ),
    ),
    "eligibility.mark-stated.v1": (
        '{"fact":{"code":"M01600","disease_list":"4类33种","kind":"special","limit_fen":null,'
        '"limit_text":"按住院比例","name":"恶性肿瘤门诊治疗","region":"500112",'
        '"valid_from":"2023-01-01","valid_to":null},"source":"roster:1",'
        '"timestamp":"2023-07-01T01:00:00Z"}'.encode(),
        Person.MarkStated(
            **ENVELOPE,
            fact=Mark(
                kind=MarkKind.SPECIAL,
                region="500112",
                code="M01600",
                name="恶性肿瘤门诊治疗",
                disease_list="4类33种",
                limit_fen=None,
                limit_text="按住院比例",
                valid_from=date(2023, 1, 1),
                valid_to=None,
            ),
            source="roster:1",
        ),
    ),
    "eligibility.disease-listing-stated.v1": (
        '{"fact":{"diagnosis_code":"C50.900","diagnosis_system":"ICD-10","disease_list":"32种",'
        '"valid_from":"2023-01-01","valid_to":null},"source":"roster:1",'
        '"timestamp":"2023-07-01T01:00:00Z"}'.encode(),
        Person.DiseaseListingStated(
            **ENVELOPE,
            fact=DiseaseListing("32种", "C50.900", "ICD-10", date(2023, 1, 1), None),
            source="roster:1",
        ),
    ),
    "eligibility.filing-stated.v1": (
        (
            b'{"fact":{"from_institution":"H50011200001","from_region":"500112",'
            b'"kind":"referral","number":"ZZ-1","to_institution":null,"to_region":"510100",'
            b'"valid_from":"2023-01-01","valid_to":"2023-03-31"},"source":"roster:1",'
            b'"timestamp":"2023-07-01T01:00:00Z"}'
        ),
        Person.FilingStated(
            **ENVELOPE,
            fact=Filing(
                kind=FilingKind.REFERRAL,
                number="ZZ-1",
                from_region="500112",
                from_institution="H50011200001",
                to_region="510100",
                to_institution=None,
                valid_from=date(2023, 1, 1),
                valid_to=date(2023, 3, 31),
            ),
            source="roster:1",
        ),
    ),
    "eligibility.disability-stated.v1": (
        (
            b'{"fact":{"level":2,"valid_from":"2023-01-01","valid_to":null},'
            b'"source":"roster:1","timestamp":"2023-07-01T01:00:00Z"}'
        ),
        Person.DisabilityStated(
            **ENVELOPE, fact=Disability(2, date(2023, 1, 1), None), source="roster:1"
        ),
    ),
    "eligibility.residence-stated.v1": (
        (
            b'{"fact":{"township":"500112103","valid_from":"2023-01-01",'
            b'"valid_to":null,"village":"500112103201"},'
            b'"source":"roster:1","timestamp":"2023-07-01T01:00:00Z"}'
        ),
        Person.ResidenceStated(
            **ENVELOPE,
            fact=Residence("500112103", "500112103201", date(2023, 1, 1), None),
            source="roster:1",
        ),
    ),
    "eligibility.death-stated.v1": (
        (
            b'{"fact":{"died_on":"2023-06-30"},"source":"roster:1",'
            b'"timestamp":"2023-07-01T01:00:00Z"}'
        ),
        Person.DeathStated(**ENVELOPE, fact=Death(date(2023, 6, 30)), source="roster:1"),
    ),
    "eligibility.fact-withdrawn.v1": (
        (
            b'{"kind":"identity","place":["subsistence_allowance","2023-01-01"],'
            b'"reason":"another_person","source":"statement:2",'
            b'"timestamp":"2023-07-01T01:00:00Z"}'
        ),
        Person.FactWithdrawn(
            **ENVELOPE,
            kind=FactKind.IDENTITY,
            place=("subsistence_allowance", "2023-01-01"),
            reason=WithdrawalReason.ANOTHER_PERSON,
            source="statement:2",
        ),
    ),
    "eligibility.roster-activated.v1": (
        '{"accepted":2,"counts":{"facts_new":3,"facts_unchanged":0,"persons_new":2},'
        '"institution_id":"O500112","operator":"张","originator_topic":"eligibility.roster",'
        '"rejected":1,"timestamp":"2023-07-01T01:00:00Z"}'.encode(),
        ActivatedRoster.Created(
            **ENVELOPE,
            originator_topic="eligibility.roster",
            institution_id="O500112",
            operator="张",
            accepted=2,
            rejected=1,
            counts=ActivationCounts(persons_new=2, facts_new=3, facts_unchanged=0),
        ),
    ),
}


def _stored(sample: str) -> StoredEvent:
    return StoredEvent(UUID(int=1), 1, sample.partition("~")[0], SAMPLES[sample][0])


def _is_todays_form(sample: str) -> bool:
    return f"{sample.partition('~')[0]}~2" not in SAMPLES or "~" in sample


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_a_stored_sample_loads_as_it_was_written(sample: str) -> None:
    """The bytes once stored give the event, with what was not asked then left open."""
    assert TypedMapper().to_domain_event(_stored(sample)) == SAMPLES[sample][1]


@pytest.mark.parametrize("sample", sorted(filter(_is_todays_form, SAMPLES)))
def test_a_sample_of_todays_form_is_written_alike(sample: str) -> None:
    """The event gives the same bytes today."""
    assert TypedMapper().to_stored_event(SAMPLES[sample][1]) == _stored(sample)


def test_every_event_class_has_a_sample() -> None:
    """An event class without a sample would one day stop loading unnoticed."""
    topics = {
        value.TOPIC
        for aggregate in (Person, ActivatedRoster)
        for name, value in vars(aggregate).items()
        if isinstance(value, type) and name != "Event"
    }

    assert topics == {sample.partition("~")[0] for sample in SAMPLES}
