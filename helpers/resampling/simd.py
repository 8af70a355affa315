"""Eight numbers at once: a vector type for compiled code, one lane for each resample.

The compiler turns `a * b + c` on lanes into single instructions where the machine has vectors of 512 bits, and into two
or four where they are shorter. Lanes live in compiled code only; they are read from and written to float64 arrays.
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba import njit, types
from numba.core.datamodel import PrimitiveModel
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

from helpers.resampling.exponential import LARGEST, LN2_HIGH, LN2_LOW, LOG2_E, ROUND

LANES = 8
VECTOR = ir.VectorType(ir.DoubleType(), LANES)
WHOLE = ir.VectorType(ir.IntType(64), LANES)
FUSE = ("contract",)


class LanesType(types.Type):
    """Type of a vector of eight floats."""

    def __init__(self):
        super().__init__(name="Lanes")


lanes = LanesType()


@register_model(LanesType)
class _LanesModel(PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, VECTOR)


def _constant(value):
    return ir.Constant(VECTOR, [float(value)] * LANES)


def _broadcast(builder, number):
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(VECTOR, ir.Undefined), places)


def _arithmetic(operation, emit):
    """Let an operator take lanes with lanes, and lanes with a float on either side."""

    @infer_global(operation)
    class _Typing(AbstractTemplate):
        def generic(self, arguments, keywords):
            if len(arguments) == 2 and lanes in arguments and set(arguments) <= {lanes, types.float64}:
                return signature(lanes, *arguments)
            return None

    for kinds in ((LanesType, LanesType), (LanesType, types.Float), (types.Float, LanesType)):

        @lower_builtin(operation, *kinds)
        def _lower(context, builder, signature, arguments):
            pair = [
                value if kind == lanes else _broadcast(builder, value)
                for kind, value in zip(signature.args, arguments, strict=True)
            ]
            return emit(builder, *pair)


_arithmetic(operator.add, lambda builder, a, b: builder.fadd(a, b, flags=FUSE))
_arithmetic(operator.sub, lambda builder, a, b: builder.fsub(a, b, flags=FUSE))
_arithmetic(operator.mul, lambda builder, a, b: builder.fmul(a, b, flags=FUSE))
_arithmetic(operator.truediv, lambda builder, a, b: builder.fdiv(a, b, flags=FUSE))


def _pointer(context, builder, kind, value, index):
    array = context.make_array(kind)(context, builder, value)
    place = builder.gep(array.data, [builder.mul(index, ir.Constant(ir.IntType(64), LANES))])
    return builder.bitcast(place, VECTOR.as_pointer())


@intrinsic
def load(typingctx, array, index):
    """Return lanes 8 * index ... 8 * index + 7 of a flat array."""

    def generate(context, builder, signature, arguments):
        where = _pointer(context, builder, signature.args[0], *arguments)
        return builder.load(where, align=8, typ=VECTOR)

    return lanes(array, types.int64), generate


@intrinsic
def store(typingctx, array, index, value):
    """Write lanes to 8 * index ... 8 * index + 7 of a flat array."""

    def generate(context, builder, signature, arguments):
        where = _pointer(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], where, align=8)
        return context.get_dummy_value()

    return types.void(array, types.int64, lanes), generate


@intrinsic
def spread(typingctx, number):
    """Return eight times the same float."""

    def generate(context, builder, signature, arguments):
        return _broadcast(builder, arguments[0])

    return lanes(types.float64), generate


@intrinsic
def where_less(typingctx, a, b, yes):
    """Return yes where a < b, else 0."""

    def generate(context, builder, signature, arguments):
        less = builder.fcmp_ordered("<", arguments[0], arguments[1])
        return builder.select(less, arguments[2], _constant(0.0))

    return lanes(lanes, lanes, lanes), generate


@intrinsic
def largest(typingctx, a):
    """Return the largest of the eight."""

    def generate(context, builder, signature, arguments):
        best = builder.extract_element(arguments[0], ir.Constant(ir.IntType(32), 0))
        for k in range(1, LANES):
            other = builder.extract_element(arguments[0], ir.Constant(ir.IntType(32), k))
            best = builder.select(builder.fcmp_ordered(">", other, best), other, best)
        return best

    return types.float64(lanes), generate


@intrinsic
def _within(typingctx, a):
    """Return lanes cut to -LARGEST ... LARGEST."""

    def generate(context, builder, signature, arguments):
        a = arguments[0]
        a = builder.select(builder.fcmp_ordered("<", a, _constant(LARGEST)), a, _constant(LARGEST))
        return builder.select(builder.fcmp_ordered(">", a, _constant(-LARGEST)), a, _constant(-LARGEST))

    return lanes(lanes), generate


@intrinsic
def _power_of_two(typingctx, shifted):
    """Return 2**k for k that was rounded by adding ROUND."""

    def generate(context, builder, signature, arguments):
        bits = builder.bitcast(arguments[0], WHOLE)
        bits = builder.add(bits, ir.Constant(WHOLE, [1023] * LANES))
        bits = builder.shl(bits, ir.Constant(WHOLE, [52] * LANES))
        return builder.bitcast(bits, VECTOR)

    return lanes(lanes), generate


@njit
def exp_lanes(x):
    """Return e**x of lanes; see :func:`helpers.resampling.exponential.exponential`."""
    x = _within(x)
    shifted = x * LOG2_E + ROUND
    k = shifted - ROUND
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    s = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0
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
    return s * _power_of_two(shifted)
