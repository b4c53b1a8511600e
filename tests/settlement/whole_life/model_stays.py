"""A stay as the model keeps it (模型中的住院), and how its patient's part is paid."""

from dataclasses import dataclass, field
from datetime import date

from tests.settlement.whole_life import model_fees as fees
from tests.settlement.whole_life.model_settlements import StayKey


@dataclass(frozen=True)
class Tendered:
    """How the patient's part is paid, in fen: from his account, of the deposit, in cash."""

    account: int
    deposit: int
    cash: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.account + self.deposit + self.cash


@dataclass
class Stay:
    """A stay as it stands."""

    person: str
    admission: date
    referral: bool | None
    referral_at_discharge: bool | None = None
    discharge: date | None = None
    is_cancelled: bool = False
    batches: fees.Batches = field(default_factory=dict)
    batches_used: set[str] = field(default_factory=set)
    receipts: dict[str, int] = field(default_factory=dict)
    tender: Tendered | None = None
    goes_on: bool = False
    departure: str | None = None
    came_from: StayKey | None = None

    @property
    def held(self) -> int:
        """What is held of the deposit."""
        return sum(self.receipts.values()) - (self.tender.deposit if self.tender else 0)

    @property
    def declared_referral(self) -> bool | None:
        """What the discharge said counts before what the admission said."""
        if self.referral_at_discharge is None:
            return self.referral
        return self.referral_at_discharge
