"""Every command of a stay's life over HTTP (全部写操作), each under a key of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contracts.vocabulary import InstitutionId
from settlement.domain.stay import stay_id_of
from tests.support.fee_lines import BED, DRUG, MEAL, line

HOSPITALS = ("H99010100001", "H42000000001")
_ELSEWHERE = "reviewed"


@dataclass(frozen=True)
class Sent:
    """A request that is right when those before it were carried out; `leaves` are the topics of
    the events it leaves once, beside what follows from them."""

    key: str
    hospital: str
    path: str
    body: dict[str, Any]
    leaves: tuple[str, ...]
    operator: str = "cashier-1"
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """What every write carries."""
        headers = {
            "Yizhan-Institution": self.hospital,
            "Yizhan-Operator": self.operator,
            "Idempotency-Key": self.key,
        }
        object.__setattr__(self, "headers", headers)


def lives(client: str, *, own: str, common: str, chance: Random) -> list[Sent]:
    """A client's requests: a long stay of somebody it alone has, whole stays of somebody whom
    others settle at the same time, an admission that never was; `client` is told in every key."""
    of_many = [_one_call(client, n, common, chance) for n in range(3)]
    found: list[Sent] = []
    others = [*of_many, _never_was(client, own)]
    for each in _long_stay(client, own, chance):
        while others and chance.random() < 1 / 3:
            found += others.pop()
        found.append(each)
    for each in others:
        found += each
    return found


def _long_stay(client: str, person: str, chance: Random) -> Iterator[Sent]:
    stay = _Stay(chance.choice(HOSPITALS), f"{client}-A")
    yield stay.admit(person)
    yield stay.send("fees", {"batch_number": "1", "lines": [BED, DRUG]}, "fees-recorded")
    yield stay.send("fees", {"batch_number": "2", "lines": [MEAL]}, "fees-recorded")
    corrected = {"line": line("L1", "9", "1000", 9_000_00)}
    yield stay.send("fees/lines/correction", corrected, "fee-line-corrected")
    yield stay.send("fees/lines/deletion", {"line_number": "L2"}, "fee-line-deleted")
    yield stay.send("fees/deletion", {"batch_number": "2"}, "fee-batch-deleted")
    yield stay.send("admission/change", {"admission_date": "2023-03-02"}, "admission-changed")
    paid = {"receipt_number": "R1", "amount_fen": 900_00, "method": "cash"}
    yield stay.send("deposits", paid | {"normal_deposit_fen": 10_000_00}, "deposit-paid")
    yield stay.send("deposits/refund", {"amount_fen": 1, "method": "cash"}, "deposit-refunded")
    yield stay.discharge()
    yield stay.send("discharge/cancellation", {"reason": "误登"}, "discharge-undone")
    yield stay.discharge()
    yield stay.settle()
    decided = {"layer": _ELSEWHERE, "amount_fen": 40_00, "reason": "困难"}
    yield stay.send("decisions", decided, "discretion-proposed")
    yield stay.send("decisions/1/approval", {}, "discretion-approved", operator="cashier-2")
    late = {"layer": _ELSEWHERE, "amount_fen": 55_00, "reference": "REF1"}
    yield stay.send("settlement/late-amounts", late, "late-amount-delivered")
    yield stay.send("decisions", decided, "discretion-proposed")
    yield stay.send(
        "decisions/2/rejection", {"reason": "不符"}, "discretion-rejected", operator="cashier-2"
    )
    for _ in range(chance.randint(0, 2)):
        yield stay.undo()
        yield stay.settle()


def _one_call(client: str, number: int, person: str, chance: Random) -> list[Sent]:
    stay = _Stay(chance.choice(HOSPITALS), f"{client}-W{number}")
    fen = chance.choice([2_000_00, 9_000_00, 45_000_07])
    charges = {"total_fen": fen, "in_scope_fen": fen - fen // 5}
    made = Sent(
        f"{stay.number}-0",
        stay.hospital,
        "/v1/settlements",
        {
            "person_id": person,
            "hospital_stay_number": stay.number,
            "admission_date": "2023-03-01",
            "discharge_date": "2023-03-09",
            "batches": [{"batch_number": "1", "charges": charges}],
        },
        ("stay-admitted", "fees-recorded", "patient-discharged", "settlement-completed"),
    )
    stay.sent = 1
    return [made, stay.undo()] if chance.random() < 1 / 2 else [made]


def _never_was(client: str, person: str) -> list[Sent]:
    stay = _Stay(HOSPITALS[0], f"{client}-C")
    return [
        stay.admit(person),
        stay.send("admission/cancellation", {"reason": "误登"}, "admission-cancelled"),
        stay.admit(person, again=True),
    ]


class _Stay:
    """One stay's requests, each with the next key."""

    def __init__(self, hospital: str, number: str) -> None:
        self.hospital, self.number, self.sent = hospital, number, 0
        self._path = f"/v1/stays/{stay_id_of(InstitutionId(hospital), number)}"

    def admit(self, person: str, *, again: bool = False) -> Sent:
        body = {
            "person_id": person,
            "hospital_stay_number": self.number,
            "admission_date": "2023-03-01",
        }
        topic = "stay-admitted-again" if again else "stay-admitted"
        return Sent(self._key(), self.hospital, "/v1/stays", body, (topic,))

    def send(
        self, path: str, body: dict[str, Any], topic: str, operator: str = "cashier-1"
    ) -> Sent:
        return Sent(self._key(), self.hospital, f"{self._path}/{path}", body, (topic,), operator)

    def discharge(self) -> Sent:
        return self.send("discharge", {"discharge_date": "2023-03-20"}, "patient-discharged")

    def settle(self) -> Sent:
        return self.send("settlement", {}, "settlement-completed")

    def undo(self) -> Sent:
        return self.send("settlement/reversal", {"reason": "更正"}, "settlement-reversed")

    def _key(self) -> str:
        self.sent += 1
        return f"{self.number}-{self.sent}"
