"""Asking eligibility aside (旁问资格): while one waits for its answer, other turns go on."""

from typing import Any

from contracts.vocabulary import PersonId
from eventlog.turns import aside
from settlement.application.ports import Eligibility, PersonAnswer


class AskedAside:
    """Eligibility for those who may ask in a turn; see `eventlog.turns`."""

    def __init__(self, eligibility: Eligibility) -> None:
        self._eligibility = eligibility

    def entitlements(self, person_id: PersonId, **asked: Any) -> PersonAnswer:
        """As `Eligibility`."""
        return aside(lambda: self._eligibility.entitlements(person_id, **asked))
