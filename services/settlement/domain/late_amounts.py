"""Amounts that come after the settlement (后到金额): which layers of it may still get one."""

from settlement.domain.settlement import Settlement
from settlement.domain.stay_refusals import LateAmountNotAwaited, LateAmountUnchanged
from settlement.law.exact import format_yuan


def require_awaited(
    settlement: Settlement, came_late: frozenset[str], *, layer: str, amount_fen: int
) -> int | None:
    """What the layer came to by now, in fen; None: its amount is still to come.

    `came_late` are the layers whose amounts came after the settlement. An amount that was stated
    when it was made is part of it, and is put right by undoing it. Raises LateAmountNotAwaited,
    LateAmountUnchanged.
    """
    if layer in settlement.pending:
        return None
    if layer not in came_late:
        waiting = "、".join(settlement.pending) or "无"
        raise LateAmountNotAwaited(
            f"结算 {settlement.number} 的“{layer}”不在待定之列（待定：{waiting}）；"
            "结算时已填的金额有误的，请撤销后重新结算"
        )
    known_fen = settlement.inputs.elsewhere_fen.get(layer)
    if known_fen is not None and known_fen == amount_fen:
        raise LateAmountUnchanged(
            f"结算 {settlement.number} 的“{layer}”已登记为 {format_yuan(known_fen)} 元，没有变化"
        )
    return known_fen
