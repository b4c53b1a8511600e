"""What a decision asks of a stay before it is taken (办理条件); each refusal says what to do."""

from datetime import date
from typing import Protocol

from settlement.domain.circumstances import Circumstances
from settlement.domain.deposits import Deposit
from settlement.domain.settlement import Settlement
from settlement.domain.stay_refusals import (
    AdmissionStands,
    AlreadyDischarged,
    AlreadySettled,
    BelongsToPart,
    DateInFuture,
    DischargeBeforeAdmission,
    NextPartStands,
    NotCancelled,
    NotDischarged,
    NothingChanged,
    StayCancelled,
)
from settlement.law.bill import Charges
from settlement.law.exact import format_yuan


class StayAsked(Protocol):
    """What is asked of a stay."""

    hospital_stay_number: str
    part: int
    is_cancelled: bool
    scheme: str | None
    admission: date
    declared_at_admission: Circumstances
    discharge: date | None
    deposit: Deposit

    @property
    def charges(self) -> Charges | None:
        """The fees so far."""

    @property
    def current_settlement(self) -> Settlement | None:
        """The settlement that counts, if any."""


def require_registered(stay: StayAsked) -> None:
    """Raises StayCancelled."""
    if stay.is_cancelled and stay.part > 1:
        raise StayCancelled(
            f"住院 {stay.hospital_stay_number} 第 {stay.part} 段已随上一段的中途结算取消；"
            f"请办理第 {stay.part - 1} 段"
        )
    if stay.is_cancelled:
        raise StayCancelled(
            f"住院 {stay.hospital_stay_number} 的入院登记已撤销；请用此住院号重新登记入院"
        )


def require_cancelled(stay: StayAsked) -> None:
    """Raises NotCancelled."""
    if not stay.is_cancelled:
        raise NotCancelled(f"住院 {stay.hospital_stay_number} 的入院登记没有撤销，不能重新登记")


def require_changed(
    stay: StayAsked, scheme: str | None, admission: date, circumstances: Circumstances
) -> None:
    """Raises NothingChanged."""
    registered = (stay.scheme, stay.admission, stay.declared_at_admission)
    if registered == (scheme, admission, circumstances):
        raise NothingChanged(f"住院 {stay.hospital_stay_number} 的入院登记与所报的相同，没有变更")


def require_unsettled(stay: StayAsked, what: str) -> None:
    """Raises AlreadySettled."""
    current = stay.current_settlement
    if current:
        raise AlreadySettled(
            f"住院 {stay.hospital_stay_number} 已于 {current.booked_on} 结算，"
            f"结算单号 {current.number}；请先撤销结算，再{what}"
        )


def require_still_in(stay: StayAsked) -> None:
    """Raises StayCancelled, AlreadyDischarged: fees change only while the patient is in."""
    require_registered(stay)
    if stay.discharge:
        first = "撤销结算、" if stay.current_settlement else ""
        raise AlreadyDischarged(
            f"住院 {stay.hospital_stay_number} 已出院，费用不能再变动；"
            f"请先{first}取消出院，更正费用后重新办理出院"
        )


def require_discharged(stay: StayAsked) -> date:
    """The day of discharge. Raises NotDischarged."""
    if stay.discharge is None:
        raise NotDischarged(f"住院 {stay.hospital_stay_number} 还没有办理出院")
    return stay.discharge


def require_nothing_stands(stay: StayAsked) -> None:
    """Raises AdmissionStands: what stands is taken back first, each in its own way."""
    number = stay.hospital_stay_number
    if stay.discharge:
        raise AdmissionStands(f"住院 {number} 已办理出院；请先取消出院，再撤销入院登记")
    if stay.charges and stay.charges.total_fen:
        raise AdmissionStands(
            f"住院 {number} 还有费用 {format_yuan(stay.charges.total_fen)} 元；"
            "请先删除或冲销全部费用，再撤销入院登记"
        )
    if stay.deposit.held_fen:
        raise AdmissionStands(
            f"住院 {number} 还有押金 {format_yuan(stay.deposit.held_fen)} 元；"
            "请先退还押金，再撤销入院登记"
        )


def require_in_order(admission: date, discharge: date | None, what: str = "出院日期") -> None:
    """Raises DischargeBeforeAdmission."""
    if discharge is not None and discharge < admission:
        raise DischargeBeforeAdmission(f"{what} {discharge} 早于入院日期 {admission}；请核对")


def require_not_in_future(day: date, today: date, what: str) -> None:
    """Raises DateInFuture."""
    if day > today:
        raise DateInFuture(f"{what} {day} 晚于今天 {today}；请核对")


def require_first_part(stay: StayAsked, what: str) -> None:
    """Raises BelongsToPart."""
    if stay.part > 1:
        raise BelongsToPart(
            f"住院 {stay.hospital_stay_number} 第 {stay.part} 段不是一次入院，不能{what}；"
            f"请在第 {stay.part - 1} 段取消中途结算"
        )


def require_same_first_day(stay: StayAsked, admission: date) -> None:
    """Raises BelongsToPart: a later part begins the day after the one before it ended."""
    if stay.part > 1 and admission != stay.admission:
        raise BelongsToPart(
            f"住院 {stay.hospital_stay_number} 第 {stay.part} 段从 {stay.admission} 起，"
            f"不能改为 {admission}；请在第 {stay.part - 1} 段取消中途结算后另选日期"
        )


def require_empty_part(stay: StayAsked) -> None:
    """Raises NextPartStands: what stands of a part is taken back first."""
    stands = [
        what
        for what, is_there in (
            ("费用", stay.charges and stay.charges.total_fen),
            ("押金", stay.deposit.held_fen),
            ("出院登记或中途结算", stay.discharge),
        )
        if is_there
    ]
    if stands:
        raise NextPartStands(
            f"住院 {stay.hospital_stay_number} 第 {stay.part} 段已有{'、'.join(stands)}；"
            f"请先取消，再取消第 {stay.part - 1} 段的中途结算"
        )
