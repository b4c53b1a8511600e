"""Random merges, splits, statements, withdrawals and erasures of a few people, asked everywhere.

The oracle keeps one plain list of what was done, and answers by reading it from the beginning,
with the rules of decision 0017 written out again: it knows no version, position or event.
"""

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.vocabulary import (
    CertificateType,
    DataOwner,
    MergeReason,
    SplitReason,
    WithdrawalReason,
)
from eligibility.application.answer_entitlements import EntitlementsAnswer
from eligibility.application.merge_persons import PersonErased
from eligibility.application.ports import ActsFor, ReadBy
from eligibility.bootstrap import Eligibility, build
from eligibility.domain.certificate import Certificate
from eligibility.domain.facts import Disability, Fact
from eligibility.domain.merging import AlreadyMerged, MergeAlreadyUndone, MergeImpossible
from eligibility.domain.person import FactNotKnown
from eligibility.settings import Settings
from tests.eligibility.conftest import number, roster

START = datetime(2023, 7, 1, tzinfo=UTC)
PEOPLE = range(4)
ACTING = ActsFor("O1", "clerk")
DAY = date(2023, 6, 15)
FACTS = [
    Disability(level, first, None)
    for level in (1, 2)
    for first in (date(2023, 6, 1), date(2023, 6, 2))
]
LastSaid = dict[date, tuple[datetime, Fact | None]]
"""The last word of each place and its instant; None where it was withdrawn."""

who, facts = st.sampled_from(PEOPLE), st.sampled_from(FACTS)


@dataclass
class Told:
    """The oracle's list: (instant, what, of whom, more)."""

    lines: list[tuple[datetime, str, int, Any]] = field(default_factory=list)

    def edges(self, at: datetime) -> list[int]:
        """The numbers of the lines of merges that have an effect, as known at an instant."""
        undone = {more for when, what, _, more in self.lines if what == "split" and when <= at}
        return [
            n
            for n, (when, what, _, _) in enumerate(self.lines)
            if what == "merge" and when <= at and n not in undone
        ]

    def group(self, person: int, edges: list[int]) -> list[int]:
        """Who is one person with somebody by these merges, the canonical one first."""
        group = {person}
        for _ in PEOPLE:
            for n in edges:
                pair = {self.lines[n][2], self.lines[n][3]}
                group |= pair if pair & group else set()
        others = [self.lines[n][3] for n in edges if self.lines[n][3] in group]
        return [each for each in group if each not in others] + others

    def facts(self, person: int, at: datetime) -> set[Fact]:
        """What is known of somebody, line by line."""
        edges = self.edges(at)
        group = self.group(person, edges)
        known: dict[int, LastSaid] = {each: {} for each in group}
        together: dict[int, list[int]] = {each: [each] for each in group}
        for n, (when, what, of, more) in enumerate(self.lines):
            if of not in group or when > at:
                continue
            if what == "state":
                for each in together[of]:
                    known[each][more.valid_from] = (when, more)
            elif what == "withdraw":
                for each in together[of]:
                    known[each][more.valid_from] = (when, None)
            elif what == "merge" and n in edges:
                joint = latest_of(known[of], known[more])
                everyone = [*together[of], *together[more]]
                for each in everyone:
                    known[each], together[each] = dict(joint), everyone
        return {fact for _, fact in known[person].values() if fact is not None}


def latest_of(canonical: LastSaid, other: LastSaid) -> LastSaid:
    """Of each place the last word, also that nothing is there; at the same instant, what the
    canonical one says."""
    joint = dict(other)
    for place, (stated, fact) in canonical.items():
        if place not in joint or joint[place][0] <= stated:
            joint[place] = (stated, fact)
    return joint


