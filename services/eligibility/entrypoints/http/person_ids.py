"""A person's id in a path (人员标识)."""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from eligibility.application.find_person import UnknownPerson

PersonIdPath = Annotated[str, Path(description="人员标识 (opaque id)")]


def person_id_of(text: str) -> UUID:
    """The id in the one spelling it was given in. Raises `UnknownPerson` for any other."""
    message = "没有此人员 (unknown person)"
    try:
        found = UUID(text)
    except ValueError:
        raise UnknownPerson(message) from None
    if str(found) != text:
        raise UnknownPerson(message)
    return found
