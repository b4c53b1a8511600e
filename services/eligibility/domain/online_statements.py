"""What an office's server said becomes a person's facts (联机陈述): the same for answer and change.

Only this server's own words are ended or withdrawn by its silence; what files and other offices
said stands, unless the server says something else of that place outright.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.vocabulary import NoAnswerReason, WithdrawalReason
from eligibility.domain.certificate import PersonalData
from eligibility.domain.facts import Fact, Identity
from eligibility.domain.impossible_facts import FactImpossible, refuse_impossible
from eligibility.domain.local_identities import LocalIdentities, UnknownIdentity
from eligibility.domain.online_facts import PlaceOfKind, place_of
from eligibility.domain.owner_answers import OwnerAnswers, Touched
from eligibility.domain.person import Person
from eligibility.domain.roster import disagree
from eligibility.domain.statements import standing


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


def require_same_person(known: PersonalData, said: PersonalData) -> None:
    """Let somebody pass who bears the name we know. Raises `OnlineRefused`."""
    if known.certificate != said.certificate or disagree(known, said):
        raise OnlineRefused(NoAnswerReason.ANOTHER_PERSON)


@dataclass(frozen=True)
class OnlineStatements:
    """States what a server's words come to, at one instant, under one source (联机陈述)."""

    source: str
    source_start: str
    at: datetime

    def state(
        self,
        person: Person,
        answers: OwnerAnswers,
        touched: Touched,
        *,
        reason: WithdrawalReason | None = None,
    ) -> OnlineCounts:
        """Bring the touched places to what the server's words come to.

        At places said outright its word replaces anybody's; elsewhere it ends its own alone.
        Raises `RecordedBackwards`.
        """
        stated = withdrawn = 0
        for place in sorted(touched.places):
            holds = answers.holds_at(place)
            stands = standing(person.said).get(place)
            own = stands is not None and stands.source.startswith(self.source_start)
            if holds is not None and (own or place in touched.outright):
                stated += person.state(holds, source=self.source, at=self.at)
            elif holds is None and own and stands is not None:
                person.withdraw(
                    stands.fact,
                    reason=reason or WithdrawalReason.NEVER_GRANTED,
                    source=self.source,
                    at=self.at,
                )
                withdrawn += 1
        return OnlineCounts(stated, withdrawn)