class OnePersonMachine(RuleBasedStateMachine):
    """The real service on a folder of its own, beside the oracle."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="yizhan-one-person-")
        self.now = START
        self.service: Eligibility = build(Settings(Path(self.folder.name), master_key=bytes(32)))
        rows = [f"居民身份证,{number(n)},样例{n},,,,,421022,居民,,2015-01-01," for n in PEOPLE]
        staged = self.service.stage_roster.stage(roster(*rows), at=self.now)
        self.service.activate_roster(
            staged.roster_id, accept_rejected_rows=False, acting=ACTING, at=self.now
        )
        self.ids: list[UUID] = [
            self.service.find_person(Certificate(CertificateType.RESIDENT_ID, number(n)))
            for n in PEOPLE
        ]
        self.told = Told()
        self.certificates = dict.fromkeys(PEOPLE, 0)
        self.erased: set[int] = set()
        self.answered: list[tuple[int, EntitlementsAnswer]] = []

    def teardown(self) -> None:
        """The folder goes."""
        self.service.log.close()
        self.folder.cleanup()

    def ask(
        self, person: int, known_at: datetime, version: int | None = None
    ) -> EntitlementsAnswer:
        """Who is it on the day, as known then?"""
        return self.service.answer_entitlements(
            self.ids[person],
            on=DAY,
            known_at=known_at,
            version=version,
            by=ReadBy(self.now, "test", ACTING),
        )

    def group(self, person: int) -> list[int]:
        """Who is one person with somebody now."""
        return self.told.group(person, self.told.edges(self.now))

    @rule(pause=st.integers(1, 2))
    def time_passes(self, pause: int) -> None:
        """Everything is answered for the instant that ends, then time goes on."""
        self.answered += [(person, self.ask(person, self.now)) for person in PEOPLE]
        self.now += timedelta(seconds=pause)

    @rule(person=who, fact=facts)
    def state(self, person: int, fact: Disability) -> None:
        """A fact is stated under one of the ids."""
        made = self.service.state_facts.state(
            self.ids[person], [fact], owner=DataOwner.HEALTH, acting=ACTING, at=self.now
        )
        if made.counts.stated:
            self.told.lines.append((self.now, "state", person, fact))
        assert fact in self.told.facts(person, self.now)
        assert made.version == self.ask(person, self.now).version

    @rule(person=who, fact=facts)
    def withdraw(self, person: int, fact: Disability) -> None:
        """What stands is withdrawn, in every record of the person in which it does."""
        stands = fact in self.told.facts(person, self.now)
        own = {each: self.own(each) for each in self.group(person)}
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
            assert not stands
            return
        assert stands
        for each, known in own.items():
            if fact in known:
                self.told.lines.append((self.now, "withdraw", each, fact))

    def own(self, person: int) -> set[Fact]:
        """What one record says by itself."""
        lines = [each for each in self.told.lines if each[1] in ("state", "withdraw")]
        return Told([each for each in lines if each[2] == person]).facts(person, self.now)

    @rule(into=who, other=who)
    def merge(self, into: int, other: int) -> None:
        """Two records are found to be one person, where that can be."""
        edges = [self.told.lines[n] for n in self.told.edges(self.now)]
        taken = {other for _, _, _, other in edges}
        refused: type[Exception] | None = None
        if into == other:
            refused = MergeImpossible
        elif taken & {into, other}:
            refused = AlreadyMerged
        elif self.erased & {into, other}:
            refused = PersonErased
        try:
            made = self.service.merge_persons.merge(
                self.ids[into],
                self.ids[other],
                reason=MergeReason.REGISTERED_TWICE,
                acting=ACTING,
                at=self.now,
            )
        except (MergeImpossible, AlreadyMerged, PersonErased) as error:
            named: type[Exception] | None = type(error)
        else:
            named = None
        assert named is refused
        if named is not None:
            return
        self.told.lines.append((self.now, "merge", into, other))
        assert made.version == self.ask(into, self.now).version

    @precondition(lambda self: any(line[1] == "merge" for line in self.told.lines))
    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        """Any merge is undone, also one that was."""
        merges = [n for n, line in enumerate(self.told.lines) if line[1] == "merge"]
        n = data.draw(st.sampled_from(merges))
        into = self.told.lines[n][2]
        nth = [m for m in merges if self.told.lines[m][2] == into].index(n) + 1
        in_effect = n in self.told.edges(self.now)
        try:
            self.service.merge_persons.undo(
                self.ids[into],
                nth,
                reason=SplitReason.FOUND_TO_BE_TWO,
                acting=ACTING,
                at=self.now,
            )
        except MergeAlreadyUndone:
            assert not in_effect
            return
        assert in_effect
        self.told.lines.append((self.now, "split", into, n))

    @rule(person=who)
    def add_a_certificate(self, person: int) -> None:
        """A passport, unless the person is erased; it finds the canonical record."""
        self.certificates[person] += 1
        passport = Certificate(
            CertificateType.PASSPORT, f"EA{person}{self.certificates[person]:06d}"
        )
        try:
            self.service.add_certificate(self.ids[person], passport, acting=ACTING, at=self.now)
        except PersonErased:
            assert person in self.erased
            return
        assert person not in self.erased
        assert self.service.find_person(passport) == self.ids[self.group(person)[0]]

    @rule(person=who)
    def erase(self, person: int) -> None:
        """All records of the person lose their keys; nothing else changes."""
        gone = self.service.erase_person(self.ids[person])
        assert list(gone) == [self.ids[each] for each in self.group(person)]
        self.erased |= set(self.group(person))

    @invariant()
    def every_answer_is_the_oracles(self) -> None:
        """Now, of everybody: the facts, and which ids are meant."""
        for person in PEOPLE:
            answer = self.ask(person, self.now)
            assert {each.fact for each in answer.disabilities} == self.told.facts(person, self.now)
            assert [self.ids.index(each) for each in answer.person_ids] == self.group(person)

    @invariant()
    def nothing_recorded_later_changes_an_earlier_answer(self) -> None:
        """Asked again with instant and version; the personal data alone may be erased since."""
        for person, first in self.answered[-12:]:
            again = self.ask(person, first.known_at, first.version)
            assert (again.facts, again.person_ids) == (first.facts, first.person_ids)
            later = self.ask(person, first.known_at)
            assert (later.facts, later.person_ids) == (first.facts, first.person_ids)


TestOnePerson = OnePersonMachine.TestCase
TestOnePerson.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    suppress_health_check=list(HealthCheck),
)
