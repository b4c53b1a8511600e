"""Whatever was recorded of whom, the replica answers what eligibility answers: any day, any window.

Three people are stated, corrected, withdrawn, merged and split at random. What the publisher would
send reaches the replica by several partitions, read at different paces, some of it twice.
"""

import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

import kafka_edge.feed
from contracts.vocabulary import (
    CertificateType,
    DataOwner,
    MergeReason,
    PersonId,
    Scheme,
    SplitReason,
    WithdrawalReason,
)
from eligibility.application.ports import ActsFor
from eligibility.bootstrap import build
from eligibility.domain.certificate import Certificate
from eligibility.domain.facts import BenefitsAfterEnd, Disability, Enrolment, Fact, Identity
from eligibility.domain.merging import AlreadyMerged, MergeAlreadyUndone, MergeImpossible
from eligibility.domain.person import FactNotKnown
from eligibility.entrypoints.http.app import create_app
from eligibility.entrypoints.publish import PeopleFeed
from eligibility.settings import Settings
from eventlog.sqlite_engine import open_engine
from kafka_edge.listener import Received, Span
from settlement.adapters.eligibility_http import EligibilityHttp
from settlement.application.answer_from_replica import answer_from_replica
from settlement.application.check_replica import ReplicaState, check_replica
from settlement.application.ports import PersonAnswer
from settlement.domain.record import Actor
from settlement.entrypoints.listen import PeopleTopic
from settlement.read_models.people_replica import SqlPeopleReplica
from tests.eligibility.conftest import number, roster
from tests.replica.told_changes import told_event_by_event, told_in_pages
from tests.support.signed import signing_client

START = datetime(2023, 7, 1, tzinfo=UTC)
PEOPLE = range(3)
PARTITIONS = 2
TOPIC = "people"
ACTING = ActsFor("O1", "clerk")
READER = Actor(operator="cashier-1", institution_id="H1")  # type: ignore[arg-type]  # an id
FIRST = date(2023, 6, 1)

WHAT = (
    *["state"] * 4,
    *["withdraw", "split", "certificate"],
    *["merge", "publish", "listen"] * 2,
    # Often: what is told is what is known by then, and hides what was not told before.
    *["ask"] * 6,
)
who = st.sampled_from(PEOPLE)
days = st.integers(0, 8).map(lambda n: FIRST + timedelta(days=n))
lasts = st.one_of(st.none(), days)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """An identity, an enrolment, or a fact that no settlement asks about."""
    first = draw(days)
    last = draw(st.one_of(st.none(), st.integers(0, 4).map(lambda n: first + timedelta(days=n))))
    kind = draw(st.sampled_from(["identity", "identity", "enrolment", "disability"]))
    if kind == "disability":
        return Disability(draw(st.integers(1, 4)), first, last)
    if kind == "enrolment":
        waiting_to = draw(st.sampled_from([None, first]))
        plan = draw(st.sampled_from(["一档", None]))
        region = draw(st.sampled_from(["421022", "500112"]))
        return Enrolment(region, Scheme.RESIDENT, plan, first, last, waiting_to=waiting_to)
    after = None
    if last is not None:
        until = st.integers(1, 4).map(lambda n: last + timedelta(days=n))
        after = draw(st.one_of(st.none(), st.builds(BenefitsAfterEnd, st.one_of(st.none(), until))))
    identity = draw(st.sampled_from(["subsistence_allowance", "orphan"]))
    return Identity(identity, first, last, after)


