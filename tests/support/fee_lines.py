"""Lines of fees for tests, as a hospital sends them."""

from typing import Any


def line(number: str, quantity: str, price: str, fen: int, **more: Any) -> dict[str, Any]:
    """A line of class A unless `catalogue_class` says otherwise."""
    return {
        "line_number": number,
        "item_code": "XJ01",
        "catalogue_class": "A",
        "quantity": quantity,
        "unit_price_yuan": price,
        "amount_fen": fen,
        **more,
    }


BED = line("L1", "10", "100", 1_000_00)
DRUG = line(
    "L2",
    "3",
    "33.335",
    100_01,
    catalogue_class="B",
    price_limit_yuan="30",
    self_pay_share="0.1",
)
"""100.01: 90.00 lie under the limit, 9.00 of them are paid first."""

MEAL = line("L3", "1", "50", 50_00, catalogue_class="C")
DRUG_BACK = DRUG | {
    "line_number": "L4",
    "quantity": "-1",
    "amount_fen": -33_34,
    "gives_back": "L2",
}
"""One of the three goes back: of the 66.67 left 60.00 lie under the limit, 6.00 are paid first."""

DRUG_FIELDS = ("item_code", "catalogue_class", "unit_price_yuan", "price_limit_yuan")
