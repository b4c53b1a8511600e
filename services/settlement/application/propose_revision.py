"""Proposing a revision (提议追溯更正): who is touched, and what each settlement would come to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from uuid import UUID

from contracts.vocabulary import InstitutionId, RegionCode
from settlement.application.episodes import TransferUnfit
from settlement.application.find_revisable import (
    GroundInBook,
    NotRevisable,
    kinds_of_ground,
)
from settlement.application.find_settlements import (
    SettlementIndex,
    SettlementStatus,
    Wanted,
    every_settlement,
)
from settlement.application.find_stay import hospital_acting
from settlement.application.law_library import LawLibrary, LawMissing
from settlement.application.law_of_part import PartsUnstated
from settlement.application.list_touched import TouchedSettlements
from settlement.application.person_in_ledger import PersonInLedger, unless_moved
from settlement.application.ports import Accept, Eligibility, Ledger, Overtaken, PersonUnknown
from settlement.application.prepare_settlement import (
    EnrolmentAmbiguous,
    InWaitingPeriod,
    NotEnrolled,
)
from settlement.application.rederive_later import (
    CorrectionsUnstated,
    Later,
    LaterNotRederivable,
    every_settlement_of,
)
from settlement.application.retrying import when_overtaken
from settlement.application.revise_person import (
    RestsOn,
    part_of,
)
from settlement.domain.law_text import LawText, law_text_id
from settlement.domain.record import Actor
from settlement.domain.revised_parts import PersonLeftOut, RevisionAsked, RevisionKind, RevisionPart
from settlement.domain.revision import Revision
from settlement.domain.stay import Stay
from settlement.law.book import BOOK_REFUSALS, PolicyBook
from settlement.law.regions import regions_above

NOT_REVISED = (
    *BOOK_REFUSALS,
    LaterNotRederivable,
    CorrectionsUnstated,
    LawMissing,
    NotRevisable,
    PartsUnstated,
    TransferUnfit,
    NotEnrolled,
    EnrolmentAmbiguous,
    InWaitingPeriod,
    PersonUnknown,
)
"""Why a person's settlements cannot be revised."""

_PAGE = 200


@dataclass(frozen=True)
class ProposeRevision:
    """The command, given on the business day `proposed_on`."""

    asked: RevisionAsked
    proposed_on: date
    by: Actor
    at: datetime


@dataclass(frozen=True)
class RevisionSources:
    """Where a revision is looked for (更正所据): what was settled, who people are, and the law."""

    ledger: Ledger
    laws: LawLibrary
    book: PolicyBook
    eligibility: Eligibility
    index: SettlementIndex
    touched: TouchedSettlements


def propose_revision(
    command: ProposeRevision, *, sources: RevisionSources, accept: Accept
) -> Revision:
    """Propose to revise every settlement of the scope that would be another; no money moves.

    A hospital proposes for its own settlements, an office for all. Raises NothingToRevise,
    EligibilityUnreachable, LedgerIncomplete, Overtaken.
    """

    def decide() -> Revision:
        search = _Search(command, sources)
        parts, left_out = search.run()
        numbered = tuple(replace(p, part=n) for n, p in enumerate(parts, start=1))
        revision = Revision.propose(
            number=_new_number(sources, command.proposed_on.year) if numbered else "",
            asked=command.asked,
            parts=numbered,
            left_out=tuple(left_out),
            by=command.by,
            at=command.at,
        )
        laws = search.new_texts(numbered)
        sources.ledger.save(revision, *laws, receipt=accept(revision))
        return revision

    return when_overtaken(decide)


def _new_number(sources: RevisionSources, year: int) -> str:
    """A revision's number (更正编号): the year, and a serial that is never used again; before them
    the region of the shard, where there are other ledgers with serials of their own."""
    shard = sources.book.shard
    ledger = f"{shard.code}-" if shard else ""
    return f"GZ-{ledger}{year}-{sources.ledger.next_serial(f'revision/{year}'):06d}"


