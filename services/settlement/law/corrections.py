"""How a difference is carried when a settlement is corrected later (更正): the law says, or nobody.

Where an amount turns out another after the settlement, each fund has paid too little or too much.
Whether that is settled through the hospital, with the patient, or left as it is, is for the
policy to say; there is no default.
"""

from dataclasses import dataclass
from enum import StrEnum

from settlement.law.evidence import Evidence


class Underpaid(StrEnum):
    """A fund owes more than was settled (补差)."""

    THROUGH_HOSPITAL = "through_hospital"
    TO_PATIENT = "to_patient"
    LEAVE = "leave"


class Overpaid(StrEnum):
    """A fund owes less than was settled (追回)."""

    THROUGH_HOSPITAL = "through_hospital"
    FROM_PATIENT = "from_patient"
    LEAVE = "leave"


UNDERPAID, OVERPAID = "underpaid", "overpaid"
"""The names of the two switches."""

IF_LOWER = "if_lower"
"""The name of what a policy published late says of benefits that it lowers; where it says that
they are left, no switch is asked."""


@dataclass(frozen=True)
class Switch:
    """What one switch says, with its evidence."""

    says: Underpaid | Overpaid
    evidence: Evidence


@dataclass(frozen=True)
class Corrections:
    """The switches of a policy (更正); None where it does not say."""

    underpaid: Switch | None = None
    overpaid: Switch | None = None

    def switch(self, name: str) -> Switch | None:
        """The switch with this name."""
        return self.underpaid if name == UNDERPAID else self.overpaid
