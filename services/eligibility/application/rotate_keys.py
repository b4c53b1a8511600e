"""Replace the master key (更换主密钥), while everybody goes on reading."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from eligibility.application.certificates_of import certificates_of
from eligibility.application.ports import KeyRotation, PersonalDataVault, Store
from eligibility.domain.certificate import Certificate

PORTION_PEOPLE = 200

Progress = Callable[[int, int], None]
"""Hears how many people are done, and how many there are."""

WhileNobodyWrites = Callable[[Callable[[], bool]], bool]
"""Does something while no list is being stated."""


CertificatesCompared = Callable[[Sequence[UUID]], Mapping[UUID, list[Certificate]]]
"""Tells by which certificates compared lists named people."""


class RotateKeys:
    """Makes what the master key protects anew, and takes it into use."""

    def __init__(
        self,
        *,
        rotation: KeyRotation,
        vault: PersonalDataVault,
        store: Store,
        compared: CertificatesCompared,
        while_nobody_writes: WhileNobodyWrites,
        pause: Callable[[], None],
    ) -> None:
        self._rotation = rotation
        self._vault = vault
        self._store = store
        self._compared = compared
        self._while_nobody_writes = while_nobody_writes
        self._pause = pause

    def __call__(self, *, progress: Progress) -> int:
        """Go through everybody and exchange the keys; how many people there are.

        Killed anywhere, it goes on where it was. Raises `RotationOfAnotherKey`, `WrongMasterKey`.
        """
        self._rotation.begin()
        self._renew_missing(progress)
        while not self._is_exchanged():
            # Whoever waited goes first.
            self._pause()
            self._renew_missing(progress)
        # Writers need not wait for it.
        self._rotation.clean()
        return self._rotation.counts()[1]

    def _is_exchanged(self) -> bool:
        try:
            return self._while_nobody_writes(self._rotation.take_into_use)
        except Exception:
            # What went wrong after the exchange takes nothing of it back.
            if not self._rotation.is_in_use():
                raise
            return True

    def _renew_missing(self, progress: Progress) -> None:
        progress(*self._rotation.counts())
        while missing := self._rotation.missing(PORTION_PEOPLE):
            known = certificates_of_all(missing, self._vault, self._store, self._compared)
            self._rotation.renew(known)
            progress(*self._rotation.counts())


def certificates_of_all(
    person_ids: Iterable[UUID],
    vault: PersonalDataVault,
    store: Store,
    compared: CertificatesCompared,
) -> dict[UUID, list[Certificate]]:
    """The certificates of each person; of one without a record, those that compared lists named."""
    ids = list(person_ids)
    keys = vault.keys_of(ids)
    records = {each: store.find_person(each) for each in ids}
    from_lists = compared([each for each, record in records.items() if record is None])
    return {
        each: certificates_of(record, keys) if record is not None else from_lists.get(each, [])
        for each, record in records.items()
    }


def find_again(
    rotation: KeyRotation,
    vault: PersonalDataVault,
    store: Store,
    compared: CertificatesCompared,
) -> None:
    """Let whoever came up, or got a certificate, just while keys were exchanged be found again."""
    unfound = rotation.unfound()
    if unfound:
        known = certificates_of_all(unfound, vault, store, compared)
        rotation.find_again({each: found for each, found in known.items() if found})
