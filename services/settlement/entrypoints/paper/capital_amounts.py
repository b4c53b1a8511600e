"""Amounts in Chinese capitals (人民币大写), which nobody alters with one stroke.

By 中国人民银行《支付结算办法》附一《正确填写票据和结算凭证的基本规定》, 第二至四条. Where it leaves
a choice, its own first example is followed.
"""

LARGEST_CAPITAL_FEN = 10**14 - 1
"""玖仟玖佰玖拾玖亿…: what the rules have names for, in fen."""

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")
_GROUPS = ("亿", "万", "")
_GROUP = 10_000


class NoCapitals(ValueError):
    """The amount is negative or too large to be written in capitals."""


def capital_amount(amount_fen: int) -> str:
    """Fen in capitals: 1_409_50 is 人民币壹仟肆佰零玖元伍角. Raises NoCapitals."""
    if not 0 <= amount_fen <= LARGEST_CAPITAL_FEN:
        raise NoCapitals(amount_fen)
    yuan, rest = divmod(amount_fen, 100)
    jiao, fen = divmod(rest, 10)
    text = f"{_whole(yuan)}元" if yuan or not rest else ""
    if not rest:
        # 第三条: up to yuan, 整 closes the amount; after jiao it need not, after fen it must not.
        return f"人民币{text}整"
    # 第四条（三）、（四）: 零 where the yuan end in 0, and where jiao is 0 and fen is not.
    if yuan and (yuan % 10 == 0 or not jiao):
        text += "零"
    return (
        "人民币"
        + text
        + (f"{_DIGITS[jiao]}角" if jiao else "")
        + (f"{_DIGITS[fen]}分" if fen else "")
    )


def _whole(yuan: int) -> str:
    """The yuan, four digits at a time; a gap of any length is one 零."""
    if yuan == 0:
        return _DIGITS[0]
    text = ""
    is_gap = False
    for at, name in enumerate(_GROUPS):
        group = yuan // _GROUP ** (len(_GROUPS) - 1 - at) % _GROUP
        if not group:
            is_gap = True
            continue
        # 第四条（三）: after a 万 that ends in 0, no 零 where the thousands are there.
        if text and (is_gap or group < _GROUP // 10):
            text += _DIGITS[0]
        text += _four(group) + name
        is_gap = False
    return text


def _four(group: int) -> str:
    """A number of up to four digits, without 零 at either end."""
    text = ""
    is_gap = False
    for at, place in enumerate(_PLACES):
        digit = group // 10 ** (len(_PLACES) - 1 - at) % 10
        if not digit:
            is_gap = True
            continue
        text += (_DIGITS[0] if text and is_gap else "") + _DIGITS[digit] + place
        is_gap = False
    return text
