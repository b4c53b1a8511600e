"""A settlement desk for tests: the real parts, with eligibility played by a list of people."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from contracts.vocabulary import FactKind, PersonId, RecordsChange, RegionCode, Scheme
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.adapters.policy_files import SHIPPED_POLICIES, load_book
from settlement.application.ports import (
    PersonAnswer,
    PersonChange,
    PersonChanges,
    PersonUnknown,
    RecordsJoined,
)
from settlement.bootstrap import Parts, build_parts
from settlement.domain.record import Actor, BenefitsGoOn, EnrolmentUsed, IdentityUsed
from settlement.entrypoints.http.app import create_app
from settlement.law.book import PolicyBook
from settlement.read_models.touched_settlements import SqlTouchedSettlements
from settlement.settings import Settings
from tests.support.signed import signing_client

P1, P2, P3, P9 = (f"0000000a-0000-4000-8000-{n:012d}" for n in (1, 2, 3, 9))
"""People of the stories, by the opaque ids eligibility would give them."""

RECORDED = datetime(2015, 1, 1, tzinfo=UTC)
SAMPLES = Path(__file__).resolve().parents[2] / "services/settlement/samples"


Days = tuple[date, date | None]
"""From one day to another; without an end where there is None."""
Window = tuple[date, date]


@dataclass
class PeopleKnown:
    """Plays eligibility: people enrolled and identified since 2015."""

    people: dict[str, PersonAnswer] = field(default_factory=dict)
    asked: list[tuple[str, date]] = field(default_factory=list)
    windows: list[tuple[date, Window | None]] = field(default_factory=list)
    readers: set[Actor] = field(default_factory=set)
    versions: set[int | None] = field(default_factory=set)
    learned: list[PersonChange | RecordsJoined] = field(default_factory=list)
    same: dict[str, tuple[str, ...]] = field(default_factory=dict)
    same_since: datetime | None = None

    def add(
        self,
        person_id: str,
        *,
        region: str,
        scheme: Scheme = Scheme.RESIDENT,
        identities: tuple[str, ...] = (),
        birth_date: date | None = None,
        held: dict[str, Days] | None = None,
        benefits_to: date | None = None,
    ) -> str:
        """Someone enrolled in a region, with identities; `held` are those with days of their own.

        Identities named alone have been true since 2015. Benefits of those that ended went on
        until `benefits_to`.
        """
        go_on = BenefitsGoOn(benefits_to) if benefits_to else None
        since_2015: dict[str, Days] = dict.fromkeys(identities, (date(2015, 1, 1), None))
        self.people[person_id] = PersonAnswer(
            person_id=PersonId(person_id),
            on=date(2015, 1, 1),
            known_at=RECORDED,
            version=1,
            birth_date=birth_date,
            enrolments=(enrolled(region, scheme),),
            identities=tuple(
                IdentityUsed(identity, first, last, RECORDED, "测试名册", go_on)
                for identity, (first, last) in (since_2015 | (held or {})).items()
            ),
        )
        return person_id

    def correct(
        self,
        person_id: str,
        *,
        kind: FactKind,
        days: Days,
        at: datetime,
        held: dict[str, Days] | None = None,
        enrolments: tuple[EnrolmentUsed, ...] | None = None,
    ) -> None:
        """Eligibility learns at an instant that somebody's identities or enrolments are these."""
        person = self.people[person_id]
        if held is not None:
            used = [IdentityUsed(i, first, last, at, "更正") for i, (first, last) in held.items()]
            person = replace(person, identities=tuple(used))
        if enrolments is not None:
            person = replace(person, enrolments=enrolments)
        self.people[person_id] = replace(person, version=person.version + 1)
        first, last = days
        self.learned.append(
            PersonChange(
                position=len(self.learned) + 1,
                person_id=PersonId(person_id),
                version=person.version + 1,
                kind=kind,
                first_day=first,
                last_day=last,
                recorded_at=at,
            )
        )

    def join(
        self,
        person_id: str,
        other_id: str,
        *,
        kind: RecordsChange,
        at: datetime,
        held: dict[str, Days],
    ) -> None:
        """Two ids become one person's who holds these identities, or two people's who do."""
        together = kind is RecordsChange.MERGED
        self.same = {person_id: (other_id,), other_id: (person_id,)} if together else {}
        version = max(self.people[each].version for each in (person_id, other_id)) + 2
        used = tuple(IdentityUsed(i, *days, at, "归并") for i, days in held.items())
        for each in (person_id, other_id):
            self.people[each] = replace(self.people[each], version=version, identities=used)
        self.learned.append(
            RecordsJoined(
                position=len(self.learned) + 1,
                person_id=PersonId(person_id),
                other_id=PersonId(other_id),
                version=version,
                kind=kind,
                recorded_at=at,
            )
        )

    def changes(self, *, after: int, limit: int) -> PersonChanges:
        """The port."""
        found = tuple(self.learned[after : after + limit])
        reached = after + len(found)
        return PersonChanges(found, reached, has_more=reached < len(self.learned))

    def entitlements(
        self,
        person_id: PersonId,
        *,
        on: date,
        known_at: datetime,
        by: Actor,
        window: Window | None = None,
        version: int | None = None,
    ) -> PersonAnswer:
        """The port."""
        self.readers.add(by)
        self.versions.add(version)
        self.asked.append((person_id, on))
        self.windows.append((on, window))
        if person_id not in self.people:
            raise PersonUnknown(person_id)
        found = self.people[person_id]
        first, last = window or (on, on)
        true = tuple(
            i
            for i in found.identities
            if i.valid_from <= last and first <= (i.counts_to or date.max)
        )
        is_joined = self.same_since is None or known_at >= self.same_since
        joined = self.same.get(person_id, ()) if is_joined else ()
        others = tuple(PersonId(other) for other in joined)
        return replace(
            found,
            on=on,
            known_at=known_at,
            identities=true,
            window=window,
            other_records=others,
        )


