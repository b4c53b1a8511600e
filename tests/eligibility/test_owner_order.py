"""Whatever order an office's words are heard in, the last word of each place holds."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.vocabulary import CertificateType, DataOwner, FactKind, WithdrawalReason
from eligibility.domain.certificate import Certificate, PersonalData
from eligibility.domain.facts import Disability, Fact, Identity
from eligibility.domain.one_person import OnePerson
from eligibility.domain.online_facts import Connector, OnlineAnswer, OnlineChange
from eligibility.domain.online_statements import OnlineStatements
from eligibility.domain.owner_answers import OwnerAnswers
from eligibility.domain.person import Person
from eligibility.domain.statements import standing

START = datetime(2023, 1, 1, tzinfo=UTC)
FIRST_DAY = date(2023, 1, 1)
OFFICE = Connector("minzheng", DataOwner.CIVIL_AFFAIRS)
SOMEONE = PersonalData(Certificate(CertificateType.PASSPORT, "E1234567"), "样例乙", None)
CODES = ("local_a", "local_b", "local_c")


@dataclass(frozen=True)
class Decided:
    """What the office decided on its day number `day`: a fact, or that it never was."""

    day: int
    code: str
    last: int | None
    withdrawn: bool

    @property
    def fact(self) -> Fact:
        """Two places of identities, and one of another kind."""
        last_day = None if self.last is None else FIRST_DAY + timedelta(days=self.last)
        if self.code == "local_c":
            return Disability(1 + self.day % 4, FIRST_DAY, last_day)
        return Identity(self.code, FIRST_DAY, last_day)


# Every decision on a day of its own: the office's clock does not stand still between two.
histories = st.lists(
    st.tuples(st.sampled_from(CODES), st.none() | st.integers(0, 40), st.booleans()),
    min_size=1,
    max_size=8,
).map(lambda said: [Decided(day, *each) for day, each in enumerate(said, start=1)])


def noon(day: int) -> datetime:
    """The office's clock on a day."""
    return START + timedelta(days=day, hours=4)


def held_on(history: list[Decided], day: int) -> dict[str, Decided]:
    """What stands by decisions up to a day, one line after the other."""
    last: dict[str, Decided] = {}
    for each in history:
        if each.day <= day:
            last[each.code] = each
    return {code: each for code, each in last.items() if not each.withdrawn}


def listed_on(history: list[Decided], day: int) -> tuple[Fact, ...]:
    """What an answer lists that day: what stands and holds then or later."""
    today = FIRST_DAY + timedelta(days=day)
    held = [each.fact for each in held_on(history, day).values()]
    return tuple(fact for fact in held if fact.valid_to is None or fact.valid_to >= today)


def change_of(decided: Decided) -> OnlineChange:
    """The feed's line of a decision."""
    facts = (decided.fact,)
    return OnlineChange(
        position=decided.day,
        changed_at=noon(decided.day),
        person=SOMEONE,
        stated=() if decided.withdrawn else facts,
        withdrawn=facts if decided.withdrawn else (),
        reason=WithdrawalReason.ENTERED_BY_MISTAKE if decided.withdrawn else None,
    )


def answer_of(history: list[Decided], day: int) -> OnlineAnswer:
    """A look-up at the end of a day, complete for identities and disabilities."""
    kinds = frozenset({FactKind.IDENTITY, FactKind.DISABILITY})
    return OnlineAnswer(SOMEONE, listed_on(history, day), kinds, noon(day) + timedelta(hours=1))


def hear_all(words: list[OnlineChange | OnlineAnswer]) -> dict[object, Fact]:
    """What stands when these were heard in this order, each an hour after the other."""
    person = Person.register(person_id=UUID(int=1), sealed=b"", at=START)
    one = OnePerson(person.id, {person.id: person})
    answers = OwnerAnswers.begin(OFFICE, person.id, at=START)
    for hour, word in enumerate(words):
        at = START + timedelta(days=100, hours=hour)
        stating = OnlineStatements(OFFICE.source(str(hour)), OFFICE.source_start, at)
        if isinstance(word, OnlineAnswer):
            stating.state(one, person, answers, answers.hear_answer(word, at=at))
        else:
            touched = answers.hear_change(word, at=at)
            stating.state(one, person, answers, touched, reason=word.reason)
    return {place: known.fact for place, known in standing(person.said).items()}


@settings(max_examples=300)
@given(history=histories, data=st.data())
def test_pages_and_lookups_in_any_order_end_as_the_last_state(
    history: list[Decided], data: st.DataObject
) -> None:
    """Every change at least once, in any order and number, look-ups of any days among them.

    What the office holds is held; of the rest, what is left has ended, and not after it was first
    no longer listed.
    """
    days = data.draw(st.lists(st.integers(0, len(history) + 2), max_size=3))
    changes = [change_of(each) for each in history]
    again = data.draw(st.lists(st.sampled_from(changes), max_size=4))
    words: list[OnlineChange | OnlineAnswer] = [
        *changes,
        *again,
        *(answer_of(history, day) for day in days),
    ]
    heard = data.draw(st.permutations(words))

    stands = hear_all(heard)

    held = held_on(history, len(history) + 99)
    for each in held.values():
        assert stands.pop((each.fact.KIND, each.fact.place)) == each.fact
    assert stands == {}


@settings(max_examples=300)
@given(history=histories, data=st.data())
def test_the_feed_behind_lookups_never_brings_back_what_they_no_longer_list(
    history: list[Decided], data: st.DataObject
) -> None:
    """Look-ups, and of the feed only a first part so far, in any order: always the same end.

    And what is open then is what the last look-up listed.
    """
    days = data.draw(st.lists(st.integers(1, len(history) + 2), min_size=1, max_size=3))
    upto = data.draw(st.integers(0, min(len(history), max(days))))
    words: list[OnlineChange | OnlineAnswer] = [
        *(answer_of(history, day) for day in days),
        *(change_of(each) for each in history[:upto]),
    ]

    orders = [hear_all(data.draw(st.permutations(words))) for _ in range(3)]

    assert orders[0] == orders[1] == orders[2]
    today = FIRST_DAY + timedelta(days=max(days))
    listed = listed_on(history, max(days))
    open_now = {fact for fact in orders[0].values() if _is_open_after(fact, today)}
    assert open_now == {fact for fact in listed if _is_open_after(fact, today)}


def _is_open_after(fact: Fact, day: date) -> bool:
    return fact.valid_to is None or fact.valid_to > day
