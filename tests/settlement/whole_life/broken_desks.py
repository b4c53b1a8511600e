"""Desks that leave one thing out (漏做一事的窗口): the runs must see it."""

from collections.abc import Mapping
from typing import Any

from settlement.application import prepare_settlement, remake_settlement, reverse_settlement
from settlement.domain.discretion import Proposal
from settlement.domain.stay_after_settlement import StayAfterSettlement

LEFT_OUT: Mapping[str, tuple[Any, str]] = {
    "later ones stay as they were": (reverse_settlement, "rederive_later"),
    "late amounts change nothing else": (remake_settlement, "rederive_later"),
    "deductions outlive what they were taken off": (StayAfterSettlement, "_release_deductions"),
    "proposals never lapse": (Proposal, "require_as_checked"),
    "parts are settled in any order": (prepare_settlement, "require_former_settled"),
}
"""Where each stands, and its name there."""


def break_desk(broken: str) -> None:
    """For the rest of this process the desk leaves this out."""
    where, what = LEFT_OUT[broken]
    getattr(where, what)
    setattr(where, what, lambda *_, **__: ())
