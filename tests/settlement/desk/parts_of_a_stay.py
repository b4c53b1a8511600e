"""Stories of stays that are settled in parts, under small policies that say how."""

from pathlib import Path
from typing import Any

from settlement.application.verify_ledger import verify_ledger
from tests.support.settlement_desk import P1, P2, Desk, PeopleKnown, open_parts
from tests.support.small_policies import REGION, layer_text, policy_text, write_book

OF_PART = "stays_in_parts: {settled: as_stays_of_their_own, dates: of_part}\n"
OF_STAY = "stays_in_parts: {settled: as_stays_of_their_own, dates: of_stay}\n"
CORRECTIONS = "corrections: {underpaid: through_hospital, overpaid: through_hospital}\n"
ABOVE_500 = "base: total\ndeductible: 500\nrate: 80%\n"
"""The fund pays 80% of what is above 500.00 in each stay."""


class Story:
    """A hospital and its patients, under policies of one county."""

    def __init__(self, folder: Path, *texts: str):
        parts, people = open_parts(folder, policies=write_book(folder / "law", *texts))
        self.people: PeopleKnown = people
        self.desk = Desk(parts)
        self.desk.import_institutions()
        self.other = Desk(parts, institution="H42000000001")
        for person in (P1, P2):
            people.add(person, region=REGION)

    def admit(self, number: str, day: str, **more: Any) -> str:
        """Admit P1; returns the id."""
        asked = {"person_id": P1, "hospital_stay_number": number, "admission_date": day}
        desk: Desk = more.pop("at", self.desk)
        return str(said(desk.write("/v1/stays", asked | more), 201)["stay_id"])

    def fees(self, stay: str, total_fen: int, *, at: Desk | None = None, batch: str = "1") -> None:
        """One batch."""
        body = {"batch_number": batch, "charges": {"total_fen": total_fen}}
        said((at or self.desk).write(f"/v1/stays/{stay}/fees", body))

    def interim(self, stay: str, until: str) -> str:
        """Close a part; returns the next one's id."""
        answer = said(self.desk.write(f"/v1/stays/{stay}/interim", {"until": until}))
        return str(answer["following"]["stay_id"])

    def leave(self, stay: str, day: str, *, at: Desk | None = None, **more: Any) -> None:
        """Discharge."""
        desk = at or self.desk
        said(desk.write(f"/v1/stays/{stay}/discharge", {"discharge_date": day} | more))

    def settle(self, stay: str, *, at: Desk | None = None) -> Any:
        """Settle; the statement."""
        return said((at or self.desk).settle(stay))

    def undo(self, stay: str, *, at: Desk | None = None) -> Any:
        """Take a settlement back."""
        desk = at or self.desk
        return said(desk.write(f"/v1/stays/{stay}/settlement/reversal", {"reason": "更正"}))

    def statement(self, stay: str, *, at: Desk | None = None) -> Any:
        """The statement, from the ledger alone."""
        return said((at or self.desk).read(f"/v1/stays/{stay}/statement"))

    def discrepancies(self) -> tuple[object, ...]:
        """What verification finds, with the accounts of the funds."""
        parts = self.desk.parts
        return verify_ledger(parts.ledger, parts.laws, fund_books=parts.fund_account).discrepancies


def law(body: str, *, parts: str = OF_PART, ends: str = "", **more: Any) -> str:
    """A policy of one layer, with its switches, that may end on a day."""
    text = policy_text(layer_text(body), more=parts + CORRECTIONS, **more)
    begins = "in_force: {from: 2020-01-01"
    return text.replace(begins, f"{begins}, to: {ends}") if ends else text


def said(answer: Any, status: int = 200) -> Any:
    """The answer, which must be a good one."""
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(answer: Any) -> str:
    """Which problem the answer is."""
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["type"]).removeprefix("urn:yizhan:problem:")
