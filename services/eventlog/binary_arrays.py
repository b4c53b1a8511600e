"""Columns of values for PostgreSQL (数组参数), packed as the server reads them.

The driver finds out anew what a list holds each time it is sent, element by element; that was a
fourth of what a save cost. Here a list says itself what it holds.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Any, ClassVar
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEAD = Struct("!iiIii")  # dimensions, whether NULLs occur, type; length and first index
_SIZE = Struct("!i")
_BIGINT = Struct("!q")
_INTEGER = Struct("!i")
_FLAG = (b"\x00", b"\x01")


class Uuids(list[UUID]):
    """A `uuid[]`."""


class Texts(list[str]):
    """A `text[]`."""


class Bigints(list[int]):
    """A `bigint[]`."""


class Integers(list[int]):
    """An `integer[]`."""


class Flags(list[bool]):
    """A `boolean[]`."""


class Blobs(list[bytes]):
    """A `bytea[]`."""


class _ArrayDumper(Dumper):
    format = Format.BINARY
    element: ClassVar[str]

    def __init__(self, cls: type, context: Any = None) -> None:
        super().__init__(cls, context)
        known = psycopg.adapters.types[self.element]
        self._element_oid, self.oid = known.oid, known.array_oid

    def elements(self, values: Any) -> Iterable[bytes]:
        raise NotImplementedError(type(values))

    def dump(self, obj: Any) -> bytes:
        if not obj:
            return _HEAD.pack(0, 0, self._element_oid, 0, 1)[:12]
        parts = [_HEAD.pack(1, 0, self._element_oid, len(obj), 1)]
        for each in self.elements(obj):
            parts.append(_SIZE.pack(len(each)))
            parts.append(each)
        return b"".join(parts)


class _UuidsDumper(_ArrayDumper):
    element = "uuid"

    def elements(self, values: Uuids) -> Iterable[bytes]:
        return [each.bytes for each in values]


class _TextsDumper(_ArrayDumper):
    element = "text"

    def elements(self, values: Texts) -> Iterable[bytes]:
        return [each.encode() for each in values]


class _BigintsDumper(_ArrayDumper):
    element = "int8"

    def elements(self, values: Bigints) -> Iterable[bytes]:
        return map(_BIGINT.pack, values)


class _IntegersDumper(_ArrayDumper):
    element = "int4"

    def elements(self, values: Integers) -> Iterable[bytes]:
        return map(_INTEGER.pack, values)


class _FlagsDumper(_ArrayDumper):
    element = "bool"

    def elements(self, values: Flags) -> Iterable[bytes]:
        return [_FLAG[each] for each in values]


class _BlobsDumper(_ArrayDumper):
    element = "bytea"

    def elements(self, values: Blobs) -> Iterable[bytes]:
        return values


for _kind, _dumper in (
    (Uuids, _UuidsDumper),
    (Texts, _TextsDumper),
    (Bigints, _BigintsDumper),
    (Integers, _IntegersDumper),
    (Flags, _FlagsDumper),
    (Blobs, _BlobsDumper),
):
    # For these classes alone: what others send is adapted as ever.
    psycopg.adapters.register_dumper(_kind, _dumper)
