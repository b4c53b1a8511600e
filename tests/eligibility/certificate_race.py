"""`python -m tests.eligibility.certificate_race DATA` claims certificates, as fast as it can.

It waits for a line before it begins, so that several begin at once, and prints whom each
certificate finds and whom it was given for.
"""

import sys
from pathlib import Path
from uuid import UUID

from contracts.vocabulary import CertificateType
from eligibility.bootstrap import build
from eligibility.domain.certificate import Certificate
from tests.support.people_places import people_settings

CERTIFICATES = 60
A_ROSTER = 6


def main(data: Path) -> None:
    """Reserve some by sixes, as lists do, and claim as many for somebody else one by one."""
    vault = build(people_settings(data, master_key=bytes(32))).find_person._vault
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    found: list[UUID] = []
    for first in range(0, CERTIFICATES, A_ROSTER):
        found += vault.reserve([certificate(first + n) for n in range(A_ROSTER)])
    own = vault.reserve([Certificate(CertificateType.PASSPORT, f"EA{id(vault)}")])[0]
    found += [vault.claim(certificate(CERTIFICATES + n), own) for n in range(CERTIFICATES)]
    sys.stdout.write("".join(f"{each}\n" for each in found))


def certificate(sequence: int) -> Certificate:
    """A certificate that every process knows."""
    return Certificate(CertificateType.PASSPORT, f"E{sequence:08d}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
