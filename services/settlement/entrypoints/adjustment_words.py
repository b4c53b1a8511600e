"""Why a settlement was adjusted, in words (更正原因)."""

from settlement.domain.adjustment import CauseKind


def cause_in_words(kind: str, reference: str, settlement: str | None) -> str:
    """In Chinese, with the numbers people quote; a kind nobody put into words as it stands."""
    if kind == CauseKind.REVERSAL.value:
        return f"因撤销结算 {reference}"
    if kind == CauseKind.LATE_LAYER.value:
        return f"因结算 {settlement} 的后到金额 {reference}"
    if kind == CauseKind.DECISION.value:
        return f"因结算 {settlement} 的事后裁定 {reference}"
    if kind == CauseKind.REVISION.value:
        return f"因追溯更正 {reference}"
    return f"因 {kind} {reference}"