class Replicated(RuleBasedStateMachine):
    """Eligibility on a folder of its own, and a replica that is told by its publisher's pages."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="yizhan-replicated-")
        self.now = START
        self.service = build(Settings(Path(self.folder.name), master_key=bytes(32)))
        self.client: TestClient = signing_client(create_app(self.service, clock=lambda: self.now))
        self.http = EligibilityHttp(self.client)
        rows = [f"居民身份证,{number(n)},样例{n},,,,,421022,居民,,2015-01-01," for n in PEOPLE]
        staged = self.service.stage_roster.stage(roster(*rows), at=self.now)
        self.service.activate_roster(
            staged.roster_id, accept_rejected_rows=False, acting=ACTING, at=self.now
        )
        self.ids: list[UUID] = [
            self.service.find_person(Certificate(CertificateType.RESIDENT_ID, number(n)))
            for n in PEOPLE
        ]
        self.replica = SqlPeopleReplica(open_engine(Path(self.folder.name) / "replica.sqlite"))
        self.replica.create_tables()
        self.topic = PeopleTopic(self.replica)
        self.published = 0
        self.sent: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
        self.merges: list[tuple[int, int]] = []
        self.certificates = 0

    def teardown(self) -> None:
        """In the end everything is alike, and what everybody was told; then the folder goes."""
        try:
            told = told_event_by_event(self.service)
            assert all(told_in_pages(self.service, size) == told for size in (1, 3, 4_000))
            for n in (0, 4):
                self.ask(FIRST + timedelta(days=n), FIRST + timedelta(days=n), n)
        finally:
            self.close()

    def close(self) -> None:
        """The folder goes."""
        self.service.log.close()
        self.folder.cleanup()

    def state(self, person: int, fact: Fact) -> None:
        """Something is stated, or corrected."""
        self.now += timedelta(seconds=1)
        self.service.state_facts.state(
            self.ids[person], [fact], owner=DataOwner.HEALTH, acting=ACTING, at=self.now
        )

    def withdraw(self, person: int, data: st.DataObject) -> None:
        """Something that stands never was."""
        one = self.service.state_facts._store.find_one(self.ids[person])
        assert one is not None
        standing = [each.fact for each in one.known().standing.values()]
        if not standing:
            return
        self.now += timedelta(seconds=1)
        fact = data.draw(st.sampled_from(standing))
        try:
            self.service.state_facts.withdraw(
                self.ids[person],
                [fact],
                reason=WithdrawalReason.ENTERED_BY_MISTAKE,
                owner=DataOwner.HEALTH,
                acting=ACTING,
                at=self.now,
            )
        except FactNotKnown:
            return

    def merge(self, into: int, other: int) -> None:
        """Two records are one person, where that can be."""
        self.now += timedelta(seconds=1)
        try:
            made = self.service.merge_persons.merge(
                self.ids[into],
                self.ids[other],
                reason=MergeReason.REGISTERED_TWICE,
                acting=ACTING,
                at=self.now,
            )
        except (MergeImpossible, AlreadyMerged):
            return
        self.merges.append((into, made.number))

    def split(self, data: st.DataObject) -> None:
        """Any merge is undone."""
        if not self.merges:
            return
        into, nth = data.draw(st.sampled_from(self.merges))
        self.now += timedelta(seconds=1)
        try:
            self.service.merge_persons.undo(
                self.ids[into],
                nth,
                reason=SplitReason.FOUND_TO_BE_TWO,
                acting=ACTING,
                at=self.now,
            )
        except MergeAlreadyUndone:
            return

    def add_a_certificate(self, person: int) -> None:
        """Nothing that anybody is told of but the version."""
        self.now += timedelta(seconds=1)
        self.certificates += 1
        passport = Certificate(CertificateType.PASSPORT, f"EA{self.certificates:07d}")
        self.service.add_certificate(self.ids[person], passport, acting=ACTING, at=self.now)

    def publish(self, page: int) -> None:
        """The publisher sends a page, by whose key it goes to a partition."""
        before = kafka_edge.feed.EVENTS_A_PAGE
        kafka_edge.feed.EVENTS_A_PAGE = page
        try:
            found = PeopleFeed(self.service).page(self.published)
        finally:
            kafka_edge.feed.EVENTS_A_PAGE = before
        assert found.stopped is None
        self.published = found.reached
        for each in found.messages:
            self.sent[self.ids.index(UUID(each.key.decode())) % PARTITIONS].append(each.value)

    def listen(self, partition: int, back: int, n: int) -> None:
        """Some records of a partition are taken, the last of those before perhaps once more."""
        following = self.topic.next_offset(TOPIC, partition)
        first = max(0, following - back)
        values = self.sent[partition][first : following + n]
        if values:
            records = [Received(first + at, value) for at, value in enumerate(values)]
            span = Span(first, first + len(values))
            self.topic.take(TOPIC, partition, records, span)

    @rule(data=st.data())
    def happen(self, data: st.DataObject) -> None:
        """One thing, drawn by weight: with a rule each, merges would be too rare to matter."""
        person = data.draw(who)
        match data.draw(st.sampled_from(WHAT)):
            case "state":
                self.state(person, data.draw(facts()))
            case "withdraw":
                self.withdraw(person, data)
            case "merge":
                self.merge(person, data.draw(who))
            case "split":
                self.split(data)
            case "certificate":
                self.add_a_certificate(person)
            case "publish":
                self.publish(data.draw(st.integers(1, 4)))
            case "listen":
                partition = data.draw(st.sampled_from(range(PARTITIONS)))
                self.listen(partition, data.draw(st.integers(0, 2)), data.draw(st.integers(1, 5)))
            case _:
                self.ask(data.draw(days), data.draw(lasts), data.draw(st.integers(0, 3)))

    def catch_up(self) -> None:
        """Everything is sent and taken."""
        last = self.service.log.last_position()
        while self.published < last:
            self.publish(4)
        for partition in range(PARTITIONS):
            self.listen(partition, 0, len(self.sent[partition]))

    def ask(self, on: date, first: date | None, length: int) -> None:
        """However far it came, what it says was so; caught up, everybody is answered alike."""
        self.says_what_was_so()
        self.catch_up()
        assert check_replica(self.replica, self.http, at=self.now) is ReplicaState.COMPLETE
        window = None if first is None else (first, first + timedelta(days=length))
        for person_id in map(str, self.ids):
            assert self.by_replica(person_id, on, window) == self.by_http(person_id, on, window)

    def by_http(
        self, person_id: str, on: date, window: tuple[date, date] | None, version: int | None = None
    ) -> PersonAnswer:
        """Eligibility's own answer, without the birth date."""
        answer = self.http.entitlements(
            PersonId(person_id), on=on, known_at=self.now, by=READER, window=window, version=version
        )
        return replace(answer, birth_date=None)

    def by_replica(
        self, person_id: str, on: date, window: tuple[date, date] | None
    ) -> PersonAnswer:
        """The replica's, but for saying so."""
        answer = answer_from_replica(
            self.replica,
            PersonId(person_id),
            on=on,
            known_at=self.now,
            window=window,
            version=None,
            oldest=timedelta(hours=1),
        )
        assert answer.replica is not None
        assert answer.replica.complete_at == self.now
        return replace(answer, replica=None)

    def says_what_was_so(self) -> None:
        """However far it is behind, asked with its version eligibility answers the same; and it
        never counts as complete while something is missing."""
        for person_id in map(str, self.ids):
            kept = self.replica.find(PersonId(person_id))
            if kept is None:
                continue
            was = self.replica.checked()
            self.replica.note_checked(was, was.position, mark=was.mark, complete_at=self.now)
            again = self.by_http(person_id, FIRST, None, version=kept.version)
            assert self.by_replica(person_id, FIRST, None) == again
        if check_replica(self.replica, self.http, at=self.now) is ReplicaState.COMPLETE:
            for person_id in map(str, self.ids):
                assert self.by_replica(person_id, FIRST, None) == replace(
                    self.by_http(person_id, FIRST, None),
                    version=self.by_replica(person_id, FIRST, None).version,
                )


TestReplicated = Replicated.TestCase
TestReplicated.settings = settings(
    # Without shrinking: each step is a service at work, and what failed is told in a few lines.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    max_examples=10,
    stateful_step_count=15,
    suppress_health_check=list(HealthCheck),
)
