"""What offices answered on-line, as messages (联机核实消息)."""

from collections.abc import Iterable
from datetime import datetime

from contracts.eligibility_v1 import OwnerAnswered, OwnerAsked, OwnersAsked
from eligibility.application.ask_owners import OwnerHeard, OwnersHeard
from eligibility.application.owner_knowledge import OwnerKnown
from eligibility.domain.owner_answers import Contact


def owners_asked(heard: OwnersHeard) -> OwnersAsked:
    """What asking all offices brought."""
    return OwnersAsked(
        person_id=str(heard.person_id),
        recorded_at=heard.recorded_at,
        version=heard.version,
        owners=tuple(_asked(each, heard.recorded_at) for each in heard.owners),
    )


def owners_known(known: Iterable[OwnerKnown], known_at: datetime) -> tuple[OwnerAnswered, ...]:
    """How old each office's last answer is."""
    return tuple(
        OwnerAnswered(
            connector=each.connector.name,
            owner=each.connector.owner,
            answered_at=each.answered.at if each.answered else None,
            as_of=each.answered.as_of if each.answered else None,
            age_seconds=_age(each.answered, known_at),
            unanswered_at=each.unanswered.at if each.unanswered else None,
            reason=each.unanswered.no_answer if each.unanswered else None,
        )
        for each in known
    )


def _asked(heard: OwnerHeard, at: datetime) -> OwnerAsked:
    last = heard.last_answer
    common = {
        "connector": heard.connector.name,
        "owner": heard.connector.owner,
        "answered_at": last.at if last else None,
        "as_of": last.as_of if last else None,
        "age_seconds": _age(last, at),
    }
    if heard.no_answer is not None:
        return OwnerAsked.model_validate(
            common | {"outcome": "no_answer", "reason": heard.no_answer}
        )
    return OwnerAsked.model_validate(
        common
        | {
            "outcome": "changed" if heard.counts.changed else "unchanged",
            "found": heard.found,
            "stated": heard.counts.stated,
            "withdrawn": heard.counts.withdrawn,
        }
    )


def _age(contact: Contact | None, now: datetime) -> int | None:
    return max(0, int((now - contact.at).total_seconds())) if contact is not None else None
