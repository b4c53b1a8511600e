"""Reading amounts and shares as a source prints them (读所载的数): to the fen, or rounded."""

import re
from collections.abc import Mapping

from settlement.application.worked_cases import StatedAmount, StatedIndicator, StatedShare
from settlement.law.document import Node
from settlement.law.exact import NotExact, Ratio, parse_percent
from settlement.law.reading_facts import read_yuan
from settlement.law.reading_words import read_flag
from settlement.law.rounding import RoundingMode

_TEN_THOUSAND = re.compile(r"([0-9]{1,8})(?:\.([0-9]{1,6}))?万")
_DIGITS_OF_FEN = 6
_UNITS = {"分": 1, "角": 10, "元": 100}
_HOW_ROUNDED = {
    "四舍五入": RoundingMode.HALF_UP,
    "half_up": RoundingMode.HALF_UP,
    "舍去": RoundingMode.DOWN,
    "down": RoundingMode.DOWN,
}
_NO_VALUE = ("无", "none")
_WHOLE = Ratio(1, 0)


def read_amounts_fen(node: Node) -> dict[str, int]:
    """Amounts by name, in yuan, as fen."""
    found = {key: node.get(key) for key in node.keys}
    return {key: int(read_yuan(value)) for key, value in found.items() if value}


def read_stated_amounts(node: Node | None) -> Mapping[str, StatedAmount]:
    """Amounts by name, each to the fen or as its source rounds."""
    found = {key: node.get(key) for key in node.keys} if node else {}
    return {key: read_stated_amount(value) for key, value in found.items() if value}


def read_stated_amount(node: Node) -> StatedAmount:
    """`490.00`, or `{value: 11.0万, to: 0.1万}` where the source rounds."""
    if not node.is_mapping:
        return StatedAmount(int(read_yuan(node)))
    value = node.need("value", "写原文的数，如 11.0万")
    to, mode = node.need("to", "写原文取整到多少，如 0.1万、角、元"), node.get("mode")
    stated = StatedAmount(
        fen=_read_rounded(value) if value else 0,
        to_fen=(_UNITS.get(to.text()) or _read_rounded(to) or 1) if to else 1,
        mode=_read_mode(mode) if mode else RoundingMode.HALF_UP,
    )
    node.close()
    if stated.fen % stated.to_fen:
        node.fault("所写的数比它取整到的单位还细", "照原文写：原文到几位，to 就写到几位")
    return stated


def _read_rounded(node: Node) -> int:
    """`7.4万` or yuan, as fen."""
    match = _TEN_THOUSAND.fullmatch(node.text())
    if match is None:
        return int(read_yuan(node))
    return int(match[1] + (match[2] or "").ljust(_DIGITS_OF_FEN, "0"))


def _read_mode(node: Node) -> RoundingMode:
    found = _HOW_ROUNDED.get(node.text())
    if found is None:
        node.fault(f"“{node.text()}”不可用", "写 四舍五入 或 舍去")
    return found or RoundingMode.HALF_UP


def read_indicators(node: Node | None) -> Mapping[str, StatedIndicator]:
    """Reported values by id: `5640.00`, `73.6%`, `{value: 73.6%, to: 0.1%, met: 否}` or `无`."""
    found = {key: node.get(key) for key in node.keys} if node else {}
    return {key: _indicator(value) for key, value in found.items() if value}


def _indicator(node: Node) -> StatedIndicator:
    if not node.is_mapping:
        return StatedIndicator(_value(node, None))
    met = node.get("met")
    found = StatedIndicator(
        value=_value(node.need("value", "写所载的数，如 73.6%"), node.get("to")),
        is_met=read_flag(met) if met else None,
    )
    node.close()
    return found


def _value(node: Node | None, to: Node | None) -> StatedAmount | StatedShare | None:
    if node is None or (not node.is_mapping and node.text() in _NO_VALUE):
        return None
    if not node.text().endswith("%"):
        if to is None:
            return StatedAmount(int(read_yuan(node)))
        return StatedAmount(_read_rounded(node), _UNITS.get(to.text()) or _read_rounded(to) or 1)
    share, step = _percent(node), _percent(to) if to else None
    if step is None:
        return StatedShare(share)
    digits = max(share.digits, step.digits)
    if step.units == 0 or step.is_above(_WHOLE):
        node.fault("取整到的单位不对", "如 0.1%")
        return StatedShare(share)
    if share.at_digits(digits) % step.at_digits(digits):
        node.fault("所写的数比它取整到的单位还细", "照原文写：原文到几位，to 就写到几位")
    return StatedShare(share, step)


def _percent(node: Node) -> Ratio:
    try:
        return parse_percent(node.text())
    except NotExact as wrong:
        node.unreadable(str(wrong), "比例带 %，如 73.6%")
        return Ratio(0, 0)
