"""What the check of a paper answers, in words (核对结果用语)."""

from settlement.application.check_statement import Checked

CHECKED_WORDS: dict[Checked, str] = {
    Checked.MATCHES: "相符：本单与账本一致，结算有效",
    Checked.REVERSED: "相符，但该结算其后已撤销，本单不再有效",
    Checked.CHANGED: "相符，但该结算其后已调整，请重新打印",
    Checked.DIFFERS: "不符：账本里没有这样的结算单；请核对结算单号与校验码",
}
