"""The scalar functions: what one element of a map may compute, with every facet in one table row.

A row states the name, the type rule, the meaning in NumPy, the derivative, how generated source and
formulas write it, whether recomputing it is cheaper than storing it, and where to sample it. Derivatives
are written over `Term`s, so one line serves graphs and whatever else can add and multiply; `out` is the
function's own result, `g` the gradient of it.

Conventions: at a kink the subgradient is 0 (`abs` and `sign` at 0), and where the operands of `maximum` or
`minimum` tie neither gets a gradient, so that `max(x, 0)` and `max(0, x)` both have slope 0 at 0. NaN
spreads through every function, `maximum` and `minimum` included, so that divergence cannot hide.

>>> FUNCTIONS["sigmoid"].meaning(-1000.0)
np.float64(0.0)
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from dslc.scalar import random
from dslc.scalar.types import DType

REAL, INT, BOOL = DType.REAL, DType.INT, DType.BOOL
Array: TypeAlias = npt.NDArray[np.generic]
Reals: TypeAlias = npt.NDArray[np.float64]
Whole: TypeAlias = npt.NDArray[np.int64]
Interval: TypeAlias = tuple[float, float]

SUPPORT = (
    "abs", "cos", "erf", "exp", "expm1", "floor", "log", "log1p", "maximum", "minimum", "normal", "power",
    "real", "sigmoid", "sign", "sin", "softplus", "sqrt", "tanh", "uniform",
)  # fmt: skip
"""Every name that a `symbol` calls; a backend defines each for its scalars, with the meaning in the table.

