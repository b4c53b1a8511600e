"""Between messages and values (转换): no decisions here."""

from datetime import date
from functools import lru_cache
from typing import Any

from contracts import settlement_v1 as message
from contracts.vocabulary import InstitutionId, Payer
from http_edge.acting import Acting
from settlement.application.prepare_settlement import Prepared
from settlement.application.preview_bill import BillPreviewed
from settlement.application.read_statement import Statement
from settlement.domain.adjustment import Adjustment
from settlement.domain.circumstances import Circumstances, Diagnosis, TransferredFrom, declarations
from settlement.domain.deposits import Tender
from settlement.domain.fees import LineStated
from settlement.domain.record import Actor, EligibilityUsed, SettlementInputs
from settlement.domain.settlement import Beside
from settlement.domain.stay import Stay
from settlement.entrypoints.http.show_adjustments import show_adjustment
from settlement.entrypoints.part_words import part_in_words
from settlement.kernel.explain import NumberUsed, Step
from settlement.kernel.report import DepositAllowed
from settlement.law.bill import Charges
from settlement.law.exact import Ratio
from settlement.law.facts import NO_DISEASE
from settlement.law.fee_lines import FeeLine, plain_decimal
from settlement.law.policy import LayerKind, Policy


def actor(acting: Acting) -> Actor:
    """Who acts."""
    return Actor(operator=acting.operator, institution_id=InstitutionId(acting.institution_id))


def charges(stated: message.ChargesStated) -> Charges:
    """The amounts of a bill."""
    return Charges(**stated.model_dump())


def fee_lines(stated: tuple[message.FeeLineStated, ...]) -> tuple[FeeLine, ...]:
    """Lines of fees, each decimal in its one spelling."""
    return tuple(fee_line(line) for line in stated)


def fee_line(stated: message.FeeLineStated) -> FeeLine:
    """One line of fees."""
    limit, share = stated.price_limit_yuan, stated.self_pay_share
    return FeeLine(
        number=stated.line_number,
        item_code=stated.item_code,
        catalogue_class=stated.catalogue_class,
        quantity=plain_decimal(stated.quantity),
        unit_price_yuan=plain_decimal(stated.unit_price_yuan),
        amount_fen=stated.amount_fen,
        price_limit_yuan=None if limit is None else plain_decimal(limit),
        self_pay_share=None if share is None else plain_decimal(share),
        item_class=stated.item_class,
        gives_back=stated.gives_back,
    )


def parts_stated(stated: tuple[message.FeeLineStated, ...]) -> tuple[LineStated, ...]:
    """What the hospital states of the parts of its lines, where it states any."""
    return tuple(
        LineStated(
            line_number=line.line_number,
            in_scope_fen=line.in_scope_fen,
            first_self_pay_fen=line.first_self_pay_fen,
            over_limit_fen=line.over_limit_fen,
            out_of_catalog_fen=line.out_of_catalog_fen,
        )
        for line in stated
    )


def tender(stated: message.TenderStated | None) -> Tender | None:
    """How the patient pays, where the hospital says so."""
    return Tender(**stated.model_dump()) if stated else None


def circumstances(stated: message.CircumstancesStated) -> Circumstances:
    """What the hospital declared."""
    found = stated.diagnosis
    return Circumstances(
        referral=stated.referral,
        emergency=stated.emergency,
        third_party_liability=stated.third_party_liability,
        surgery=stated.surgery,
        diagnosis=Diagnosis(found.code, found.system, found.version) if found else None,
        care=stated.care.value if stated.care else None,
        disease=NO_DISEASE if stated.disease == "无" else stated.disease,
        declared=declarations(stated.declared),
        transferred_from=TransferredFrom(
            InstitutionId(came.institution_id), came.hospital_stay_number
        )
        if (came := stated.transferred_from)
        else None,
    )


