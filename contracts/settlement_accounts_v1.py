"""Finding settlements, and the account of a person (查找结算、一户一档). Owner: settlement.

Amounts are integer fen. People are opaque ids: no name and no certificate number.
"""

from datetime import date, datetime
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
    on which the reversal was booked. Of a stay that was settled in parts (分段), `part` and
    `part_label` say which.
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
    part: int | None = None
    part_label: str | None = None


class SettlementsFound(Message):
    """`GET /v1/settlements?…`: a page of what was found, in the order of the ledger (结算清单).

    `next_after` is the cursor to go on from; `has_more` says that more is there already.
    """

    contract: Literal["settlement_accounts.v1"] = "settlement_accounts.v1"
    settlements: tuple[SettlementFound, ...]
    next_after: int
    has_more: bool


class PayerTotal(Message):
    """What a payer paid in all (支付方合计)."""

    payer: str
    payer_label: str
    amount_fen: int


class SumsShown(Message):
    """Settlements added up (合计): the payers and the patients' part make up the total.

    `stays` counts admissions: several settlements of one stay in parts are one.
    """

    settlements: int
    stays: int
    total_fen: int
    payers: tuple[PayerTotal, ...]
    patient_fen: int


class YearShown(Message):
    """The sums of the benefit year that begins on a day (待遇年度); None: of no known year."""

    benefit_year_from: date | None
    sums: SumsShown


class PersonAccountShown(Message):
    """`GET /v1/persons/{person_id}/account`: what happened to one person (一人一档).

    `records` are all ids under which the person is known at `known_at`; what was settled under any
    of them counts, unless it was reversed. Of a hospital's own settlements only, if a hospital
    asks.
    """

    contract: Literal["settlement_accounts.v1"] = "settlement_accounts.v1"
    person_id: str
    records: tuple[str, ...]
    known_at: datetime
    total: SumsShown
    years: tuple[YearShown, ...]
    settlements: tuple[SettlementFound, ...]


class MemberAccountShown(Message):
    """The sums of one person who belongs (成员合计)."""

    person_id: str
    records: tuple[str, ...]
    sums: SumsShown


class GroupAccountShown(Message):
    """`GET /v1/accounts?household=|village=|township=&year=&on=`: a group's account (一户一档).

    Everybody who belongs on the day `on` as known at `known_at`: how many they are, and the sums of
    those who have settlements. `year` leaves in benefit years that begin in it.
    """

    contract: Literal["settlement_accounts.v1"] = "settlement_accounts.v1"
    kind: Literal["household", "village", "township"]
    code: str
    on: date
    known_at: datetime
    year: int | None
    members: int
    total: SumsShown
    people: tuple[MemberAccountShown, ...]
