"""What a bill is (费用单): amounts in fen at a declared granularity; unknown is not zero."""

from dataclasses import dataclass, field, fields, replace

from contracts.vocabulary import LARGEST_BILL_FEN


class BillDoesNotAddUp(Exception):
    """Parts of a bill contradict its whole; nothing is recorded."""


class AmountNotStated(Exception):
    """A layer needs a part of the bill that nobody stated."""

    def __init__(self, amount: str, layer: str):
        """Name the amount and the layer that asks for it."""
        self.amount = amount
        self.layer = layer
        super().__init__(
            f"“{layer}”需要“{amount_label(amount)}”（{amount}），而费用单没有提供；请补充后再结算"
        )


class BillTooLarge(Exception):
    """A bill above the size for which the arithmetic is proven."""


AMOUNT_LABELS = {
    "total": "总费用",
    "in_scope": "政策范围内费用",
    "out_of_scope": "政策范围外费用",
    "first_self_pay": "先行自付",
    "over_limit": "超限价自费",
    "out_of_catalog": "目录外全自费",
    "class_a": "甲类费用",
    "class_b": "乙类费用",
    "class_c": "丙类费用",
}
"""Amounts a policy may name; item classes are written `item.<code>`."""


def amount_label(name: str) -> str:
    """The Chinese name of an amount."""
    return AMOUNT_LABELS.get(name) or f"项目类别 {name.removeprefix('item.')} 的费用"


@dataclass(frozen=True)
class Charges:
    """Amounts of a bill or of one batch of fees (费用), in fen; None where nobody stated it.

    Partitions, each of which must add up when it is stated:
    total = in_scope + first_self_pay + over_limit + out_of_catalog (the national interface's
    inscp_scp_amt, preselfpay_amt, overlmt_selfpay, fulamt_ownpay_amt);
    total = class_a + class_b + class_c (甲乙丙类); in_scope = sum of item_classes.
    """

    total_fen: int
    in_scope_fen: int | None = None
    first_self_pay_fen: int | None = None
    over_limit_fen: int | None = None
    out_of_catalog_fen: int | None = None
    class_a_fen: int | None = None
    class_b_fen: int | None = None
    class_c_fen: int | None = None
    item_classes_fen: dict[str, int] = field(default_factory=dict)

    def check(self) -> None:
        """Raises BillDoesNotAddUp, or BillTooLarge above ¥100 million."""
        for name, amount in self._stated():
            if amount < 0:
                raise BillDoesNotAddUp(f"{amount_label(name)}为负数（{amount} 分）")
        if self.total_fen > LARGEST_BILL_FEN:
            raise BillTooLarge(f"总费用 {self.total_fen} 分超过可结算的上限 {LARGEST_BILL_FEN} 分")
        self._check_scope()
        classes = (self.class_a_fen, self.class_b_fen, self.class_c_fen)
        if any(c is not None for c in classes):
            if any(c is None for c in classes):
                raise BillDoesNotAddUp("甲、乙、丙类费用应当同时提供")
            self._check_sum("甲类＋乙类＋丙类", sum(c or 0 for c in classes), self.total_fen)
            if self.out_of_catalog_fen not in (None, self.class_c_fen):
                raise BillDoesNotAddUp("目录外全自费与丙类费用不一致")
        if self.item_classes_fen:
            if self.in_scope_fen is None:
                raise BillDoesNotAddUp("提供项目类别费用时应当同时提供政策范围内费用")
            self._check_sum(
                "项目类别费用之和", sum(self.item_classes_fen.values()), self.in_scope_fen
            )

    def _check_scope(self) -> None:
        # Class C is what no catalogue holds: it stands where out_of_catalog was not stated.
        outside = self.class_c_fen if self.out_of_catalog_fen is None else self.out_of_catalog_fen
        parts = (self.in_scope_fen, self.first_self_pay_fen, self.over_limit_fen, outside)
        known = sum(p or 0 for p in parts)
        if all(p is not None for p in parts):
            self._check_sum("范围内＋先行自付＋超限价＋全自费", known, self.total_fen)
        elif known > self.total_fen:
            raise BillDoesNotAddUp(f"各部分之和 {known} 分大于总费用 {self.total_fen} 分")

    @staticmethod
    def _check_sum(what: str, parts_fen: int, whole_fen: int) -> None:
        if parts_fen != whole_fen:
            raise BillDoesNotAddUp(
                f"{what}为 {parts_fen} 分，应为 {whole_fen} 分，相差 {parts_fen - whole_fen} 分"
            )

    def _stated(self) -> list[tuple[str, int]]:
        plain = [(name, getattr(self, field)) for field, name in _AMOUNT_OF_FIELD]
        stated = [(name, fen) for name, fen in plain if fen is not None]
        return stated + [(f"item.{code}", fen) for code, fen in self.item_classes_fen.items()]

    @property
    def granularity(self) -> frozenset[str]:
        """Which amounts are stated; batches of one stay must state the same ones."""
        names = {name for field, name in _AMOUNT_OF_FIELD if getattr(self, field) is not None}
        return frozenset(names | ({"items"} if self.item_classes_fen else set()))

    def amounts(self) -> dict[str, int]:
        """Every named amount that is stated or follows from what is stated, in fen."""
        known = dict(self._stated())
        if "class_c" in known:
            known.setdefault("out_of_catalog", known["class_c"])
        if "in_scope" in known:
            known["out_of_scope"] = self.total_fen - known["in_scope"]
        return known

    def plus(self, other: "Charges") -> "Charges":
        """Both together. Raises BillDoesNotAddUp when they state different parts."""
        if self.granularity != other.granularity:
            raise BillDoesNotAddUp(
                "各批费用提供的分项不一致："
                + "、".join(amount_label(n) for n in sorted(self.granularity ^ other.granularity))
            )
        known = {
            field: mine + getattr(other, field)
            for field, _ in _AMOUNT_OF_FIELD
            if (mine := getattr(self, field)) is not None
        }
        items = {
            code: self.item_classes_fen.get(code, 0) + other.item_classes_fen.get(code, 0)
            for code in sorted({*self.item_classes_fen, *other.item_classes_fen})
        }
        return replace(self, **known, item_classes_fen=items)


_AMOUNT_OF_FIELD = tuple(
    (f.name, f.name.removesuffix("_fen")) for f in fields(Charges) if f.name != "item_classes_fen"
)
"""Each field that holds one amount, and the amount's name in policies."""
