"""The scalar functions that kernel bodies call, for each element type.

`scalar(name, element)` is the function that dslc/scalar/functions.py calls `name`, written for float32,
float64 or int64 and named `exp_f32`, `maximum_i64`. Each keeps NaN. float32 exp, sigmoid, tanh and what is
made of them are plain arithmetic, so that a loop over them becomes vector code; the others are the C
library's. Relative errors over the whole float32 range, measured in tests/cpu/test_scalars.py: exp 1.2e-7,
sigmoid 2.4e-7, tanh 4e-7, softplus 3e-7.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache

from dslc.program.program import Element
from dslc.scalar import random

from .assembly import REALS, wrapper
from .unit import Assembly, CType, Function, Signature, Unit

SUFFIXES = {Element.F32: "f32", Element.F64: "f64", Element.I64: "i64"}
_FIVE_INTS = tuple((name, CType.I64) for name in ("seed", "stream", "epoch", "row", "element"))

# LLVM's own name for a function of reals; the type's suffix follows.
_INTRINSICS = {
    "abs": ("llvm.fabs", 1),
    "floor": ("llvm.floor", 1),
    "sqrt": ("llvm.sqrt", 1),
    "maximum": ("llvm.maximum", 2),
    "minimum": ("llvm.minimum", 2),
    "log": ("llvm.log", 1),
    "sin": ("llvm.sin", 1),
    "cos": ("llvm.cos", 1),
    "power": ("llvm.pow", 2),
}
_INTEGERS = {"abs": ("llvm.abs", 1, "i1 false"), "maximum": ("llvm.smax", 2, ""), "minimum": ("llvm.smin", 2, "")}

# Functions of the C library; its float32 names end in f.
_LIBRARY = ("log1p", "expm1", "erf")


@cache
def scalar(name: str, element: Element) -> Function:
    """The function of that name for operands of `element`; KeyError where there is none."""
    suffix = SUFFIXES[element]
    symbol = f"{name}_{suffix}"
    if element is Element.I64:
        if name == "sign":
            return _unit(symbol, "x", CType.I64, _SIGN_I64)
        callee, arity, extra = _INTEGERS[name]
        return wrapper(symbol, f"{callee}.i64", CType.I64, arity, extra)
    if name in _INTRINSICS:
        callee, arity = _INTRINSICS[name]
        return wrapper(symbol, f"{callee}.{suffix}", REALS[element], arity)
    if name in _LIBRARY:
        return wrapper(symbol, name + ("f" if element is Element.F32 else ""), REALS[element], 1)
    return _WRITTEN[name](element)


def _unit(symbol: str, parameters: str, ctype: CType, text: str, inlines: tuple[Function, ...] = ()) -> Unit:
    signature = Signature(symbol, tuple((name, ctype) for name in parameters.split()), ctype)
    return Unit(signature, signature.head + "\n" + text, inlines)


_SIGN_I64 = """\
    return (1 if x > 0 else 0) - (1 if x < 0 else 0)
"""


def _real(text: str, element: Element) -> str:
    """The text with its calls `name@` written for the element, and `real` its constructor."""
    return text.replace("@", f"_{SUFFIXES[element]}").replace("real(", f"{SUFFIXES[element]}(")


def _sign(element: Element) -> Unit:
    text = _real("    return real(1.0) if x > real(0.0) else real(-1.0) if x < real(0.0) else x\n", element)
    return _unit(f"sign_{SUFFIXES[element]}", "x", REALS[element], text)


def _scale() -> Assembly:
    """`p` times 2^n in two steps, so that results below the smallest normal number and above the largest come out.

    `n` is read from the last bits of `t`, to which 1.5 * 2^23 was added; NaN gives some n, and NaN it stays.
    """
    text = """\
