"""An exponential that the compiler can vectorise: one polynomial, no branch, good to the last bits."""

from __future__ import annotations

from numba import njit, types
from numba.extending import intrinsic

LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # ln 2 in two parts, the first with zeros at its end
LN2_LOW = 1.90821492927058770002e-10
ROUND = 6755399441055744.0  # adding 1.5 * 2**52 leaves the nearest whole number in the last bits
LARGEST = 300.0


@intrinsic
def _as_float(typingctx, bits):
    """Read 64 bits as a float."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(types.float64))

    return types.float64(types.int64), generate


@intrinsic
def _as_bits(typingctx, number):
    """Read a float as 64 bits."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(types.int64))

    return types.int64(types.float64), generate


@njit(cache=True, nogil=True, fastmath={"contract"})
def exponential(x):
    """Return e**x for x between -300 and 300; beyond, the value at that end."""
    x = min(max(x, -LARGEST), LARGEST)
    shifted = x * LOG2_E + ROUND
    k = shifted - ROUND
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    s = 1.0 / 6227020800.0
    s = s * r + 1.0 / 479001600.0
    s = s * r + 1.0 / 39916800.0
    s = s * r + 1.0 / 3628800.0
    s = s * r + 1.0 / 362880.0
    s = s * r + 1.0 / 40320.0
    s = s * r + 1.0 / 5040.0
    s = s * r + 1.0 / 720.0
    s = s * r + 1.0 / 120.0
    s = s * r + 1.0 / 24.0
    s = s * r + 1.0 / 6.0
    s = s * r + 0.5
    s = s * r + 1.0
    s = s * r + 1.0
    return s * _as_float((_as_bits(shifted) + 1023) << 52)
