"""Certificates of people known from compared lists alone (比对人员证件): no record names theirs."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import Engine, select

from eligibility.adapters.difference_vault import SqlDifferenceVault
from eligibility.adapters.vault_tables import difference_details as details
from eligibility.domain.certificate import Certificate

_PORTION = 400


class ComparedCertificates:
    """The port `CertificatesCompared`, on the details of the differences."""

    def __init__(self, *, engine: Engine, about: SqlDifferenceVault) -> None:
        self._engine = engine
        self._about = about

    def __call__(self, person_ids: Sequence[UUID]) -> dict[UUID, list[Certificate]]:
        """The certificates that lists named each of these people by, where their keys are there."""
        found: dict[UUID, list[Certificate]] = {}
        for difference_id, which, person_id in self._sides(person_ids):
            people = self._about.open([difference_id]).get(difference_id)
            side = getattr(people, which, None)
            if side is not None:
                certificate = Certificate(side.certificate_type, side.certificate)
                found.setdefault(person_id, []).append(certificate)
        return {person_id: list(dict.fromkeys(known)) for person_id, known in found.items()}

    def _sides(self, person_ids: Sequence[UUID]) -> Iterator[tuple[UUID, str, UUID]]:
        ids = [each.hex for each in person_ids]
        with self._engine.connect() as connection:
            for start in range(0, len(ids), _PORTION):
                portion = ids[start : start + _PORTION]
                for which, column in (
                    ("left", details.c.left_person),
                    ("right", details.c.right_person),
                ):
                    query = select(details.c.difference_id, column).where(column.in_(portion))
                    rows = connection.execute(query).all()
                    # One difference of each person names their certificate.
                    for person, difference in {row[1]: row[0] for row in rows}.items():
                        yield UUID(difference), which, UUID(person)