define float @scale_f32(float %p, float %t) alwaysinline {
  %b = bitcast float %t to i32
  %n = sub i32 %b, 1262485504
  %h = ashr i32 %n, 1
  %r = sub i32 %n, %h
  %h1 = add i32 %h, 127
  %h2 = shl i32 %h1, 23
  %r1 = add i32 %r, 127
  %r2 = shl i32 %r1, 23
  %hf = bitcast i32 %h2 to float
  %rf = bitcast i32 %r2 to float
  %q = fmul float %p, %hf
  %o = fmul float %q, %rf
  ret float %o
}
"""
    return Assembly(Signature("scale_f32", (("p", CType.F32), ("t", CType.F32)), CType.F32), text)


def _exp(element: Element) -> Function:
    """Cephes' expf (Moshier 1989): x = n log 2 + r, a polynomial of degree 7 in r, times 2^n."""
    if element is Element.F64:
        return wrapper("exp_f64", "llvm.exp.f64", CType.F64, 1)
    return _unit("exp_f32", "x", CType.F32, _EXP, (_scale(),))


_EXP = """\
    x = f32(-104.0) if x < f32(-104.0) else x
    x = f32(89.0) if x > f32(89.0) else x
    t = x * f32(1.4426950408889634) + f32(12582912.0)
    n = t - f32(12582912.0)
    r = (x - n * f32(0.693359375)) - n * f32(-2.12194440e-4)
    p = f32(1.9875691500e-4) * r + f32(1.3981999507e-3)
    p = p * r + f32(8.3334519073e-3)
    p = p * r + f32(4.1665795894e-2)
    p = p * r + f32(1.6666665459e-1)
    p = p * r + f32(5.0000001201e-1)
    return scale_f32(p * (r * r) + r + f32(1.0), t)
"""


def _sigmoid(element: Element) -> Unit:
    text = _real("    return real(1.0) / (real(1.0) + exp@(-x))\n", element)
    return _unit(f"sigmoid_{SUFFIXES[element]}", "x", REALS[element], text, (scalar("exp", element),))


def _softplus(element: Element) -> Unit:
    text = _real("    return maximum@(x, real(0.0)) + log1p@(exp@(-abs@(x)))\n", element)
    inlines = tuple(scalar(name, element) for name in ("maximum", "log1p", "exp", "abs"))
    return _unit(f"softplus_{SUFFIXES[element]}", "x", REALS[element], text, inlines)


def _tanh(element: Element) -> Function:
    """Eigen's rational approximation: odd of degree 13 over even of degree 6, which reaches 1 at 9."""
    if element is Element.F64:
        return wrapper("tanh_f64", "tanh", CType.F64, 1)
    return _unit("tanh_f32", "x", CType.F32, _TANH)


_TANH = """\
    x = f32(-9.0) if x < f32(-9.0) else x
    x = f32(9.0) if x > f32(9.0) else x
    s = x * x
    p = f32(-2.76076847742355e-16) * s + f32(2.00018790482477e-13)
    p = p * s + f32(-8.60467152213735e-11)
    p = p * s + f32(5.12229709037114e-08)
    p = p * s + f32(1.48572235717979e-05)
    p = p * s + f32(6.37261928875436e-04)
    p = p * s + f32(4.89352455891786e-03)
    q = f32(1.19825839466702e-06) * s + f32(1.18534705686654e-04)
    q = q * s + f32(2.26843463243900e-03)
    q = q * s + f32(4.89352518554385e-03)
    y = x * p / q
    y = f32(-1.0) if y < f32(-1.0) else y
    return f32(1.0) if y > f32(1.0) else y
"""


def _draw(name: str, line: str) -> Callable[[Element], Unit]:
    def make(element: Element) -> Unit:
        signature = Signature(f"{name}_{SUFFIXES[element]}", _FIVE_INTS, REALS[element])
        helpers = "\n\n".join(inspect.getsource(function) for function in random.COMPILED)
        key = "    word0, word1 = words(fold((seed, stream), epoch), row, element)\n"
        return Unit(signature, f"{helpers}\n\n{signature.head}\n{key}{_real(line, element)}")

    return make


_WRITTEN: dict[str, Callable[[Element], Function]] = {
    "exp": _exp,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "tanh": _tanh,
    "sign": _sign,
    "uniform": _draw("uniform", "    return real(uniform(word0))\n"),
    "normal": _draw("normal", "    return real(normal(word0, word1))\n"),
}
