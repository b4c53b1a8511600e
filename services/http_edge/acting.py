"""What every write carries (写请求): who acts, for which institution, under which request key.

From the first day, even while nobody is checked yet: it is recorded with what was decided.
"""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import Depends, Header, Request
from fastapi.exceptions import RequestValidationError

INSTITUTION_HEADER = "Yizhan-Institution"
OPERATOR_HEADER = "Yizhan-Operator"
KEY_HEADER = "Idempotency-Key"
LONGEST_OPERATOR_CHARACTERS = 64
INSTITUTION_PATTERN = r"^[\x21-\x7e]{1,64}$"
OPERATOR_PATTERN = r"^[\x20-\x7e]{1,512}$"
KEY_PATTERN = r"^[\x21-\x7e]{1,128}$"


@dataclass(frozen=True)
class Acting:
    """The institution a request is made for, and the operator who makes it (经办机构、经办人)."""

    institution_id: str
    operator: str


async def read_acting(
    institution: Annotated[
        str,
        Header(
            alias=INSTITUTION_HEADER,
            pattern=INSTITUTION_PATTERN,
            description="经办机构编码 (the institution this request is made for)",
        ),
    ],
    operator: Annotated[
        str,
        Header(
            alias=OPERATOR_HEADER,
            pattern=OPERATOR_PATTERN,
            description="经办人；汉字用百分号编码的 UTF-8 (operator, percent-encoded UTF-8)",
        ),
    ],
) -> Acting:
    """The acting institution and operator, from the headers.

    A missing header is answered with 400 `missing-header`, another mistake with `invalid-header`.
    """
    return acting_of(institution, operator)


def acting_of(institution: str, operator: str) -> Acting:
    """The same from two headers of the right form. Raises `RequestValidationError`."""
    try:
        name = unquote(operator, errors="strict").strip()
    except UnicodeDecodeError:
        raise _invalid_operator() from None
    if not name.isprintable() or not 1 <= len(name) <= LONGEST_OPERATOR_CHARACTERS:
        raise _invalid_operator()
    return Acting(institution_id=institution, operator=name)


def acting_headers(acting: Acting) -> dict[str, str]:
    """The headers that say who acts, as a caller sends them."""
    return {
        INSTITUTION_HEADER: acting.institution_id,
        OPERATOR_HEADER: quote(acting.operator, safe=""),
    }


def _invalid_operator() -> RequestValidationError:
    return RequestValidationError([{"type": "value_error", "loc": ("header", OPERATOR_HEADER)}])


ActingHeaders = Annotated[Acting, Depends(read_acting)]
"""A parameter of this type reads `Yizhan-Institution` and `Yizhan-Operator`."""

IdempotencyKey = Annotated[
    str,
    Header(
        alias=KEY_HEADER,
        pattern=KEY_PATTERN,
        description="请求键：同一机构、同一操作内唯一；重发时原样带上 (1–128 visible ASCII)",
    ),
]
"""A parameter of this type reads the `Idempotency-Key` header."""


async def read_body_bytes(request: Request) -> bytes:
    """The body as it was sent; the framework has read it already and keeps it."""
    return await request.body()


BodyBytes = Annotated[bytes, Depends(read_body_bytes)]
"""A parameter of this type is the request's body as bytes, for `answer_once`."""
