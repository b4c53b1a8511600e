"""Facts in the words users read (事项用语), one line each."""

from contracts.vocabulary import Identity as KnownIdentity
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

_IDENTITY_LABELS = {each.value: each.label for each in KnownIdentity}


def words_of(fact: Fact) -> str:
    """What a fact says, without its days."""
    match fact:
        case Identity():
            name = _IDENTITY_LABELS.get(fact.identity, fact.identity)
            return name + _after_end(fact.benefits_after_end)
        case Enrolment():
            return _enrolment(fact)
        case Household():
            return f"{fact.register_owner.label} 户编号 {fact.number}"
        case Mark():
            return _joined(f"{fact.kind.label} {fact.name}", fact.disease_list, _limit(fact))
        case _:
            return _other(fact)


def _other(fact: DiseaseListing | Filing | Disability | Death | Residence) -> str:
    match fact:
        case DiseaseListing():
            return f"{fact.disease_list} {fact.diagnosis_code}（{fact.diagnosis_system}）"
        case Filing():
            where = _joined(fact.to_region, fact.to_institution)
            return _joined(f"{fact.kind.label} {fact.number}", f"至 {where}" if where else None)
        case Disability():
            return f"残疾 {fact.level} 级"
        case Residence():
            return f"居住地 {fact.village or fact.township}"
        case Death():
            return "已死亡"


def _enrolment(fact: Enrolment) -> str:
    payer, waiting = fact.premium_payer, fact.waiting_to
    return _joined(
        f"{fact.region} {fact.scheme.label}",
        fact.plan,
        payer.label if payer is not None else None,
        "自出生享受" if fact.from_birth else None,
        f"等待期至 {waiting.isoformat()}" if waiting is not None else None,
    )


def _after_end(after: BenefitsAfterEnd | None) -> str:
    if after is None:
        return ""
    until = f"延续至 {after.until.isoformat()}" if after.until is not None else "继续享受"
    return f"（结束后待遇{until}）"


def _limit(fact: Mark) -> str | None:
    if fact.limit_fen is None:
        return fact.limit_text
    yuan, fen = divmod(fact.limit_fen, 100)
    return _joined(f"限额 {yuan}.{fen:02d} 元", fact.limit_text)


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
