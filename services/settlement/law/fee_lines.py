"""What a line of fees is (费用明细): one charged item, exact to the digit that was sent."""

import re
from dataclasses import dataclass

from contracts.vocabulary import CatalogueClass
from settlement.law.exact import Ratio

QUANTITY_DIGITS, YUAN_DIGITS, SHARE_DIGITS = 4, 6, 6
"""Decimals of a quantity (cnt), of a price in yuan (pric) and of a share (selfpay_prop)."""

_DECIMAL = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,6}))?")


class FeeLineFaulty(Exception):
    """A line of fees contradicts itself; the whole batch is refused."""


@dataclass(frozen=True)
class FeeLine:
    """One line (一行明细); the national interface's names are in brackets.

    `number` (feedetl_sn) is unique among the lines of the stay. `quantity` (cnt),
    `unit_price_yuan` (pric), `price_limit_yuan` (pric_uplmt_amt) and `self_pay_share`
    (selfpay_prop, 0.1 is 10%) are decimals as text, since prices go below the fen; `amount_fen`
    (det_item_fee_sumamt) is what the hospital charges. `item_class` is a key of the bill's
    item classes. A line that gives back (冲账) has a negative quantity and amount, and
    `gives_back` (init_feedetl_sn) names the line it takes from.
    """

    number: str
    item_code: str
    catalogue_class: CatalogueClass
    quantity: str
    unit_price_yuan: str
    amount_fen: int
    price_limit_yuan: str | None = None
    self_pay_share: str | None = None
    item_class: str | None = None
    gives_back: str | None = None

    @property
    def quantity_exact(self) -> int:
        """The quantity in ten-thousandths. Raises FeeLineFaulty."""
        return self._exact(self.quantity, QUANTITY_DIGITS, "数量")

    @property
    def unit_price_exact(self) -> int:
        """The price of one in millionths of a yuan. Raises FeeLineFaulty."""
        return self._exact(self.unit_price_yuan, YUAN_DIGITS, "单价")

    @property
    def price_limit_exact(self) -> int | None:
        """The limit for one (限价) in millionths of a yuan. Raises FeeLineFaulty."""
        limit = self.price_limit_yuan
        return None if limit is None else self._exact(limit, YUAN_DIGITS, "限价")

    @property
    def share(self) -> Ratio:
        """The share the patient pays first (先行自付比例). Raises FeeLineFaulty."""
        return Ratio(
            self._exact(self.self_pay_share or "0", SHARE_DIGITS, "自付比例"), SHARE_DIGITS
        )

    def check(self) -> None:
        """What holds of a line in itself. Raises FeeLineFaulty."""
        quantity, gives_back = self.quantity_exact, self.gives_back is not None
        if self.unit_price_exact < 0 or (self.price_limit_exact or 0) < 0:
            raise self.faulty("单价与限价不能为负数")
        if not 0 <= self.share.units <= 10**SHARE_DIGITS:
            raise self.faulty(f"先行自付比例 {self.self_pay_share} 应在 0 与 1 之间，如 0.1")
        if quantity == 0:
            raise self.faulty("数量不能为 0")
        if gives_back != (quantity < 0):
            raise self.faulty(
                "冲账行的数量为负数，并须写明原明细号；其他行数量为正数、不写原明细号"
            )
        if (self.amount_fen > 0) if gives_back else (self.amount_fen < 0):
            raise self.faulty(f"金额 {self.amount_fen} 分与数量 {self.quantity} 的正负号不一致")

    def faulty(self, why: str) -> FeeLineFaulty:
        """A refusal that names the line."""
        return FeeLineFaulty(f"费用明细 {self.number}：{why}")

    def _exact(self, text: str, digits: int, what: str) -> int:
        match = _DECIMAL.fullmatch(text)
        decimals = (match[3] or "") if match else ""
        if match is None or len(decimals) > digits:
            raise self.faulty(f"{what}“{text}”应写成最多 {digits} 位小数的数，如 1.5")
        return int(match[1] + match[2] + decimals.ljust(digits, "0"))


def plain_decimal(text: str) -> str:
    """The one spelling of a decimal: `1.50` is `1.5`, `01` is `1`, `-0` is `0`; anything else stays
    as it was written, and is refused by the line."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return text
    whole, decimals = str(int(match[2])), (match[3] or "").rstrip("0")
    plain = f"{whole}.{decimals}" if decimals else whole
    return plain if plain == "0" else match[1] + plain
