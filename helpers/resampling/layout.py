"""Sort once: rows in blocks of one stratum and one time, latest time first, so that each pass is a running sum."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from helpers.resampling.checks import Floats

MANY = 20_000  # rows from which the packed sort pays
KEPT = 33  # bits that it sorts by


class Layout(NamedTuple):
    """Rows sorted by stratum, then time downwards, and what every pass needs to know of them.

    Attributes
    ----------
    order : int64 (n,)
        Row of the input that stands at each sorted place.
    starts : int64 (blocks + 1,)
        First sorted place of each block of tied times; the last entry is n.
    block : int32 (n,)
        Block of each sorted place.
    fresh : bool (blocks,)
        The block opens a stratum: running sums begin anew.
    leaving : int64 (n,) or (0,)
        Sorted places by entry downwards (within stratum); empty without entry times.
    left : int64 (blocks,)
        How many of `leaving` are not yet under observation at the block's time.
    before : int64 (n,) or (0,)
        For each sorted place, the latest block at or before its entry; -1 if there is none.
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]
    block: NDArray[np.int32]
    fresh: NDArray[np.bool_]
    leaving: NDArray[np.int64]
    left: NDArray[np.int64]
    before: NDArray[np.int64]


def lay_out(time: Floats, entry: Floats | None = None, stratum: NDArray[np.int64] | None = None) -> Layout:
    """Return the layout of right-censored or counting-process rows."""
    order = latest_first(time, stratum)
    sorted_time = time[order]
    sorted_stratum = order[:0] if stratum is None else stratum[order]
    starts, block, fresh = _blocks(sorted_time, sorted_stratum)
    if entry is None:
        nothing = np.zeros(0, dtype=np.int64)
        return Layout(order, starts, block, fresh, nothing, nothing, nothing)
    sorted_entry = entry[order]
    leaving = latest_first(sorted_entry, None if stratum is None else sorted_stratum)
    left, before = _entries(sorted_time, sorted_entry, starts, fresh, leaving)
    return Layout(order, starts, block, fresh, leaving, left, before)


def latest_first(values: Floats, stratum: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Return the order by stratum upwards and values downwards."""
    order = _packed_order(values) if values.size >= MANY and values.min() >= 0 else None
    if order is None:
        order = np.argsort(-values, kind="stable")
    return order if stratum is None else order[np.argsort(stratum[order], kind="stable")]


def _packed_order(values: Floats) -> NDArray[np.int64] | None:
    """Return the order downwards of many non-negative values, or None if this way does not pay.

    The bits of a non-negative float sort as a whole number does. Of their distance to the largest, the last bits give way
    to the row's number, so that a radix sort moves plain numbers that carry their rows along. It sorts by the first
    KEPT bits; neighbours that only the other bits told apart are put right at the end.
    """
    bits = (values + 0.0).view(np.int64)  # + 0.0 turns -0.0 into 0.0
    largest = bits.max()
    spare, used = int(values.size - 1).bit_length(), int(largest - bits.min()).bit_length()
    first_bit = max(spare, used - KEPT)
    packed, scratch = np.empty((2, values.size), np.int64)
    lost = _pack(bits, largest, spare, first_bit, packed)
    packed = _radix_sort(packed, scratch, first_bit, used)
    order = packed & ((1 << spare) - 1)
    return order if not lost or _put_right(values, packed, order, first_bit, values.size) else None


@njit(cache=True, nogil=True)
def _pack(bits, largest, spare, first_bit, packed):
    """Fill packed with the distance to the largest and, in the last bits, the row; return whether first_bit hides any."""
    hidden = 0
    for i in range(bits.size):
        distance = largest - bits[i]
        hidden |= distance & ((1 << first_bit) - 1)
        packed[i] = (distance >> spare << spare) | i
    return hidden != 0


@njit(cache=True, nogil=True)
def _radix_sort(numbers, spare, first_bit, last_bit):
    """Sort non-negative numbers upwards by their bits from first to last, 11 at a time; ties stay as they are."""
    base, mask = 2048, 2047
    digits = (last_bit - first_bit + 10) // 11
    histogram = np.zeros((max(digits, 0), base), np.int64)
    for number in numbers:
        for d in range(digits):
            histogram[d, (number >> (first_bit + 11 * d)) & mask] += 1
    for d in range(digits):
        place, shift, total = histogram[d], first_bit + 11 * d, 0
        if place[(numbers[0] >> shift) & mask] == numbers.size:
            continue
        for k in range(base):
            here = place[k]
            place[k] = total
            total += here
        for number in numbers:
            k = (number >> shift) & mask
            spare[place[k]] = number
            place[k] += 1
        numbers, spare = spare, numbers
    return numbers


@njit(cache=True, nogil=True)
def _put_right(values, packed, order, first_bit, moves):
    """Sort runs of equal packed values downwards by insertion; return False once it takes too many moves."""
    for i in range(1, order.size):
        j = i
        while j > 0 and packed[j] >> first_bit == packed[j - 1] >> first_bit:
            if not values[order[j - 1]] < values[order[j]]:
                break
            order[j - 1], order[j] = order[j], order[j - 1]
            j -= 1
            moves -= 1
        if moves < 0:
            return False
    return True


@njit(cache=True, nogil=True)
def _blocks(time, stratum):
    n, g = time.size, -1
    block = np.empty(n, np.int32)
    for i in range(n):
        if i == 0 or time[i] != time[i - 1] or (stratum.size > 0 and stratum[i] != stratum[i - 1]):
            g += 1
        block[i] = g
    starts, fresh = np.full(g + 2, n), np.empty(g + 1, np.bool_)
    for i in range(n - 1, -1, -1):
        starts[block[i]] = i
        fresh[block[i]] = i == 0 or (stratum.size > 0 and stratum[i] != stratum[i - 1])
    return starts, block, fresh


@njit(cache=True, nogil=True)
def _entries(time, entry, starts, fresh, leaving):
    n, blocks = time.size, starts.size - 1
    left = np.empty(blocks, np.int64)
    before = np.full(n, -1, np.int64)
    pointer = 0
    for g in range(blocks):
        if fresh[g]:
            pointer = starts[g]
            end = n
            for later in range(g + 1, blocks):
                if fresh[later]:
                    end = starts[later]
                    break
        while pointer < end and entry[leaving[pointer]] >= time[starts[g]]:
            before[leaving[pointer]] = g
            pointer += 1
        left[g] = pointer
    return left, before
