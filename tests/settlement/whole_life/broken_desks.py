"""Desks that leave one thing out (漏做一事的窗口): the runs must see it."""

from collections.abc import Callable, Mapping
from typing import Any

from settlement.application import (
    prepare_settlement,
    remake_settlement,
    reverse_settlement,
    revise_person,
)
from settlement.domain.chain import EpisodeUsed
from settlement.domain.discretion import Proposal
from settlement.domain.stay import Stay
from settlement.domain.stay_after_settlement import StayAfterSettlement

Instead = Callable[..., Any]


def nothing(*_: Any, **__: Any) -> tuple[()]:
    """Nothing is done, or found, or refused."""
    return ()


def follows_nothing(*_: Any, **__: Any) -> None:
    """No later settlement is made again."""


def its_own_episode(stay: Stay, *_: Any, **__: Any) -> EpisodeUsed:
    """Whoever comes from another hospital begins anew."""
    return EpisodeUsed(stay.id, stay.admission)


LEFT_OUT: Mapping[str, tuple[Any, str, Instead]] = {
    "later ones stay as they were": (reverse_settlement, "rederive_later", nothing),
    "late amounts change nothing else": (remake_settlement, "rederive_later", nothing),
    "deductions outlive what they rest on": (StayAfterSettlement, "_release_deductions", nothing),
    "proposals never lapse": (Proposal, "require_as_checked", nothing),
    "parts are settled in any order": (prepare_settlement, "require_former_settled", nothing),
    "revisions move nothing after them": (revise_person, "made_to_follow", follows_nothing),
    "transfers share no deductible": (prepare_settlement, "episode_of", its_own_episode),
}
"""Where each stands, its name there, and what is done instead."""


def break_desk(broken: str) -> None:
    """For the rest of this process the desk leaves this out."""
    where, what, instead = LEFT_OUT[broken]
    # A name that is gone would break nothing.
    getattr(where, what)
    setattr(where, what, instead)
