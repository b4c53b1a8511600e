"""The service as an office uses it that imports owners' lists."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from contracts.vocabulary import CertificateType, DataOwner, MergeReason
from eligibility.adapters.event_store import EventLogStore
from eligibility.application.find_person import UnknownPerson
from eligibility.application.import_list import ListDecisions, ListReport
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import Eligibility, build
from eligibility.domain.certificate import read_certificate
from eligibility.domain.owner_list import ListMode, ListOrder
from eligibility.domain.person import Enrolment, Identity, Person, Window
from eligibility.domain.roster import RejectedRow
from tests.eligibility.conftest import number
from tests.support.people_places import people_settings

ALWAYS = Window(date.min, date.max)
LOW_INCOME = "identity:subsistence_allowance"


def full(
    kinds: tuple[str, ...] = (LOW_INCOME,),
    *,
    until: date = date(2024, 6, 30),
    owner: DataOwner = DataOwner.CIVIL_AFFAIRS,
    region: str = "500112",
) -> ListOrder:
    """A full list."""
    return ListOrder(owner, region, ListMode.FULL, kinds, until)


def changes(owner: DataOwner = DataOwner.CIVIL_AFFAIRS, region: str = "500112") -> ListOrder:
    """A change list."""
    return ListOrder(owner, region, ListMode.CHANGES)


@dataclass
class Office:
    """Imports lists at instants a second apart and asks what is known."""

    data_dir: Path
    now: datetime = datetime(2024, 7, 1, 1, 0, tzinfo=UTC)
    rejected: list[RejectedRow] = field(default_factory=list)
    eligibility: Eligibility = field(init=False)

    def __post_init__(self) -> None:
        self.eligibility = build(people_settings(self.data_dir, master_key=bytes(32)))

    def close(self) -> None:
        """Let go of connections."""
        self.eligibility.close()

    def bring(
        self,
        content: bytes,
        order: ListOrder | None = None,
        *,
        accept_rejected_rows: bool = False,
        confirmed_endings: int | None = None,
    ) -> ListReport:
        """Import a list; a second passes."""
        self.now += timedelta(seconds=1)
        return self.eligibility.import_list(
            io.BytesIO(content),
            order or changes(),
            decisions=ListDecisions(accept_rejected_rows, confirmed_endings),
            acting=ActsFor("O500112", "张"),
            at=self.now,
            take_rejects=self._take,
        )

    def attempt(self, content: bytes, order: ListOrder | None = None) -> ListReport:
        """Try a list out."""
        return self.eligibility.import_list.attempt(
            io.BytesIO(content), order or changes(), take_rejects=self._take
        )

    def facts(self, sequence: int) -> list[tuple[str, date, date | None]]:
        """What is known of a person now: code, first day, last day."""
        person = self.person(sequence)
        if person is None:
            return []
        identities = person.facts_within(Identity, ALWAYS, known_at=self.now)
        enrolments = person.facts_within(Enrolment, ALWAYS, known_at=self.now)
        return [
            *((r.fact.identity, r.fact.valid_from, r.fact.valid_to) for r in identities),
            *((r.fact.scheme.value, r.fact.valid_from, r.fact.valid_to) for r in enrolments),
        ]

    def person(self, sequence: int) -> Person | None:
        """The person with a made-up number, or None."""
        certificate = read_certificate(
            certificate_type=CertificateType.RESIDENT_ID, number=number(sequence)
        )
        try:
            person_id = self.eligibility.find_person(certificate)
        except UnknownPerson:
            return None
        return self.eligibility.log.find(person_id, Person)

    def merge(self, canonical: int, other: int) -> None:
        """Find that two records are one person."""
        self.now += timedelta(seconds=1)
        ids = [each.id for each in map(self.person, (canonical, other)) if each is not None]
        self.eligibility.merge_persons.merge(
            *ids, reason=MergeReason.NUMBER_CHANGED, acting=ActsFor("O500112", "张"), at=self.now
        )

    def together(self, sequence: int) -> list[tuple[str, date, date | None]]:
        """The identities known of a person by all their records together."""
        person = self.person(sequence)
        one = (
            EventLogStore(self.eligibility.log).find_one(person.id) if person is not None else None
        )
        found = one.known().facts_within(Identity, ALWAYS) if one is not None else []
        return [(r.fact.identity, r.fact.valid_from, r.fact.valid_to) for r in found]

    def instants(self) -> set[datetime]:
        """All instants at which anything was recorded."""
        read = self.eligibility.log.read(after=0, limit=100_000)
        return {logged.event.timestamp for logged in read}

    def _take(self, _header: tuple[str, ...], rejected: Iterable[RejectedRow]) -> None:
        self.rejected = list(rejected)
