"""What was registered of a stay (登记内容), as events that change or undo it say what stood before.

Said again, so that what no longer counts cannot be altered unseen either.
"""

from dataclasses import dataclass
from datetime import date

from contracts.vocabulary import Departure, PersonId
from settlement.domain.circumstances import Circumstances


@dataclass(frozen=True)
class Registration:
    """An admission as it was registered (入院登记)."""

    person_id: PersonId
    scheme: str | None
    admission: date
    circumstances: Circumstances


@dataclass(frozen=True)
class DischargeRegistered:
    """A discharge as it was registered (出院登记); with `goes_on` an interim close (中途结算)."""

    discharge: date
    invoice_number: str | None
    departure: Departure | None
    circumstances: Circumstances
    goes_on: bool = False
