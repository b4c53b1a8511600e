"""What an office's server said becomes a person's facts (联机陈述): the same for answer and change.

Only this server's own words are ended or withdrawn by its silence; what files and other offices
said stands, unless the server says something else of that place outright.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.vocabulary import NoAnswerReason, WithdrawalReason
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.facts import Fact, Identity
from eligibility.domain.impossible_facts import FactImpossible, refuse_impossible
from eligibility.domain.local_identities import LocalIdentities, UnknownIdentity
from eligibility.domain.one_person import OnePerson
from eligibility.domain.online_facts import PlaceOfKind, place_of
from eligibility.domain.owner_answers import OwnerAnswers, Touched
from eligibility.domain.person import Person
from eligibility.domain.roster import disagree


class OnlineRefused(Exception):
    """What a server said cannot be taken for a fact (联机答复不可用); nothing of it is recorded."""

    def __init__(self, reason: NoAnswerReason) -> None:
        super().__init__(reason.label)
        self.reason = reason


@dataclass(frozen=True)
class OnlineCounts:
    """What a server's words changed (联机变动统计)."""

    stated: int = 0
    withdrawn: int = 0

    @property
    def changed(self) -> bool:
        """Whether anything became different."""
        return bool(self.stated or self.withdrawn)

    def __add__(self, other: "OnlineCounts") -> "OnlineCounts":
        """Both together."""
        return OnlineCounts(self.stated + other.stated, self.withdrawn + other.withdrawn)


def require_sound(facts: Iterable[Fact], identities: LocalIdentities) -> None:
    """Let facts pass that can be true and name known identities, each place once.

    Raises `OnlineRefused`.
    """
    said: set[PlaceOfKind] = set()
    for fact in facts:
        if place_of(fact) in said:
            raise OnlineRefused(NoAnswerReason.CONTRADICTORY)
        said.add(place_of(fact))
        try:
            refuse_impossible(fact)
            if isinstance(fact, Identity):
                identities.require_known(fact.identity)
        except FactImpossible:
            raise OnlineRefused(NoAnswerReason.IMPOSSIBLE_FACT) from None
        except UnknownIdentity:
            raise OnlineRefused(NoAnswerReason.UNKNOWN_IDENTITY) from None


def require_same_person(
    known: PersonalData, certificates: Container[Certificate], said: PersonalData
) -> None:
    """Let somebody pass who bears the name we know and one of the person's certificates.

    Raises `OnlineRefused`.
    """
    if said.certificate not in certificates or disagree(known, said):
        raise OnlineRefused(NoAnswerReason.ANOTHER_PERSON)


@dataclass(frozen=True)
class OnlineStatements:
    """States what a server's words come to, at one instant, under one source (联机陈述)."""

    source: str
    source_start: str
    at: datetime

    def state(
        self,
        one: OnePerson,
        record: Person,
        answers: OwnerAnswers,
        touched: Touched,
        *,
        reason: WithdrawalReason | None = None,
    ) -> OnlineCounts:
        """Bring the touched places to what the server's words about one of the records come to.

        At places said outright its word replaces anybody's, in whichever record that stands;
        elsewhere it ends its own alone. Raises `RecordedBackwards`.
        """
        stated = withdrawn = 0
        for place in sorted(touched.places):
            holds = answers.holds_at(place)
            if place in touched.outright and holds is not None:
                again = one.says_otherwise(holds)
                stated += record.state(holds, source=self.source, at=self.at, again=again)
                continue
            known = one.standing_now().get(place)
            if known is None or not self._is_own(one, place, known.fact):
                continue
            if holds is None:
                self._withdraw(one, known.fact, reason or WithdrawalReason.NEVER_GRANTED)
                withdrawn += 1
            elif self._says(record, place):
                stated += record.state(holds, source=self.source, at=self.at)
        return OnlineCounts(stated, withdrawn)

    def _is_own(self, one: OnePerson, place: PlaceOfKind, fact: Fact) -> bool:
        """Whether a fact that stands for the person is this server's in all records saying it."""
        return all(self._says(each, place) for each in one.records_saying(fact))

    def _says(self, record: Person, place: PlaceOfKind) -> bool:
        known = record.standing().get(place)
        return known is not None and known.source.startswith(self.source_start)

    def _withdraw(self, one: OnePerson, fact: Fact, reason: WithdrawalReason) -> None:
        for each in one.records_saying(fact):
            each.withdraw(fact, reason=reason, source=self.source, at=self.at)
