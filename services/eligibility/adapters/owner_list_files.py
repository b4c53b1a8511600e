"""An owner's file, opened by that owner's layout (打开名单)."""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from eligibility.adapters.roster_layout import load_layout
from eligibility.adapters.roster_rows import ANY_LOCAL, open_roster
from eligibility.application.list_ports import OpenList
from eligibility.domain.local_identities import LocalIdentities
from eligibility.domain.owner_list import ListOrder
from eligibility.domain.roster import ReadRow, RejectedRow, RosterRow, RowError

_CHUNK_BYTES = 1 << 20


def open_owner_list(
    file: BinaryIO, order: ListOrder, *, identities: LocalIdentities = ANY_LOCAL
) -> OpenList:
    """The port `OpenOwnerList`, with the region's own identities.

    Raises `RosterUnreadable`, also while rows are taken.
    """
    content_hash = _hash_of(file)
    # A city's list may not stand in for the county: which county decides which law holds.
    region = None if order.region.endswith("00") else order.region
    opened = open_roster(file, load_layout(order.owner.value), region=region, identities=identities)
    return OpenList(content_hash, opened.header, _sayable(opened.rows, order))


def _hash_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def _sayable(rows: Iterator[ReadRow], order: ListOrder) -> Iterator[ReadRow]:
    """The rows, rejected where this list cannot say what they say."""
    for row in rows:
        fault = order.fault_of(row) if isinstance(row, RosterRow) else None
        if fault is None or not isinstance(row, RosterRow):
            yield row
        else:
            error = RowError(row.row, *fault)
            yield RejectedRow(row.row, (error,), row.cells, row.person.certificate)
