"""Erase a person (删除个人信息): the key goes, the events stay and tell nobody's name."""

from uuid import UUID

from eligibility.application.ports import PersonalDataVault


class ErasePerson:
    """Makes a person's name, certificate and birth date unreadable for good."""

    def __init__(self, *, vault: PersonalDataVault) -> None:
        self._vault = vault

    def __call__(self, person_id: UUID) -> None:
        """Delete the person's key and look-up; identities and enrolments stay under the id."""
        self._vault.erase(person_id)