class _Search:
    """One search through a scope, person by person."""

    def __init__(self, command: ProposeRevision, sources: RevisionSources):
        self._command = command
        self._sources = sources
        self._asked = command.asked
        self._grounds = kinds_of_ground(
            command.asked.kind,
            book=sources.book,
            laws=sources.laws,
            eligibility=sources.eligibility,
            known_at=command.at,
            by=command.by,
        )
        self._laws = sources.laws
        if isinstance(self._grounds, GroundInBook):
            self._laws = sources.laws.along_with(sources.book.policies)

    def run(self) -> tuple[list[RevisionPart], list[PersonLeftOut]]:
        """Everybody's part, and who is left out."""
        wanted = dict(self._wanted())
        done: set[str] = set()
        parts: list[RevisionPart] = []
        left_out: list[PersonLeftOut] = []
        for number, stay_id in wanted.items():
            if number in done:
                continue
            found, seen = when_overtaken(partial(self._person, stay_id, number, wanted))
            done |= seen
            if isinstance(found, RevisionPart):
                parts.append(found)
            elif found is not None:
                left_out.append(found)
        return parts, left_out

    def new_texts(self, parts: Iterable[RevisionPart]) -> list[LawText]:
        """The text of each version that comes to be right, unless the ledger holds it."""
        fingerprints = dict.fromkeys(
            line.fingerprint_after for part in parts for line in part.lines if line.is_revised
        )
        return [
            LawText.adopt(self._laws.cascade(each).policy, at=self._command.at)
            for each in fingerprints
            if self._sources.ledger.find(law_text_id(each), LawText) is None
        ]

    def _person(
        self, stay_id: UUID, number: str, wanted: dict[str, UUID]
    ) -> tuple[RevisionPart | PersonLeftOut | None, set[str]]:
        """A person's part, and the numbers that were looked at."""
        stay = self._sources.ledger.find(stay_id, Stay)
        settlement = stay.current_settlement if stay else None
        if stay is None or settlement is None or settlement.number != number:
            return None, {number}  # undone since the index was read
        person = PersonInLedger(self._sources.ledger, stay)
        with unless_moved(person):
            sequence = tuple(every_settlement_of(settlement.inputs.eligibility, person))
        own = [later for later in sequence if later.settlement.number in wanted]
        seen = {number, *(later.settlement.number for later in own)}
        found: RevisionPart | PersonLeftOut | None
        try:
            found = self._part(sequence, own, person)
        except NOT_REVISED as refusal:
            found = PersonLeftOut(
                stay.person_id, tuple(each.settlement.number for each in own), str(refusal)
            )
        if not person.is_as_loaded():
            raise Overtaken
        return found, seen

    def _part(
        self, sequence: tuple[Later, ...], own: list[Later], person: PersonInLedger
    ) -> RevisionPart | None:
        grounds = self._grounds_of(own)
        if not grounds:
            return None
        return part_of(sequence, grounds, person=person, laws=self._laws)

    def _grounds_of(self, own: list[Later]) -> dict[str, RestsOn]:
        found = ((later, self._grounds.ground_now(later)) for later in own)
        return {later.settlement.number: ground for later, ground in found if ground}

    def _wanted(self) -> Iterator[tuple[str, UUID]]:
        """The settlements of the scope that count, in the ledger's order."""
        scope = self._asked.scope
        institution_id = hospital_acting(self._sources.ledger, self._command.by)
        if self._asked.kind is RevisionKind.IDENTITY and not (scope.numbers or scope.person_ids):
            touched = set(self._touched_numbers(institution_id))
            if not touched:
                return
            scope = replace(scope, numbers=tuple(touched))
        searches = [
            Wanted(
                number=number,
                person_ids=scope.person_ids or None,
                institution_id=institution_id,
                status=SettlementStatus.SETTLED,
            )
            for number in (scope.numbers or (None,))
        ]
        for search in searches:
            for found in every_settlement(search, index=self._sources.index):
                above = regions_above(RegionCode(found.region))
                if (
                    scope.region in (None, *above)
                    and scope.scheme in (None, found.scheme)
                    and scope.covers_day(admission=found.admission, discharge=found.discharge)
                ):
                    yield found.number, UUID(found.stay_id)

    def _touched_numbers(self, institution_id: InstitutionId | None) -> Iterator[str]:
        after, has_more = 0, True
        while has_more:
            page = self._sources.touched.candidates(
                after=after, limit=_PAGE, institution_id=institution_id
            )
            yield from (candidate.number for candidate in page)
            has_more = len(page) == _PAGE
            after = page[-1].position if page else after
