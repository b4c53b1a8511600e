"""What callers write and logs may repeat (可记入日志的文字): nothing that may be a certificate.

Request ids, request keys and institution codes are the caller's own words. Some hospital systems
make them out of the patient's certificate number; such a word is not repeated, nor a hash of it,
which a few billion attempts would undo.
"""

import re
from uuid import UUID

WITHHELD = "(withheld)"
LONGEST_CHARACTERS = 128

_ORDINARY = re.compile(r"[A-Za-z0-9._:/+=-]+")
# A resident's number in its eighteen or fifteen characters: place, date of birth, serial.
_MONTH_AND_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_RESIDENT_NUMBER = re.compile(
    rf"\d{{6}}(?:18|19|20)\d{{2}}{_MONTH_AND_DAY}\d{{3}}[\dXx]|(?<!\d)\d{{8}}{_MONTH_AND_DAY}\d{{3}}(?!\d)"
)
# Passports and permits: a letter or two and seven to nine digits, and nothing else. What begins
# with H and is longer is an institution.
_OTHER_CERTIFICATE = re.compile(r"[A-Za-z]{1,2}\d{7,9}")


def loggable(word: str | None) -> str | None:
    """The word itself, `(withheld)` where it may say who a person is, None where there is none."""
    if word is None:
        return None
    return word if is_loggable(word) else WITHHELD


def is_loggable(word: str) -> bool:
    """Whether a caller's word may stand in a log line."""
    return (
        0 < len(word) <= LONGEST_CHARACTERS
        and _ORDINARY.fullmatch(word) is not None
        and _RESIDENT_NUMBER.search(word) is None
        and _OTHER_CERTIFICATE.fullmatch(word) is None
    )


def loggable_id(word: object) -> str | None:
    """An opaque id from a path, in its usual spelling; None for anything else that stands there."""
    try:
        return str(UUID(str(word)))
    except ValueError:
        return None
