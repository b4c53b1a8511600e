"""Which certificates a record knows (一人的全部证件), opened."""

from eligibility.application.ports import PersonKeys
from eligibility.domain.certificate import Certificate
from eligibility.domain.person import Person


def certificates_of(record: Person, keys: PersonKeys) -> list[Certificate]:
    """Every certificate that was ever stated of a record, each once; none once it is erased."""
    named = (keys.open(record.id, sealed) for _, sealed in record.sealed)
    added = (keys.open_certificate(record.id, sealed) for sealed in record.more_certificates)
    found = [data.certificate for data in named if data is not None]
    return list(dict.fromkeys([*found, *(each for each in added if each is not None)]))
