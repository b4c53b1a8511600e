"""Both services as one town has them (两个服务), eligibility's line cut or mended at will."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx

from eligibility.entrypoints.publish import PeopleFeed
from kafka_edge.listener import Received, Span
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.application.ask_when_down import AskWhenDown, ReplicaRules
from settlement.application.check_replica import ReplicaState, check_replica
from settlement.application.recheck_replica import Rechecked, recheck_replica
from settlement.application.verify_ledger import verify_ledger
from settlement.bootstrap import Parts, build_parts
from settlement.entrypoints.listen import RECHECKER, PeopleTopic
from settlement.read_models.touched_settlements import SqlTouchedSettlements
from settlement.settings import Settings
from tests.eligibility.conftest import Desk as Office
from tests.eligibility.conftest import number
from tests.support.settlement_desk import Desk
from tests.support.small_policies import REGION, layer_text, policy_text, write_book
from tests.support.storages import settings_on

LAW = policy_text(
    layer_text(
        "base: total\n"
        "rate: {choose: [{when: {identity: 低保对象}, value: 90%}, {otherwise: 60%}]}\n"
        "caps: [{per: year, of: payment, amount: 1500}]\n"
    ),
    more="corrections: {underpaid: to_patient, overpaid: leave}\n",
)
BILL = {"total_fen": 1_000_00}
TOPIC = "people"


@dataclass
class Line:
    """The line to eligibility (线路); what goes over it is real."""

    client: Any
    is_cut: bool = False
    asked: int = 0
    fault: httpx.Response | None = None

    def get(self, path: str, **asked: Any) -> httpx.Response:
        """A question, which is lost where the line is cut."""
        self.asked += 1
        if self.is_cut:
            raise httpx.ConnectError("cut")
        if self.fault is not None:
            return self.fault
        answer: httpx.Response = self.client.get(path, **asked)
        return answer


@dataclass
class Town:
    """An office of eligibility, a hospital's desk, and the replica between them."""

    office: Office
    parts: Parts
    line: Line
    settings: Settings
    sent: int = 0
    offset: int = 0
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = Desk(self.parts)

    def enrol(self, *people: int, identity: str = "") -> None:
        """People of these numbers are enrolled in the county, perhaps with an identity."""
        since = "2023-01-01" if identity else ""
        self.office.bring(
            *(
                f"居民身份证,{number(n)},样例,1970-01-01,{identity},{since},,{REGION},居民,一档,2015-01-01,"
                for n in people
            )
        )

    def tell(self) -> None:
        """Everything new reaches the replica."""
        feed = PeopleFeed(self.office.eligibility)
        while (page := feed.page(self.sent)).reached > self.sent:
            self.take([each.value for each in page.messages])
            self.sent = page.reached

    def take(self, values: Sequence[bytes]) -> None:
        """Records reach the replica."""
        if not values:
            return
        first, self.offset = self.offset, self.offset + len(values)
        records = [Received(first + at, value) for at, value in enumerate(values)]
        PeopleTopic(self.parts.replica.people).take(TOPIC, 0, records, Span(first, self.offset))

    def check(self) -> bool:
        """The replica is held against eligibility's list of changes; whether it is complete."""
        return self.state() is ReplicaState.COMPLETE

    def state(self) -> ReplicaState:
        """What holding it against the list finds."""
        corrections = EligibilityHttp(self.line)  # type: ignore[arg-type]  # what it needs of one
        return check_replica(self.parts.replica.people, corrections, at=self.office.now)

    def pass_time(self, **span: float) -> None:
        """The clock of both moves on."""
        self.office.now += timedelta(**span)

    def whole_stay(self, person_id: str, stay_number: str) -> Any:
        """A stay in one call, whatever is answered."""
        self.pass_time(seconds=1)
        stay = {
            "person_id": person_id,
            "hospital_stay_number": stay_number,
            "admission_date": "2023-06-01",
            "discharge_date": "2023-06-10",
            "batches": [{"batch_number": "1", "charges": BILL}],
        }
        return self.desk.write("/v1/settlements", stay)

    def settled(self, person_id: str, stay_number: str) -> Any:
        """Its statement, settled."""
        answer = self.whole_stay(person_id, stay_number)
        assert answer.is_success, answer.text
        return answer.json()

    def recheck(self) -> Rechecked:
        """Eligibility is asked again."""
        replica = self.parts.replica
        return recheck_replica(
            replica.answers,
            ledger=self.parts.ledger,
            eligibility=self.parts.eligibility,
            by=RECHECKER,
            at=self.office.now,
        )

    def listed(self, **asked: str) -> list[Any]:
        """What the replica answered for, as an office sees it."""
        found: list[Any] = self.desk.http.get(
            "/v1/replica-settlements", params=asked, headers=HEADERS
        ).json()["settlements"]
        return found

    def discrepancies(self) -> tuple[object, ...]:
        """What verification finds."""
        return verify_ledger(
            self.parts.ledger, self.parts.laws, fund_books=self.parts.fund_account
        ).discrepancies


HEADERS = {"Yizhan-Institution": "A990103", "Yizhan-Operator": "officer-1"}


@contextmanager
def town_on(kind: str, folder: Path, *, law: str = LAW) -> Iterator[Town]:
    """A town whose ledger and replica are kept in files or on PostgreSQL."""
    office = Office(folder / "eligibility")
    settings = replace(
        settings_on(kind, folder / "settlement"), policies=write_book(folder / "law", law)
    )

    def clock() -> datetime:
        return office.now

    parts = build_parts(settings, clock)
    line = Line(office.client)
    http = EligibilityHttp(line)  # type: ignore[arg-type]  # what it needs of one
    asked = AskWhenDown(http, parts.replica.people, clock=clock, rules=ReplicaRules())
    touched = parts.storage.followed(SqlTouchedSettlements, corrections=http)
    parts = replace(parts, eligibility=http, asked_at_desk=asked, touched=touched)
    with office.client:
        town = Town(office, parts, line, settings)
        town.desk.import_institutions()
        yield town
    parts.storage.close()
