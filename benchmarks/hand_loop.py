"""The policy four_layers.yaml as somebody would write them by hand for numba (手写循环).

It knows this one policy: no missing numbers, no other structure. It is what the generated
function is held against.
"""

import numpy as np
from numba import njit

from settlement.kernel.columns import Integers

# Kinds of people, in the order of claims.KINDS; fen, and numerators over 10,000.
_CRITICAL_DEDUCTIBLE = np.array([16901_00, 8450_50, 16901_00])
_CRITICAL_RATE = np.array([6000, 6500, 6000])
_ASSISTANCE_RATE = np.array([7000, 7000, 0])
_TILT_APPLIES = np.array([1, 1, 0])
_TILT_RATE = np.array([6000, 7000, 0])


@njit(error_model="numpy", inline="always")
def _half_up(numerator: int) -> np.int64:
    """A numerator over 10,000, rounded half up; dividing without a sign is quicker."""
    return np.int64(np.uint64(numerator + 5_000) // np.uint64(10_000))


@njit(error_model="numpy")
def settle_by_hand(
    group_starts: Integers, total: Integers, in_scope: Integers, kind: Integers
) -> tuple[Integers, Integers, Integers, Integers, Integers]:
    """Basic, critical, assistance, tilt and the patient's share, in fen."""
    count = total.shape[0]
    basic_out, critical_out = np.empty(count, np.int64), np.empty(count, np.int64)
    assistance_out, tilt_out = np.empty(count, np.int64), np.empty(count, np.int64)
    patient_out = np.empty(count, np.int64)
    for group in range(group_starts.shape[0] - 1):
        burden_so_far = 0
        tilt_so_far = 0
        for claim in range(group_starts[group], group_starts[group + 1]):
            who = kind[claim]
            burden = in_scope[claim]
            basic = _half_up(max(0, burden - 300_00) * 7000)
            burden -= basic
            left_to_deduct = max(0, _CRITICAL_DEDUCTIBLE[who] - burden_so_far)
            burden_so_far += burden
            critical = _half_up(max(0, burden - left_to_deduct) * _CRITICAL_RATE[who])
            burden -= critical
            assistance = _half_up(burden * _ASSISTANCE_RATE[who])
            burden -= assistance
            tilt = _half_up(max(0, burden - 3000_00) * _TILT_RATE[who]) * _TILT_APPLIES[who]
            tilt = min(tilt, max(0, 20000_00 - tilt_so_far))
            tilt_so_far += tilt
            basic_out[claim] = basic
            critical_out[claim] = critical
            assistance_out[claim] = assistance
            tilt_out[claim] = tilt
            patient_out[claim] = total[claim] - basic - critical - assistance - tilt
    return basic_out, critical_out, assistance_out, tilt_out, patient_out
