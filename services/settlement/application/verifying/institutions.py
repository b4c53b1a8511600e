"""Verifying the institutions (验机构): what was known of a hospital at each place of the log."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from contracts.vocabulary import InstitutionId
from settlement.application.verifying.comparing import Finding, event_findings, value_findings
from settlement.domain.institution import Institution, InstitutionUnknown, institution_uuid
from settlement.domain.record import InstitutionUsed

REGISTER = "机构登记"


class InstitutionsAgain:
    """Every institution, registered and described again from its events."""

    def __init__(self) -> None:
        """None yet."""
        self._known: dict[UUID, Institution] = {}

    def take(self, event: Institution.Created | Institution.Described) -> Iterator[Finding]:
        """An import named an institution."""
        if isinstance(event, Institution.Created):
            registered = Institution.register(event.institution_id, at=event.timestamp)
            (expected,) = registered.collect_events()
            yield from event_findings(REGISTER, event, expected)
            self._known[event.originator_id] = registered
            return
        institution = self._known.get(event.originator_id)
        if institution is None:
            yield Finding(REGISTER, "机构", event.originator_id, "没有登记过这个机构")
            return
        if not institution.descriptions:
            yield from value_findings(REGISTER, "登记时刻", institution.created_on, event.timestamp)
        institution.describe(
            event.descriptions, source=event.source, by=event.by, at=event.timestamp
        )
        described = list(institution.collect_events())
        yield from event_findings(REGISTER, event, described[0] if described else None)

    def used(self, institution_id: InstitutionId, day: date) -> InstitutionUsed | str:
        """What it was on that day as the log has told so far, or why nobody knows."""
        institution = self._known.get(institution_uuid(institution_id))
        if institution is None:
            return f"机构 {institution_id} 未登记"
        try:
            return institution.on(day)
        except InstitutionUnknown as unknown:
            return str(unknown)

    def is_known(self, institution_id: InstitutionId) -> bool:
        """Whether the log has registered it so far; others who act are offices."""
        return institution_uuid(institution_id) in self._known

    def left_over(self) -> Iterator[Finding]:
        """Institutions that were registered and never described: no import does that."""
        for institution in self._known.values():
            if not institution.descriptions:
                yield Finding(REGISTER, f"机构 {institution.institution_id}", "没有登记信息", "有")