def enrolled(region: str, scheme: Scheme = Scheme.RESIDENT) -> EnrolmentUsed:
    """An enrolment since 2015."""
    return EnrolmentUsed(
        region=RegionCode(region),
        scheme=scheme,
        plan="一档",
        valid_from=date(2015, 1, 1),
        valid_to=None,
        recorded_at=RECORDED,
        source="测试名册",
    )


class Ticking:
    """A clock that starts at noon in Shanghai and moves a second at every look."""

    def __init__(self, start: datetime = datetime(2026, 3, 2, 4, tzinfo=UTC)):
        self.instant = start

    def __call__(self) -> datetime:
        self.instant = self.instant.replace(microsecond=(self.instant.microsecond + 1) % 1_000_000)
        return self.instant


@cache
def shipped_book() -> PolicyBook:
    """The shipped policies as a desk finds them, read once: that takes a second."""
    return load_book(SHIPPED_POLICIES, published_only=True)


def open_parts(
    data: Path, *, policies: Path | None = None, reachable: bool = True
) -> tuple[Parts, PeopleKnown]:
    """Real parts on a directory; eligibility is out of reach unless it is played."""
    people = PeopleKnown()
    settings = Settings(data=data, policies=policies, eligibility_url="http://127.0.0.1:9")
    parts = build_parts(settings, Ticking(), book=None if policies else shipped_book())
    return (with_people(parts, people) if reachable else parts), people


def with_people(parts: Parts, people: PeopleKnown | EligibilityHttp) -> Parts:
    """The same parts, asking somebody else who people are."""
    touched = parts.storage.followed(SqlTouchedSettlements, corrections=people)
    # No replica beside people who are played: it would keep silent, as where none is kept.
    return replace(parts, eligibility=people, asked_at_desk=people, touched=touched)


class Desk:
    """A hospital's billing system, speaking HTTP to the application."""

    def __init__(self, parts: Parts, institution: str = "H50011200001"):
        self.parts = parts
        self.http = signing_client(create_app(parts), raise_server_exceptions=False)
        self.institution = institution

    def import_institutions(self) -> None:
        """The sample institutions."""
        content = (SAMPLES / "institutions.csv").read_bytes()
        answer = self.write("/v1/institutions?name=institutions.csv", content=content)
        assert answer.status_code == 200, answer.text

    def write(
        self, path: str, json: Any = None, *, key: str | None = None, content: bytes | None = None
    ) -> Any:
        """A POST with the headers every write carries."""
        headers = {
            "Yizhan-Institution": self.institution,
            "Yizhan-Operator": "cashier-1",
            "Idempotency-Key": key or uuid4().hex,
        }
        if content is not None:
            headers["Content-Type"] = "text/csv"
        return self.http.post(path, json=json, content=content, headers=headers)

    def read(self, path: str) -> Any:
        """A GET."""
        headers = {"Yizhan-Institution": self.institution, "Yizhan-Operator": "cashier-1"}
        return self.http.get(path, headers=headers)

    def discharged(
        self,
        person: str,
        number: str,
        *,
        charges: dict[str, Any],
        circumstances: dict[str, Any] | None = None,
        **dates: str,
    ) -> str:
        """A stay that is ready to settle; returns its id."""
        admission = dates.get("admission", "2023-03-01")
        stay = self.write(
            "/v1/stays",
            {
                "person_id": person,
                "hospital_stay_number": number,
                "admission_date": admission,
                "circumstances": circumstances or {},
            },
        )
        assert stay.status_code == 201, stay.text
        stay_id: str = stay.json()["stay_id"]
        fees = self.write(f"/v1/stays/{stay_id}/fees", {"batch_number": "1", "charges": charges})
        assert fees.status_code == 200, fees.text
        left = self.write(
            f"/v1/stays/{stay_id}/discharge",
            {"discharge_date": dates.get("discharge", "2023-03-10")},
        )
        assert left.status_code == 200, left.text
        return stay_id

    def settle(self, stay_id: str, *, key: str | None = None, **asked: Any) -> Any:
        """Settle, whatever comes out."""
        return self.write(f"/v1/stays/{stay_id}/settlement", asked, key=key)