`real(x)` casts to the program's real type; `uniform` and `normal` take (seed, stream, epoch, row, element).
"""


# --- terms ----------------------------------------------------------------------------------------


class Term(ABC):
    """Something that scalar functions apply to; numbers beside a term are REAL constants."""

    __slots__ = ()

    @abstractmethod
    def apply(self, function: ScalarFunction, arguments: tuple[Operand, ...]) -> Term:
        """The function applied to the arguments, of which this term is one."""

    def __add__(self, other: Operand) -> Term:
        return add(self, other)

    def __radd__(self, other: Operand) -> Term:
        return add(other, self)

    def __sub__(self, other: Operand) -> Term:
        return subtract(self, other)

    def __rsub__(self, other: Operand) -> Term:
        return subtract(other, self)

    def __mul__(self, other: Operand) -> Term:
        return multiply(self, other)

    def __rmul__(self, other: Operand) -> Term:
        return multiply(other, self)

    def __truediv__(self, other: Operand) -> Term:
        return divide(self, other)

    def __rtruediv__(self, other: Operand) -> Term:
        return divide(other, self)

    def __neg__(self) -> Term:
        return negate(self)

    def __pow__(self, other: Operand) -> Term:
        return power(self, other)

    def __lt__(self, other: Operand) -> Term:
        return less(self, other)

    def __gt__(self, other: Operand) -> Term:
        return greater(self, other)


Operand: TypeAlias = Term | float


# --- one function ---------------------------------------------------------------------------------

Formula: TypeAlias = tuple[str, int]
"""A formula and how tightly its outermost sign binds: what binds less than its place asks for gets parentheses."""

ATOM = 100
"""The binding of what never needs parentheses: a name, a number, a call."""


@dataclass(frozen=True, slots=True)
class Notation:
    """How a formula shows an application: a template, how tightly it binds, and how tightly each operand must."""

    template: str
    binding: int
    operands: tuple[int, ...]

    def fill(self, operands: Sequence[Formula]) -> Formula:
        """The formula of the operands, with the parentheses it needs."""
        shown = (
            text if binding >= needed else f"({text})"
            for (text, binding), needed in zip(operands, self.operands, strict=True)
        )
        return self.template.format(*shown), self.binding


Derivative: TypeAlias = Callable[..., tuple[Term | None, ...]]


@dataclass(frozen=True, slots=True)
class ScalarFunction:
    """A function of scalars; two are equal if their names are."""

    name: str
    arity: int = field(compare=False)
    result: Callable[[Sequence[DType]], DType] = field(compare=False)
    """The result's type for the operands' types; TypeError where they do not fit."""
    meaning: Callable[..., Array] = field(compare=False)
    """On NumPy arrays of equal shapes: float64, int64 or bool; IEEE results without raising."""
    derivative: Derivative | None = field(compare=False)
    """(operands.., out, g) -> the gradient for each operand, None where there is none; None if there is none at all."""
    symbol: str = field(compare=False)
    """Python source over operands that are names or literals; the names it calls are in `SUPPORT`."""
    notation: Notation = field(compare=False)
    cheap: bool = field(default=False, compare=False)
    """Recomputing it costs less than storing and reading it back."""
    domain: tuple[Interval, ...] = field(default=(), compare=False)
    """Where each operand is sampled by the gradient checker."""

    def __repr__(self) -> str:
        return self.name

    def __call__(self, *operands: Operand) -> Term:
        for operand in operands:
            if isinstance(operand, Term):
                return operand.apply(self, operands)
        raise TypeError(f"{self.name} of numbers alone is a constant, not a term")


# --- type rules -----------------------------------------------------------------------------------


def _fits(dtypes: Sequence[DType], *allowed: DType) -> None:
    for dtype in dtypes:
        if dtype not in allowed:
            raise TypeError(f"an operand is {dtype.value}, not {' or '.join(a.value for a in allowed)}")


def _alike(dtypes: Sequence[DType]) -> None:
    if len(set(dtypes)) != 1:
        raise TypeError(f"operands differ in type: {', '.join(dtype.value for dtype in dtypes)}")


def _arithmetic(dtypes: Sequence[DType]) -> DType:
    _fits(dtypes, REAL, INT)
    _alike(dtypes)
    return dtypes[0]


def _analytic(dtypes: Sequence[DType]) -> DType:
    _fits(dtypes, REAL)
    return REAL


def _order(dtypes: Sequence[DType]) -> DType:
    _fits(dtypes, REAL, INT)
    _alike(dtypes)
    return BOOL


def _equality(dtypes: Sequence[DType]) -> DType:
    _alike(dtypes)
    return BOOL


def _logic(dtypes: Sequence[DType]) -> DType:
    _fits(dtypes, BOOL)
    return BOOL


def _choice(dtypes: Sequence[DType]) -> DType:
    _fits(dtypes[:1], BOOL)
    _alike(dtypes[1:])
    return dtypes[1]


def _cast(dtypes: Sequence[DType]) -> DType:
    _fits(dtypes, INT, BOOL)
    return REAL


def _draw(dtypes: Sequence[DType]) -> DType:
    _fits(dtypes, INT)
    return REAL


# --- meanings that NumPy lacks --------------------------------------------------------------------


def _sigmoid(x: Reals) -> Array:
    decay = np.exp(-np.abs(x))
    return np.where(np.greater_equal(x, 0), 1.0, decay) / (1.0 + decay)


def _softplus(x: Reals) -> Array:
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def _erf(x: Array) -> Array:
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x), np.float64)


def _real(x: Array) -> Array:
    return np.asarray(x, np.float64)


def _uniform(seed: Whole, stream: Whole, epoch: Whole, row: Whole, element: Whole) -> Array:
    word, _ = random.words_of(random.fold((seed, stream), epoch), row, element)
    return np.asarray(random.uniform(word))


def _normal(seed: Whole, stream: Whole, epoch: Whole, row: Whole, element: Whole) -> Array:
    return np.asarray(random.normal(*random.words_of(random.fold((seed, stream), epoch), row, element)))


# --- notations ------------------------------------------------------------------------------------


def _infix(sign: str, binding: int, right: int = 0) -> Notation:
    return Notation(f"{{0}} {sign} {{1}}", binding, (binding, right or binding))


def _prefix(sign: str, binding: int) -> Notation:
    return Notation(f"{sign}{{0}}", binding, (binding,))


def _call(name: str, arity: int = 1) -> Notation:
    return Notation(f"{name}({', '.join(f'{{{k}}}' for k in range(arity))})", ATOM, (0,) * arity)


_POWER = Notation("{0}^{1}", 80, (81, 80))
_LINE: Interval = (-3.0, 3.0)
_POSITIVE: Interval = (0.2, 3.0)
_WHOLE: Interval = (-4, 4)
_SEED: Interval = (0, 1000)

# --- the table: name, arity, type rule, meaning, derivative, symbol, notation, cheap, domain ----------

# fmt: off
add: ScalarFunction = ScalarFunction("add", 2, _arithmetic, np.add,
    lambda x, y, out, g: (g, g), "({0} + {1})", _infix("+", 60), True, (_LINE, _LINE))
subtract: ScalarFunction = ScalarFunction("subtract", 2, _arithmetic, np.subtract,
    lambda x, y, out, g: (g, -g), "({0} - {1})", _infix("-", 60, 61), True, (_LINE, _LINE))
multiply: ScalarFunction = ScalarFunction("multiply", 2, _arithmetic, np.multiply,
    lambda x, y, out, g: (g * y, g * x), "({0} * {1})", _infix("*", 70), True, (_LINE, _LINE))
divide: ScalarFunction = ScalarFunction("divide", 2, _analytic, np.divide,
    lambda x, y, out, g: (g / y, -(g * out / y)), "({0} / {1})", _infix("/", 70, 71), True, (_LINE, _POSITIVE))
negate: ScalarFunction = ScalarFunction("negate", 1, _arithmetic, np.negative,
    lambda x, out, g: (-g,), "(-{0})", _prefix("-", 70), True, (_LINE,))
# The guards keep x^0 flat at 0, and log(0) out of exponents that are trained.
power: ScalarFunction = ScalarFunction("power", 2, _analytic, np.power,
    lambda x, y, out, g: (where(equal(y, 0.0), 0.0, g * (y * x ** (y - 1.0))),
                          where(x > 0.0, g * (out * log(where(x > 0.0, x, 1.0))), 0.0)),
    "power({0}, {1})", _POWER, False, (_POSITIVE, _LINE))
maximum: ScalarFunction = ScalarFunction("maximum", 2, _arithmetic, np.maximum,
    lambda x, y, out, g: (where(x > y, g, 0.0), where(y > x, g, 0.0)),
    "maximum({0}, {1})", _call("max", 2), True, (_LINE, _LINE))
minimum: ScalarFunction = ScalarFunction("minimum", 2, _arithmetic, np.minimum,
    lambda x, y, out, g: (where(x < y, g, 0.0), where(y < x, g, 0.0)),
    "minimum({0}, {1})", _call("min", 2), True, (_LINE, _LINE))
absolute: ScalarFunction = ScalarFunction("abs", 1, _arithmetic, np.abs,
    lambda x, out, g: (g * sign(x),), "abs({0})", _call("abs"), True, (_LINE,))
sign: ScalarFunction = ScalarFunction("sign", 1, _arithmetic, np.sign, None,
    "sign({0})", _call("sign"), True, (_LINE,))
floor: ScalarFunction = ScalarFunction("floor", 1, _analytic, np.floor, None,
    "floor({0})", _call("floor"), True, (_LINE,))

exp: ScalarFunction = ScalarFunction("exp", 1, _analytic, np.exp,
    lambda x, out, g: (g * out,), "exp({0})", _call("exp"), False, (_LINE,))
log: ScalarFunction = ScalarFunction("log", 1, _analytic, np.log,
    lambda x, out, g: (g / x,), "log({0})", _call("log"), False, (_POSITIVE,))
log1p: ScalarFunction = ScalarFunction("log1p", 1, _analytic, np.log1p,
    lambda x, out, g: (g / (1.0 + x),), "log1p({0})", _call("log1p"), False, ((-0.8, 3.0),))
expm1: ScalarFunction = ScalarFunction("expm1", 1, _analytic, np.expm1,
    lambda x, out, g: (g * (out + 1.0),), "expm1({0})", _call("expm1"), False, (_LINE,))
sqrt: ScalarFunction = ScalarFunction("sqrt", 1, _analytic, np.sqrt,
    lambda x, out, g: (g / (2.0 * out),), "sqrt({0})", _call("sqrt"), False, (_POSITIVE,))
sin: ScalarFunction = ScalarFunction("sin", 1, _analytic, np.sin,
    lambda x, out, g: (g * cos(x),), "sin({0})", _call("sin"), False, (_LINE,))
cos: ScalarFunction = ScalarFunction("cos", 1, _analytic, np.cos,
    lambda x, out, g: (-(g * sin(x)),), "cos({0})", _call("cos"), False, (_LINE,))
tanh: ScalarFunction = ScalarFunction("tanh", 1, _analytic, np.tanh,
    lambda x, out, g: (g * (1.0 - out * out),), "tanh({0})", _call("tanh"), False, (_LINE,))
sigmoid: ScalarFunction = ScalarFunction("sigmoid", 1, _analytic, _sigmoid,
    lambda x, out, g: (g * (out * (1.0 - out)),), "sigmoid({0})", _call("sigmoid"), False, (_LINE,))
softplus: ScalarFunction = ScalarFunction("softplus", 1, _analytic, _softplus,
    lambda x, out, g: (g * sigmoid(x),), "softplus({0})", _call("softplus"), False, (_LINE,))
erf: ScalarFunction = ScalarFunction("erf", 1, _analytic, _erf,
    lambda x, out, g: (g * (2.0 / math.sqrt(math.pi) * exp(-(x * x))),), "erf({0})", _call("erf"), False, (_LINE,))

equal: ScalarFunction = ScalarFunction("equal", 2, _equality, np.equal, None,
    "({0} == {1})", _infix("==", 40, 41), True, (_WHOLE, _WHOLE))
not_equal: ScalarFunction = ScalarFunction("not_equal", 2, _equality, np.not_equal, None,
    "({0} != {1})", _infix("!=", 40, 41), True, (_WHOLE, _WHOLE))
less: ScalarFunction = ScalarFunction("less", 2, _order, np.less, None,
    "({0} < {1})", _infix("<", 40, 41), True, (_LINE, _LINE))
less_equal: ScalarFunction = ScalarFunction("less_equal", 2, _order, np.less_equal, None,
    "({0} <= {1})", _infix("<=", 40, 41), True, (_LINE, _LINE))
greater: ScalarFunction = ScalarFunction("greater", 2, _order, np.greater, None,
    "({0} > {1})", _infix(">", 40, 41), True, (_LINE, _LINE))
greater_equal: ScalarFunction = ScalarFunction("greater_equal", 2, _order, np.greater_equal, None,
    "({0} >= {1})", _infix(">=", 40, 41), True, (_LINE, _LINE))
logical_and: ScalarFunction = ScalarFunction("logical_and", 2, _logic, np.logical_and, None,
    "({0} and {1})", _infix("and", 20), True, ((0, 1), (0, 1)))
logical_or: ScalarFunction = ScalarFunction("logical_or", 2, _logic, np.logical_or, None,
    "({0} or {1})", _infix("or", 10), True, ((0, 1), (0, 1)))
logical_not: ScalarFunction = ScalarFunction("logical_not", 1, _logic, np.logical_not, None,
    "(not {0})", _prefix("not ", 30), True, ((0, 1),))
where: ScalarFunction = ScalarFunction("where", 3, _choice, np.where,
    lambda c, x, y, out, g: (None, where(c, g, 0.0), where(c, 0.0, g)),
    "({1} if {0} else {2})", _call("where", 3), True, ((0, 1), _LINE, _LINE))
real: ScalarFunction = ScalarFunction("real", 1, _cast, _real, None,
    "real({0})", _call("real"), True, (_WHOLE,))

uniform: ScalarFunction = ScalarFunction("uniform", 5, _draw, _uniform, None,
    "uniform({0}, {1}, {2}, {3}, {4})", _call("uniform", 5), False, (_SEED,) * 5)
normal: ScalarFunction = ScalarFunction("normal", 5, _draw, _normal, None,
    "normal({0}, {1}, {2}, {3}, {4})", _call("normal", 5), False, (_SEED,) * 5)
# fmt: on

FUNCTIONS = {
    function.name: function
    for function in (
        *(add, subtract, multiply, divide, negate, power, maximum, minimum, absolute, sign, floor),
        *(exp, log, log1p, expm1, sqrt, sin, cos, tanh, sigmoid, softplus, erf),
        *(equal, not_equal, less, less_equal, greater, greater_equal, logical_and, logical_or, logical_not),
        *(where, real, uniform, normal),
    )
}
"""All of them by name."""
