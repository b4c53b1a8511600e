"""The cells of a roster (名册单元格): from what people type to values.

Offices type full-width digits, stray spaces and dates in several forms; all of that is taken.
What cannot be understood is refused without repeating it: in a shifted row, any cell may hold a
name or a certificate number.
"""

import re
import unicodedata
from datetime import date
from typing import TypeVar

from contracts.vocabulary import CertificateType, Identity, Scheme
from eligibility.domain.local_identities import LOCAL_CODE, LocalIdentities, UnknownIdentity

_SEPARATED_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
# Date cells and database exports carry the time of day; the day is certain all the same.
_TIME_OF_DAY = re.compile(r"(?<=\d)[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_REGION = re.compile(r"\d{6}")
_SPACES = re.compile(r"\s+")
# Zero-width and direction marks come along when numbers are copied from chat programs.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# Lists pad names of two characters so that columns align; no Chinese name has a space in it.
_PADDING = re.compile(r"(?<=[一-鿿㐀-䶿])\s+(?=[一-鿿㐀-䶿])")
# What normalising leaves as it is: most names of people, places and kinds.
_PLAIN = re.compile(r"[0-9A-Za-z一-鿿]*")
_SPREADSHEET_ERROR = re.compile(
    r"#(N/A|NAME\?|DIV/0!|GETTING_DATA|"
    r"(REF|VALUE|NULL|NUM|SPILL|CALC|FIELD|BLOCKED|CONNECT|UNKNOWN|BUSY)!)",
    re.IGNORECASE,
)
_DAMAGED_NUMBER = re.compile(r"\d(\.\d+)?E\+?\d+")

# How registers write "without an end".
_OPEN_ENDS = ("", "长期", "无", "9999-12-31", "99991231", "9999/12/31")
_NO_IDENTITY = ("", "无", "普通居民", "一般居民")

# The codes of the national dictionaries psn_cert_type and insutype, which exports often carry.
_CERTIFICATE_CODES = {
    "": CertificateType.RESIDENT_ID,
    "01": CertificateType.RESIDENT_ID,
    "02": CertificateType.HOUSEHOLD_REGISTER,
    "03": CertificateType.PASSPORT,
    "06": CertificateType.RESIDENCE_PERMIT,
    "身份证": CertificateType.RESIDENT_ID,
    "户口簿": CertificateType.HOUSEHOLD_REGISTER,
}
_SCHEME_CODES = {
    "310": Scheme.EMPLOYEE,
    "380": Scheme.RURAL_COOPERATIVE,
    "390": Scheme.RESIDENT,
    "职工": Scheme.EMPLOYEE,
    "新农合": Scheme.RURAL_COOPERATIVE,
    "居民": Scheme.RESIDENT,
    "城乡居民": Scheme.RESIDENT,
}


class CellRefused(Exception):
    """A cell that cannot be understood; the message says what is expected."""


Code = TypeVar("Code", CertificateType, Identity, Scheme)


def plain(text: str) -> str:
    """A cell without surrounding or doubled spaces, full-width letters and digits made plain."""
    if text.isascii():
        # Nothing in ASCII is invisible or full-width, and most cells of a list are ASCII.
        return text if text.isalnum() else " ".join(text.split())
    if _PLAIN.fullmatch(text):
        return text
    visible = _INVISIBLE.sub("", text)
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", visible)).strip()


def read_name(text: str) -> str:
    """A name as written, without stray spaces around it. Raises `CellRefused`."""
    # Not `plain`: normalising could turn a rare character of a name into another one.
    name = _PADDING.sub("", _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip())
    if not 1 <= len(name) <= 100:  # noqa: PLR2004 -- names of ethnic minorities and foreigners are long
        message = "姓名须为 1 至 100 个字 (name)"
        raise CellRefused(message)
    refuse_spreadsheet_error(name, called="姓名")
    return name


def refuse_spreadsheet_error(text: str, *, called: str) -> None:
    """Let a text pass that is no #N/A or the like. Raises `CellRefused`."""
    if _SPREADSHEET_ERROR.fullmatch(text):
        message = f"此格是表格软件的错误值，不是{called}；请填写{called} (spreadsheet error)"
        raise CellRefused(message)


def read_certificate_number(text: str) -> str:
    """A number as typed; one that a spreadsheet has rounded is refused. Raises `CellRefused`."""
    typed = plain(text)
    if _DAMAGED_NUMBER.fullmatch(typed.upper()):
        message = (
            "号码被表格软件当作数值，末几位已丢失；请把该列设为文本格式，"
            "从原始资料重新填写 (number rounded)"
        )
        raise CellRefused(message)
    return typed


def read_date(text: str) -> date:
    """2023-01-01, 2023/1/1, 20230101, 2023年1月1日, 2023.1.1. Raises `CellRefused`.

    A time of day behind the date is passed over.
    """
    compact = _TIME_OF_DAY.sub("", plain(text)).replace(" ", "")
    match = _SEPARATED_DATE.fullmatch(compact) or _COMPACT_DATE.fullmatch(compact)
    try:
        if match:
            return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        pass
    message = (
        "须为存在的日期，如 2023-01-01、2023/1/1、20230101、2023年1月1日、2023.1.1；"
        "若是一个五位数，请把该列设为日期格式 (date)"
    )
    raise CellRefused(message)


def read_optional_date(text: str) -> date | None:
    """A date, or None for an empty cell. Raises `CellRefused`."""
    return read_date(text) if plain(text) else None


def read_end_date(text: str) -> date | None:
    """A last day, or None for an empty cell, 长期 and 9999-12-31. Raises `CellRefused`."""
    return None if plain(text) in _OPEN_ENDS else read_date(text)


def read_certificate_type(text: str) -> CertificateType:
    """Label, code or national code; empty means 居民身份证. Raises `CellRefused`."""
    return _read_code(text, CertificateType, _CERTIFICATE_CODES)


def read_scheme(text: str) -> Scheme:
    """Label, code or national code of the scheme (险种). Raises `CellRefused`."""
    return _read_code(text, Scheme, _SCHEME_CODES)


def read_identity(text: str, local: LocalIdentities) -> str | None:
    """The code of an identity from its label or code; None for 无. Raises `CellRefused`.

    Of the region's own identities those pass that are registered, if there is a register.
    """
    typed = plain(text)
    if typed in _NO_IDENTITY:
        return None
    called = local.code_called(typed)
    if called is not None:
        return called
    if LOCAL_CODE.fullmatch(typed):
        try:
            local.require_known(typed)
        except UnknownIdentity as error:
            raise CellRefused(str(error)) from None
        return typed
    return _read_code(text, Identity, {}).value


def read_region(text: str) -> str:
    """Six digits of GB/T 2260 (参保区划). Raises `CellRefused`."""
    region = plain(text)
    if not (region.isascii() and _REGION.fullmatch(region)):
        message = "须为 6 位行政区划代码 (GB/T 2260)"
        raise CellRefused(message)
    return region


def _read_code(text: str, codes: type[Code], more: dict[str, Code]) -> Code:
    typed = plain(text)
    for code in codes:
        if typed in (code.value, code.label):
            return code
    if typed in more:
        return more[typed]
    message = "须为：" + "、".join(code.label for code in codes)
    raise CellRefused(message)
