"""How much a deposit may come to (押金上限): a share of what the hospital asks of others, an
amount, or the lower of both; never more than the share, so it is rounded down to the fen."""

from settlement.kernel.report import DepositAllowed
from settlement.law.exact import Ratio


class NormalDepositNotStated(Exception):
    """The policy goes by what the hospital asks of others, and nobody said what that is."""


def deposit_most_fen(allowed: DepositAllowed, normal_fen: int | None) -> int | None:
    """The most that may be held, in fen; None where nothing limits it or the number is not known.

    Raises NormalDepositNotStated.
    """
    limits = []
    if allowed.amount and isinstance(allowed.amount.value, int):
        limits.append(allowed.amount.value)
    share = allowed.share_of_normal.value if allowed.share_of_normal else None
    if isinstance(share, Ratio):
        if share.units == 0:
            limits.append(0)
        elif normal_fen is None:
            raise NormalDepositNotStated(
                f"政策规定押金为普通押金的 {share}；请写明本院对其他病人收多少"
            )
        else:
            limits.append(normal_fen * share.units // int(10**share.digits))
    return min(limits, default=None)