def show_stay(stay: Stay) -> message.StayShown:
    """A stay as users read it."""
    current = stay.current_settlement
    return message.StayShown(
        stay_id=str(stay.id),
        institution_id=stay.institution_id,
        hospital_stay_number=stay.hospital_stay_number,
        person_id=stay.person_id,
        status=stay.status,
        admission_date=stay.admission,
        discharge_date=stay.discharge,
        invoice_number=stay.invoice_number,
        batches=stay.batches,
        charges=message.ChargesStated(**vars(stay.charges)) if stay.charges else None,
        settlement_number=current.number if current else None,
        patient_fen=current.patient_fen if current else None,
        departure=stay.departure,
        deposit_held_fen=stay.deposit.held_fen,
        tender=message.TenderStated(**vars(stay.tender)) if stay.tender else None,
        part=stay.part,
        goes_on=stay.goes_on,
        former_stay_id=str(stay.continues) if stay.continues else None,
        next_stay_id=str(stay.next_part_id) if stay.goes_on else None,
    )


def show_policy(policy: Policy) -> message.PolicyShown:
    """Which policy was applied."""
    # A few dozen in all settlements, told by the fingerprints of their texts.
    shown = _policies_shown.get(policy.fingerprint)
    if shown is None:
        if len(_policies_shown) >= _MOST_POLICIES:
            _policies_shown.clear()
        shown = _policies_shown[policy.fingerprint] = _policy_shown(policy)
    return shown


_MOST_POLICIES = 1_000
_policies_shown: dict[str, message.PolicyShown] = {}


def _policy_shown(policy: Policy) -> message.PolicyShown:
    return message.PolicyShown(
        label=policy.label,
        title=policy.title,
        region=policy.region,
        scheme=policy.scheme.value,
        in_force_from=policy.in_force_from,
        version=policy.version,
        fingerprint=policy.fingerprint,
        fictional=policy.fictional,
        # By id: from the ledger's text they come in another order than from the file.
        sources=tuple(
            message.SourceShown(**vars(s)) for s in sorted(policy.sources, key=lambda s: s.id)
        ),
        not_entered=policy.not_entered,
    )


def show_step(step: Step) -> message.StepShown:
    """One step."""
    return message.StepShown(
        **{name: getattr(step, name) for name in _PLAIN_OF_STEP},
        payer_label=Payer(step.payer).label,
        bands=tuple(message.BandShown.model_validate(b, from_attributes=True) for b in step.bands),
        numbers=tuple(show_number(n) for n in step.numbers),
    )


_PLAIN_OF_STEP = tuple(
    name
    for name in message.StepShown.model_fields
    if name not in ("payer_label", "bands", "numbers")
)


def show_number(number: NumberUsed) -> message.NumberShown:
    """One number with its evidence."""
    return _number_shown(number)


@lru_cache(maxsize=4096)
def _number_shown(number: NumberUsed) -> message.NumberShown:
    # The same few hundred in every settlement.
    return message.NumberShown.model_validate(number, from_attributes=True)


def show_prepared(
    stay: Stay, prepared: Prepared, *, number: str | None = None
) -> message.StatementShown:
    """A preview of a stay, or the settlement with this number that was just made."""
    return _statement(
        stay,
        prepared.inputs,
        policy=prepared.policy,
        steps=prepared.steps,
        assumed=prepared.assumed,
        beside=prepared.beside,
        patient_fen=prepared.patient_fen,
        number=number,
        status="settled" if number else "preview",
        deposit=None if number else prepared.deposit,
        invoice_number=stay.invoice_number,
    )


def show_statement(found: Statement) -> message.StatementShown:
    """A settlement out of the ledger."""
    return _statement(
        found.stay,
        found.settlement.inputs,
        policy=found.policy,
        steps=found.steps,
        assumed=found.assumed,
        beside=found.beside,
        patient_fen=found.settlement.patient_fen,
        number=found.settlement.number,
        status="reversed" if found.settlement.is_reversed else "settled",
        deposit=None,
        # Of then: a discharge that was undone since may have another.
        invoice_number=found.settlement.invoice_number,
        adjustments=found.settlement.adjustments,
    )


