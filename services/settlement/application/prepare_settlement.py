"""Preparing a settlement (试算): what the preview shows and what the commit stores are this.

Finds the book by the enrolment on the day of admission, asks who the person was on the day the
book names, reads the year's counters, and lets the kernel settle.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from eventsourcing.domain import Aggregate

from contracts.vocabulary import PersonId
from settlement.application.answer_from_replica import saying_what_the_replica_lacks
from settlement.application.as_loaded import unless_overtaken
from settlement.application.ask_eligibility import answers_used, ask_who
from settlement.application.compiled_policies import cascade_for
from settlement.application.deposit_allowed import deposit_allowed
from settlement.application.episodes import episode_of, transferred_from
from settlement.application.fit_answers import require_fit_answers
from settlement.application.former_parts import part_used, require_former_settled
from settlement.application.institutions import institution_on
from settlement.application.law_of_part import dates_said, require_says
from settlement.application.load_ahead import LoadedAhead
from settlement.application.ports import (
    Eligibility,
    FindsAggregates,
    Ledger,
    Overtaken,
    PersonAnswer,
)
from settlement.domain.benefit_year import BenefitYear, benefit_year_id
from settlement.domain.chain import EpisodeUsed, PartUsed
from settlement.domain.institution import Institution, institution_uuid
from settlement.domain.record import (
    FORM,
    Actor,
    EnrolmentUsed,
    InstitutionUsed,
    SettlementInputs,
)
from settlement.domain.settlement import Beside, beside_of
from settlement.domain.settlement_order import SettlementOrder, settlement_order_id
from settlement.domain.stay import Stay
from settlement.domain.yearly_counters import together, totals_before
from settlement.kernel.cascade import ARITHMETIC_VERSION, Cascade
from settlement.kernel.explain import NumberUsed, Step, assumed_numbers, explain
from settlement.kernel.report import DepositAllowed
from settlement.kernel.resolving import number_used
from settlement.kernel.settle import Inputs, Outcome, settle_bill
from settlement.law.bill import Charges
from settlement.law.book import BOOK_REFUSALS, PolicyBook, StayDates
from settlement.law.policy import BENEFIT_ADMISSIONS, Policy
from settlement.law.stays_in_parts import PartsDates


class NotEnrolled(Exception):
    """The person was not enrolled on the day of admission, or not in the scheme asked for."""


class InWaitingPeriod(Exception):
    """The person is enrolled, and on the day of admission nothing is paid yet (等待期)."""


class EnrolmentAmbiguous(Exception):
    """The person has several enrolments; the stay must say which scheme it is settled under."""


@dataclass(frozen=True)
class Prepared:
    """A settlement computed and not stored (试算结果).

    `years` and `orders` are what storing it moves, as they were when it was computed.
    """

    policy: Policy
    inputs: SettlementInputs
    outcome: Outcome
    steps: tuple[Step, ...]
    assumed: tuple[NumberUsed, ...]
    beside: Beside
    years: tuple[BenefitYear, ...] = ()
    orders: tuple[SettlementOrder, ...] = ()

    @property
    def patient_fen(self) -> int:
        """What is left to the patient, in fen."""
        return self.outcome.patient_fen

    @property
    def deposit(self) -> DepositAllowed | None:
        """What may be asked on admission, where the policy says anything of it."""
        return deposit_allowed(self.policy, self.inputs.facts(self.policy))


@dataclass(frozen=True)
class Gathered:
    """What a settlement rests on before anything is computed (结算依据); `years` and `orders` are
    what storing it would move."""

    policy: Policy
    inputs: SettlementInputs
    years: tuple[BenefitYear, ...]
    orders: tuple[SettlementOrder, ...]


def prepare_settlement(
    stay: Stay,
    *,
    elsewhere_fen: dict[str, int],
    settled_on: date,
    by: Actor,
    at: datetime,
    ledger: Ledger,
    eligibility: Eligibility,
    book: PolicyBook,
) -> Prepared:
    """Compute a stay's settlement as of now.

    Raises NotDischarged, NoFees, AlreadySettled, FormerPartUnsettled, what `gather` and what
    `compute` raises.
    """
    discharge, charges = stay.require_ready_to_settle()
    charges.check()
    with unless_overtaken(ledger, stay):
        require_former_settled(stay, ledger.find)
    gathered = gather(
        stay,
        discharge=discharge,
        charges=charges,
        elsewhere_fen=elsewhere_fen,
        settled_on=settled_on,
        by=by,
        at=at,
        ledger=ledger,
        eligibility=eligibility,
        book=book,
    )
    with unless_overtaken(ledger, stay, *gathered.orders):
        # Once more: what undid the part before ahead of the orders went unseen, the totals tell it.
        require_former_settled(stay, ledger.find)
        with saying_what_the_replica_lacks(gathered.inputs.eligibility):
            prepared = compute(cascade_for(gathered.policy), gathered.inputs)
    return replace(prepared, years=gathered.years, orders=gathered.orders)


def gather(
    stay: Stay,
    *,
    discharge: date,
    charges: Charges,
    elsewhere_fen: dict[str, int],
    settled_on: date,
    by: Actor,
    at: datetime,
    ledger: Ledger,
    eligibility: Eligibility,
    book: PolicyBook,
) -> Gathered:
    """What a settlement of the stay with these dates and charges rests on, as of now.

    Raises NotEnrolled, InWaitingPeriod, EnrolmentAmbiguous, RegionUnknown, NoPolicyInForce,
    PersonUnknown, EligibilityUnreachable, Overtaken, InstitutionUnknown, PartsUnstated,
    TransferUnfit, LedgerIncomplete.
    """
    part = part_used(stay, ledger.find)
    own = StayDates(admission=stay.admission, discharge=discharge, settlement=settled_on)
    dates, enrolled, enrolment, policy = _law_of(
        stay, own, part, by=by, at=at, eligibility=eligibility, book=book
    )
    require_waited(enrolment, dates.admission)
    persons = ask_who(policy, dates, enrolled=enrolled, eligibility=eligibility, known_at=at, by=by)
    records = (stay.person_id, *enrolled.other_records)
    ahead = LoadedAhead(
        ledger,
        _counted_in(records, enrolment, counter_years(policy, dates).values())
        | {institution_uuid(stay.institution_id): Institution},
    )
    orders = _orders(ahead, records, enrolment, at)
    former = transferred_from(stay, ledger.find, records=records)
    episode = None
    if policy.episode_counters:
        episode = episode_of(stay, ledger.find, records=records)
    years = counter_years(policy, dates, episode)
    loaded = {
        first_day: _benefit_year(
            ahead, stay.person_id, enrolment=enrolment, first_day=first_day, at=at
        )
        for first_day in sorted(set(years.values()))
    }
    stored = {
        day: together(
            [year.counters, *_kept_elsewhere(ahead, enrolled.other_records, enrolment, day)]
        )
        for day, year in loaded.items()
    }
    inputs = SettlementInputs(
        fingerprint=policy.fingerprint,
        arithmetic_version=ARITHMETIC_VERSION,
        admission=stay.admission,
        discharge=discharge,
        settled_on=settled_on,
        eligibility=answers_used(enrolled, enrolment, persons),
        institution=institution_on(ahead, stay.institution_id, dates.admission),
        circumstances=stay.circumstances,
        charges=charges,
        counters_before=totals_before(years, stored),
        counter_years=dict(sorted(years.items())),
        elsewhere_fen=elsewhere_fen,
        form=FORM,
        part=part,
        former_institution=former_institution(former, ledger),
        episode=episode,
    )
    return Gathered(policy, inputs, years=tuple(loaded.values()), orders=orders)


def _law_of(
    stay: Stay,
    own: StayDates,
    part: PartUsed | None,
    *,
    by: Actor,
    at: datetime,
    eligibility: Eligibility,
    book: PolicyBook,
) -> tuple[StayDates, PersonAnswer, EnrolmentUsed, Policy]:
    """The dates that count, who the person was on the day of admission, and the law.

    Of a part of a stay the policy says whose first day is the day of admission: that of the part
    is asked first, then that of the stay.
    """

    def law_by(dates: StayDates) -> tuple[StayDates, PersonAnswer, EnrolmentUsed, Policy]:
        enrolled = eligibility.entitlements(stay.person_id, on=dates.admission, known_at=at, by=by)
        enrolment = choose_enrolment(enrolled, stay.scheme)
        policy = book.in_force(region=enrolment.region, scheme=enrolment.scheme, dates=dates)
        return dates, enrolled, enrolment, policy

    if part is None:
        return law_by(own)
    try:
        found = law_by(own)
    except (NotEnrolled, EnrolmentAmbiguous, *BOOK_REFUSALS):
        if part.stay_admission == own.admission:
            raise
    else:
        if dates_said(found[-1]) is PartsDates.OF_PART:
            return found
    found = law_by(replace(own, admission=part.stay_admission))
    require_says(found[-1], PartsDates.OF_STAY)
    return found


def compute(cascade: Cascade, inputs: SettlementInputs) -> Prepared:
    """The settlement of these inputs under a policy; nothing else decides it.

    Raises AnswerUnfit, and what `settle_bill` raises.
    """
    policy, facts = cascade.policy, inputs.facts(cascade.policy)
    require_fit_answers(policy, facts.declared)
    outcome = settle_bill(
        cascade,
        Inputs(
            charges=inputs.charges,
            facts=facts,
            counters=inputs.counters_before,
            elsewhere=inputs.elsewhere_fen,
        ),
    )
    steps = explain(cascade, outcome)
    return Prepared(
        policy=policy,
        inputs=inputs,
        outcome=outcome,
        steps=steps,
        assumed=(
            *_wider_region(policy, inputs),
            *_parts_assumed(policy, inputs),
            *assumed_numbers(policy, steps),
        ),
        beside=beside_of(policy, outcome, facts),
    )


def _wider_region(policy: Policy, inputs: SettlementInputs) -> list[NumberUsed]:
    """That the county has no book of its own is an assumption about which law applies."""
    enrolled = inputs.eligibility.enrolment.region
    if policy.region == enrolled:
        return []
    return [
        NumberUsed(
            name="region",
            value=f"{enrolled} → {policy.region}",
            status="assumed",
            source=policy.region_evidence.source,
            place=None,
            note=f"参保地 {enrolled} 没有自己的政策，适用上级地区“{policy.region_name}”的政策",
        )
    ]


def _parts_assumed(policy: Policy, inputs: SettlementInputs) -> list[NumberUsed]:
    """How parts are settled, where no document states it."""
    said = policy.stays_in_parts
    if inputs.part is None or said is None or said.evidence.is_stated:
        return []
    return [number_used("stays_in_parts", f"{said.settled}，{said.dates}", said.evidence)]


def choose_enrolment(person: PersonAnswer, scheme: str | None) -> EnrolmentUsed:
    """The enrolment a stay is settled under. Raises NotEnrolled, EnrolmentAmbiguous."""
    stated = [e for e in person.enrolments if scheme in (None, e.scheme.value)]
    # Rosters come year by year: of several in one county and scheme the latest beginning counts.
    latest = {
        (e.region, e.scheme): e for e in sorted(stated, key=lambda e: (e.valid_from, e.recorded_at))
    }
    found = list(latest.values())
    if not found:
        which = f"险种 {scheme} 的" if scheme else ""
        raise NotEnrolled(f"参保人 {person.person_id} 在 {person.on} 没有{which}参保记录")
    if len(found) > 1:
        kinds = "、".join(f"{e.region}/{e.scheme.value}" for e in found)
        raise EnrolmentAmbiguous(
            f"参保人在 {person.on} 在多处参保（{kinds}）；请指明 scheme，或先在名册中终止一处"
        )
    return found[0]


def require_waited(enrolment: EnrolmentUsed, admission: date) -> None:
    """Nothing is paid in the waiting period (等待期). Raises InWaitingPeriod."""
    if enrolment.waiting_to is not None and admission <= enrolment.waiting_to:
        raise InWaitingPeriod(
            f"参保等待期至 {enrolment.waiting_to}，入院日期 {admission} 尚不享受待遇；"
            "等待期有误的，请参保地更正后再结算"
        )


def former_institution(former: Stay | None, ledger: Ledger) -> InstitutionUsed | None:
    """The hospital that a transfer came from, as it was when the patient left it."""
    if former is None or former.discharge is None:
        return None
    return institution_on(ledger, former.institution_id, former.discharge)


def counter_years(
    policy: Policy, dates: StayDates, episode: EpisodeUsed | None = None
) -> dict[str, date]:
    """The first day of the benefit year that each counter of a policy belongs to; what is counted
    by episode belongs to that of its first admission."""
    of_document = _first_day(policy, dates)
    years = dict.fromkeys((BENEFIT_ADMISSIONS, *policy.sum_counters), of_document)
    for layer in policy.layers:
        year = layer.benefit_year
        for counter in layer.counters:
            years[counter] = year.first_day(dates.on(year.chosen_by))
            if counter in policy.episode_counters:
                years[counter] = year.first_day(episode.admission if episode else dates.admission)
    return years


def _first_day(policy: Policy, dates: StayDates) -> date:
    year = policy.benefit_year
    return year.first_day(dates.on(year.chosen_by))


def _counted_in(
    records: Iterable[PersonId], enrolment: EnrolmentUsed, first_days: Iterable[date]
) -> dict[UUID, type[Aggregate]]:
    """Where a person's settlements are counted: the orders, which are loaded first, and those
    benefit years that can be told before the episode is known."""
    region, scheme = enrolment.region, enrolment.scheme
    orders: dict[UUID, type[Aggregate]] = {
        settlement_order_id(person_id=each, region=region, scheme=scheme): SettlementOrder
        for each in records
    }
    years: dict[UUID, type[Aggregate]] = {
        benefit_year_id(
            person_id=each, region=region, scheme=scheme, first_day=first_day
        ): BenefitYear
        for each in records
        for first_day in first_days
    }
    return {**orders, **years}


def _orders(
    ledger: FindsAggregates, records: Iterable[PersonId], enrolment: EnrolmentUsed, at: datetime
) -> tuple[SettlementOrder, ...]:
    """The orders of the settlements under each id of the person, or new ones nobody has saved.

    Loaded before the counters: whoever settles this person meanwhile, under whichever id, moves
    one of them, and this settlement is then decided again. Raises Overtaken where one moved after
    `at`: whoever moved it may have known of ids that were not yet known then.
    """
    orders = []
    for person_id in records:
        order_id = settlement_order_id(
            person_id=person_id, region=enrolment.region, scheme=enrolment.scheme
        )
        order = ledger.find(order_id, SettlementOrder) or SettlementOrder.begin(
            person_id=person_id, region=enrolment.region, scheme=enrolment.scheme, at=at
        )
        if order.modified_on > at:
            raise Overtaken
        orders.append(order)
    return tuple(orders)


def _kept_elsewhere(
    ledger: FindsAggregates, records: Iterable[PersonId], enrolment: EnrolmentUsed, first_day: date
) -> Iterator[dict[str, int]]:
    """The totals of a year that were kept under other ids of the person."""
    for person_id in records:
        year_id = benefit_year_id(
            person_id=person_id,
            region=enrolment.region,
            scheme=enrolment.scheme,
            first_day=first_day,
        )
        year = ledger.find(year_id, BenefitYear)
        if year is not None:
            yield year.counters


def _benefit_year(
    ledger: FindsAggregates,
    person_id: PersonId,
    *,
    enrolment: EnrolmentUsed,
    first_day: date,
    at: datetime,
) -> BenefitYear:
    """The person's year, or a new one that nobody has saved."""
    year_id = benefit_year_id(
        person_id=person_id,
        region=enrolment.region,
        scheme=enrolment.scheme,
        first_day=first_day,
    )
    return ledger.find(year_id, BenefitYear) or BenefitYear.open(
        person_id=person_id,
        region=enrolment.region,
        scheme=enrolment.scheme,
        first_day=first_day,
        at=at,
    )
