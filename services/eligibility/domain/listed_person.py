"""People as two offices list them, and where the lists differ (名册比对的差异)."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


@dataclass(frozen=True)
class ListedPerson:
    """One line of a list (名册中的一行): a person, the village, and one kind that it says, in the
    words users read.

    `certificate` is the number in the form it is looked up by, None where the list has none.
    """

    certificate: str | None = field(repr=False)
    name: str = field(repr=False)
    birth: date | None = field(repr=False)
    village: str | None
    kind: str | None


class DifferenceKind(StrEnum):
    """How two lists differ about somebody (差异类别)."""

    MISSING_RIGHT = "missing_right"
    MISSING_LEFT = "missing_left"
    KINDS = "kinds"
    NAME = "name"
    NUMBER = "number"
    TWO_NAMES_LEFT = "two_names_left"
    TWO_NAMES_RIGHT = "two_names_right"


@dataclass(frozen=True)
class Difference:
    """One difference (一条差异): what the left list says, and what the right one does.

    `kinds` are all kinds a list says of the person, in one text; None where the person is not on
    it. Of a person whose number differs both numbers are given.
    """

    what: DifferenceKind
    village: str | None
    certificate: str | None = field(repr=False)
    name: str | None = field(repr=False)
    birth: date | None = field(repr=False)
    kinds: str | None
    certificate_right: str | None = field(repr=False)
    name_right: str | None = field(repr=False)
    birth_right: date | None = field(repr=False)
    kinds_right: str | None