def _statement(
    stay: Stay,
    inputs: SettlementInputs,
    *,
    policy: Policy,
    steps: tuple[Step, ...],
    assumed: tuple[NumberUsed, ...],
    beside: Beside,
    patient_fen: int,
    number: str | None,
    status: Any,
    deposit: DepositAllowed | None,
    invoice_number: str | None,
    adjustments: tuple[Adjustment, ...] = (),
) -> message.StatementShown:
    return message.StatementShown(
        stay_id=str(stay.id),
        settlement_number=number,
        hospital_stay_number=stay.hospital_stay_number,
        invoice_number=invoice_number,
        institution_id=stay.institution_id,
        institution_name=inputs.institution.name,
        person_id=inputs.eligibility.person_id,
        admission_date=inputs.admission,
        discharge_date=inputs.discharge,
        settled_on=inputs.settled_on,
        status=status,
        policy=show_policy(policy),
        total_fen=inputs.charges.total_fen,
        patient_fen=patient_fen,
        **_shares(steps),
        steps=tuple(show_step(s) for s in steps),
        assumed=tuple(show_number(n) for n in assumed),
        **_beside(policy, beside),
        deposit=_deposit(deposit),
        adjustments=tuple(show_adjustment(each, policy) for each in adjustments),
        part=inputs.part.number if inputs.part else None,
        part_label=part_in_words(inputs.part.number, goes_on=inputs.part.goes_on)
        if inputs.part
        else None,
        replica=_replica(inputs.eligibility),
    )


def _replica(used: EligibilityUsed) -> message.ReplicaShown | None:
    if used.replica is None:
        return None
    age = used.known_at - used.replica.complete_at
    return message.ReplicaShown(
        complete_at=used.replica.complete_at,
        position=used.replica.position,
        age_seconds=int(age.total_seconds()),
    )


def show_previewed(
    found: BillPreviewed, *, total_fen: int, admission: date, discharge: date, settled_on: date
) -> message.StatementShown:
    """A bill that nothing is stored of."""
    return message.StatementShown(
        admission_date=admission,
        discharge_date=discharge,
        settled_on=settled_on,
        status="preview",
        policy=show_policy(found.policy),
        total_fen=total_fen,
        patient_fen=found.patient_fen,
        **_shares(found.steps),
        steps=tuple(show_step(s) for s in found.steps),
        assumed=tuple(show_number(n) for n in found.assumed),
        **_beside(found.policy, found.beside),
        deposit=_deposit(found.deposit),
    )


def _shares(steps: tuple[Step, ...]) -> dict[str, int]:
    """What funds and the hospital pay of the bill; what the patient pays first is neither."""
    paying = [s for s in steps if s.kind == LayerKind.PAYMENT.value]
    of_hospital = sum(s.paid_fen for s in paying if s.payer == Payer.HOSPITAL)
    return {
        "funds_fen": sum(s.paid_fen for s in paying) - of_hospital,
        "hospital_fen": of_hospital,
    }


def _beside(policy: Policy, beside: Beside) -> dict[str, Any]:
    """What stands beside the bill, with the names of its layers."""
    waiting = [policy.layer(layer_id) for layer_id in beside.pending]
    return {
        "outside": tuple(
            message.OutsideShown.model_validate(
                {
                    **vars(owed),
                    "name": policy.layer(owed.layer).name,
                    "payer_label": Payer(owed.payer).label,
                }
            )
            for owed in beside.outside
        ),
        "reported": tuple(
            message.ReportedShown.model_validate(vars(value)) for value in beside.reported
        ),
        "pending": tuple(
            message.PendingShown(
                layer=layer.id,
                name=layer.name,
                decided_by=layer.elsewhere.decided_by if layer.elsewhere else "",
            )
            for layer in waiting
        ),
    }


def _deposit(allowed: DepositAllowed | None) -> message.DepositShown | None:
    """What may be asked on admission; a number nobody knows is left out."""
    if allowed is None:
        return None
    share, amount = allowed.share_of_normal, allowed.amount
    return message.DepositShown(
        share_of_normal=str(share.value) if share and isinstance(share.value, Ratio) else None,
        amount_fen=amount.value if amount and isinstance(amount.value, int) else None,
    )
