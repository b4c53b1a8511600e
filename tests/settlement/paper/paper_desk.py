"""A desk that prints: eligibility tells who a paper is made out to, and remembers who asked."""

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from contracts.vocabulary import CertificateType, PersonId
from settlement.application.paper_ports import PersonOnPaper
from settlement.application.ports import PersonUnknown
from settlement.domain.record import Actor
from tests.support.settlement_desk import P1, Desk, PeopleKnown, open_parts

BILL = {
    "total_fen": 52_000_00,
    "in_scope_fen": 50_000_00,
    "first_self_pay_fen": 1_000_00,
    "over_limit_fen": 400_00,
    "out_of_catalog_fen": 600_00,
}


@dataclass
class NamesKnown:
    """Plays eligibility's names."""

    known: dict[str, PersonOnPaper] = field(default_factory=dict)
    asked: list[tuple[str, Actor]] = field(default_factory=list)

    def on_paper(self, person_id: PersonId, *, by: Actor) -> PersonOnPaper:
        """The port."""
        self.asked.append((person_id, by))
        if person_id not in self.known:
            raise PersonUnknown(person_id)
        return self.known[person_id]


def paper_desk(data: Path, name: str = "样例甲") -> tuple[Desk, PeopleKnown, NamesKnown]:
    """A desk in Yubei with one person who has a name."""
    parts, people = open_parts(data)
    names = NamesKnown(
        {P1: PersonOnPaper(name, True, CertificateType.RESIDENT_ID, "990001********0014")}
    )
    desk = Desk(replace(parts, papers=replace(parts.papers, people=names)))
    desk.import_institutions()
    people.add(
        P1,
        region="500112",
        identities=("subsistence_margin",),
        birth_date=date(1968, 3, 15),
    )
    return desk, people, names


def settled(desk: Desk, number: str = "2023-001847", **asked: Any) -> str:
    """A stay of the person, settled; its settlement number."""
    answer = desk.settle(desk.discharged(P1, number, charges=BILL, **asked))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["settlement_number"])
