"""Who reads (查阅人): the headers of every write, on a reading where the caller has them.

Readings came before these headers, and callers of that time send none: such a reading is recorded
as that of nobody named. Half of them is a mistake and refused.
"""

from typing import Annotated

from fastapi import Depends, Header
from fastapi.exceptions import RequestValidationError

from eligibility.application.ports import ActsFor
from http_edge.acting import INSTITUTION_HEADER, OPERATOR_HEADER, Acting, read_acting


def acts_for(acting: Acting) -> ActsFor:
    """Institution and operator as the use cases know them."""
    return ActsFor(acting.institution_id, acting.operator)


async def read_reader(
    institution: Annotated[
        str | None,
        Header(
            alias=INSTITUTION_HEADER,
            pattern=r"^[\x21-\x7e]{1,64}$",
            description="查阅机构编码，记入查阅记录 (the institution this is read for)",
        ),
    ] = None,
    operator: Annotated[
        str | None,
        Header(
            alias=OPERATOR_HEADER,
            pattern=r"^[\x20-\x7e]{1,512}$",
            description="查阅人；汉字用百分号编码的 UTF-8，与机构同时给出 (who reads)",
        ),
    ] = None,
) -> ActsFor | None:
    """Who reads, or None where neither header was sent."""
    if institution is None and operator is None:
        return None
    if institution is None or operator is None:
        missing = INSTITUTION_HEADER if institution is None else OPERATOR_HEADER
        raise RequestValidationError([{"type": "missing", "loc": ("header", missing)}])
    return acts_for(await read_acting(institution, operator))


ReadFor = Annotated[ActsFor | None, Depends(read_reader)]
"""A parameter of this type reads both headers where they are sent."""
