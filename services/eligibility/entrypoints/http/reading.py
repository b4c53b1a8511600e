"""Who reads (查阅人): the headers of every write, on a reading where the caller has them.

Readings came before these headers, and callers of that time send none: then whoever the token was
issued to is recorded, and of a service, which reads for others, nobody. Half of them is a mistake
and refused.
"""

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from eligibility.application.ports import ActsFor
from http_edge.acting import (
    INSTITUTION_HEADER,
    INSTITUTION_PATTERN,
    OPERATOR_HEADER,
    OPERATOR_PATTERN,
    Acting,
    acting_of,
)
from http_edge.identity.caller import Caller
from http_edge.identity.roles import Role


def acts_for(acting: Acting) -> ActsFor:
    """Institution and operator as the use cases know them."""
    return ActsFor(acting.institution_id, acting.operator)


_InstitutionHeader = Annotated[
    str | None,
    Header(
        alias=INSTITUTION_HEADER,
        pattern=INSTITUTION_PATTERN,
        description="查阅机构编码，记入查阅记录 (the institution this is read for)",
    ),
]
_OperatorHeader = Annotated[
    str | None,
    Header(
        alias=OPERATOR_HEADER,
        pattern=OPERATOR_PATTERN,
        description="查阅人；汉字用百分号编码的 UTF-8，与机构同时给出 (who reads)",
    ),
]


class ReaderHeaders(BaseModel):
    """The headers of a reading, for routes that read their parameters at once (查阅人)."""

    institution: _InstitutionHeader = None
    operator: _OperatorHeader = None

    def reader(self, request: Request) -> ActsFor | None:
        """Who reads; where neither was sent, the token's bearer. Raises
        `RequestValidationError`."""
        return _reader(request, self.institution, self.operator)


async def read_reader(
    request: Request,
    institution: _InstitutionHeader = None,
    operator: _OperatorHeader = None,
) -> ActsFor | None:
    """Who reads; where neither header was sent, the token's bearer."""
    return _reader(request, institution, operator)


def _reader(request: Request, institution: str | None, operator: str | None) -> ActsFor | None:
    if institution is None and operator is None:
        return _bearer(request.state.caller)
    if institution is None or operator is None:
        missing = INSTITUTION_HEADER if institution is None else OPERATOR_HEADER
        raise RequestValidationError([{"type": "missing", "loc": ("header", missing)}])
    return acts_for(acting_of(institution, operator))


def _bearer(caller: Caller) -> ActsFor | None:
    if Role.SERVICE in caller.roles:
        return None
    return ActsFor(min(caller.institutions), caller.operator)


ReadFor = Annotated[ActsFor | None, Depends(read_reader)]
"""A parameter of this type reads both headers where they are sent."""
