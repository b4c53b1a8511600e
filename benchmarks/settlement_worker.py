"""One worker of settlement on PostgreSQL, for `benchmarks.settlements_http`.

`python -m benchmarks.settlement_worker SOCKET asked|kept`: serves the listening socket that it
inherits, with what `YIZHAN_…` in its environment says. Who a person was is *asked* of the real
eligibility service, or *kept* here: everybody is the same then, and nobody is asked.
"""

import socket
import sys
from dataclasses import replace
from datetime import UTC, date, datetime

import uvicorn

from contracts.vocabulary import PersonId, RegionCode, Scheme
from http_edge.logs import configure_logs
from http_edge.workers import built
from settlement.application.ports import PersonAnswer
from settlement.bootstrap import build_parts
from settlement.domain.record import Actor, EnrolmentUsed, IdentityUsed
from settlement.entrypoints.clock import now
from settlement.entrypoints.http.app import create_app
from settlement.settings import Settings

_KNOWN = datetime(2023, 1, 1, tzinfo=UTC)
_SINCE = date(2015, 1, 1)
_ENROLMENT = EnrolmentUsed(
    region=RegionCode("500112"),
    scheme=Scheme.RESIDENT,
    plan="一档",
    valid_from=_SINCE,
    valid_to=None,
    recorded_at=_KNOWN,
    source="bench",
)
_IDENTITY = IdentityUsed(
    identity="subsistence_margin",
    valid_from=_SINCE,
    valid_to=None,
    recorded_at=_KNOWN,
    source="bench",
)


class KeptAnswers:
    """Eligibility as a replica beside settlement tells it: out of the process's own memory."""

    def entitlements(
        self,
        person_id: PersonId,
        *,
        on: date,
        known_at: datetime,
        by: Actor,  # noqa: ARG002 -- the port's signature
        window: tuple[date, date] | None = None,
        version: int | None = None,
    ) -> PersonAnswer:
        """The port."""
        return PersonAnswer(
            person_id=person_id,
            on=on,
            known_at=known_at,
            version=version or 1,
            birth_date=date(1968, 3, 15),
            enrolments=(_ENROLMENT,),
            identities=(_IDENTITY,),
            window=window,
        )


def main() -> None:
    """Serve until killed."""
    listening, how = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    configure_logs()
    parts = build_parts(Settings.from_environment(), now)
    if how == "kept":
        parts = replace(parts, asked_at_desk=KeptAnswers())
    app = built(lambda: create_app(parts))
    config = uvicorn.Config(app, log_level="warning", log_config=None, access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
