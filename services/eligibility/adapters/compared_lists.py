"""Two owners' files, read and compared (比对两份文件)."""

import hashlib
from typing import BinaryIO

from contracts.vocabulary import DataOwner
from eligibility.adapters.listed_people import ListedPeople
from eligibility.application.difference_ports import ComparedLists, ComparisonOrder, ReadList

_CHUNK_BYTES = 1 << 20


def compare_files(order: ComparisonOrder, left: BinaryIO, right: BinaryIO) -> ComparedLists:
    """The port `CompareLists`. Raises `RosterUnreadable`, `ListOrderInvalid`."""
    from eligibility.adapters.mark_comparison import (  # noqa: PLC0415 - importing polars takes longer than most commands
        COMPARE,
    )
    from eligibility.adapters.roster_comparison import RosterComparison  # noqa: PLC0415 - the same

    mine, theirs = open_lists(order, left, right)
    found = RosterComparison(mine, theirs, COMPARE[order.subject])
    return ComparedLists(
        content_id=_content_id(order, left, right),
        left=_read(mine),
        right=_read(theirs),
        differences=found.differences(),
    )


def open_lists(
    order: ComparisonOrder, left: BinaryIO, right: BinaryIO
) -> tuple[ListedPeople, ListedPeople]:
    """Both lists, not read yet."""
    first, last = order.right_window or (order.on, None)
    return (
        _open(left, order.left, order),
        ListedPeople(right, order.right, first, last, subject=order.subject),
    )


def _open(file: BinaryIO, owner: DataOwner, order: ComparisonOrder) -> ListedPeople:
    return ListedPeople(file, owner, order.on, subject=order.subject)


def _read(listed: ListedPeople) -> ReadList:
    return ReadList(
        rows=listed.rows,
        left_out=listed.left_out,
        left_out_unknown=listed.left_out_unknown,
        not_held=listed.not_held,
        doubtful=frozenset(listed.doubtful),
    )


def _content_id(order: ComparisonOrder, left: BinaryIO, right: BinaryIO) -> str:
    window = "/".join(map(str, order.right_window or ()))
    return "\0".join((_hash(left), _hash(right), str(order.on), window))


def _hash(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()
