"""How a stay that is settled in parts is settled (中途结算、分段结算): the law says, or nobody.

A long stay, or one over New Year, is settled before the patient leaves. Whether its parts are
settled each for itself, and by the days of which one goes, is for the policy to say; there is no
default.
"""

from dataclasses import dataclass
from enum import StrEnum

from settlement.law.evidence import Evidence


class PartsSettled(StrEnum):
    """How the parts are settled."""

    AS_STAYS_OF_THEIR_OWN = "as_stays_of_their_own"


class PartsDates(StrEnum):
    """Whose first day counts as the day of admission of a later part (按哪一天入院)."""

    OF_PART = "of_part"
    OF_STAY = "of_stay"


@dataclass(frozen=True)
class StaysInParts:
    """What a policy says of stays that are settled in parts (分段结算), with its evidence."""

    settled: PartsSettled
    dates: PartsDates
    evidence: Evidence
