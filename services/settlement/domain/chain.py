"""How a stay hangs together with others (住院的接续): parts of one stay, and transfers."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class PartUsed:
    """Which part of a stay a settlement is of (第几段), where the stay has several.

    `goes_on`: an interim settlement, the patient stayed in. `stay_admission` is the day on which
    the patient was admitted, which for a later part is not the part's first day.
    """

    number: int
    goes_on: bool
    stay_admission: date


@dataclass(frozen=True)
class EpisodeUsed:
    """The stays that hang together (连续住院), by the first of them: its id and its admission."""

    stay_id: UUID
    admission: date
