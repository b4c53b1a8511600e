"""Finding settlements, and the account of a person (查找结算、一户一档). Owner: settlement.

Amounts are integer fen. People are opaque ids: no name and no certificate number.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """A message refuses fields it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShareFound(Message):
    """What one layer paid of the bill (支付份额); without `fund` it is the hospital itself."""

    layer: str
    payer: str
    payer_label: str
    fund: str | None
    amount_fen: int


class SettlementFound(Message):
    """One settlement (结算); shares and the patient's part make up the total.

    `policy` is the label of the policy it followed and `fingerprint` its exact text;
    `benefit_year_from` the first day of the benefit year. `used_assumed` says that a number
    nobody has confirmed was used. Reversed, it keeps its amounts; `reversed_on` is then the day
    on which the reversal was booked.
    """

    settlement_number: str
    stay_id: str
    hospital_stay_number: str
    invoice_number: str | None
    person_id: str
    institution_id: str
    region: str
    scheme: str
    fingerprint: str
    policy: str | None
    admission_date: date
    discharge_date: date
    benefit_year_from: date | None
    booked_on: date
    total_fen: int
    patient_fen: int
    status: Literal["settled", "reversed"]
    used_assumed: bool
    reversed_on: date | None
    shares: tuple[ShareFound, ...]


class SettlementsFound(Message):
    """`GET /v1/settlements?…`: a page of what was found, in the order of the ledger (结算清单).

    `next_after` is the cursor to go on from; `has_more` says that more is there already.
    """

    contract: Literal["settlement_accounts.v1"] = "settlement_accounts.v1"
    settlements: tuple[SettlementFound, ...]
    next_after: int
    has_more: bool
