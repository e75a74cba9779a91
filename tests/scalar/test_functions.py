"""The table of scalar functions is complete, and each row agrees with itself and with mathematics."""

from __future__ import annotations

import ast
import math
import warnings

import numpy as np
import pytest

from dslc.graph.graph import Builder, TensorType
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map, Value
from dslc.scalar import functions
from dslc.scalar.functions import FUNCTIONS, SUPPORT, Notation, ScalarFunction, Term
from dslc.scalar.types import DType

ALL = sorted(FUNCTIONS.values(), key=lambda function: function.name)
FAR = np.array([-np.inf, -1000.0, -750.0, -40.0, -1e-300, 0.0, 1e-300, 40.0, 750.0, 1000.0, np.inf])


def by_symbol(function: ScalarFunction, operands: list[float | int | bool]) -> object:
    """The symbol's value, read as the tree it is: names, literals, signs and calls."""
    return interpret(ast.parse(function.symbol.format(*(f"x{k}" for k in range(function.arity))), mode="eval").body,
                     {f"x{k}": operand for k, operand in enumerate(operands)})  # fmt: skip


def interpret(tree: ast.expr, names: dict[str, float | int | bool]) -> object:
    def number(part: ast.expr) -> float:
        return float(str(interpret(part, names))) if not isinstance(part, ast.Name) else names[part.id]

    match tree:
        case ast.Name(name):
            return names[name]
        case ast.Call(ast.Name(name), arguments):
            assert name in SUPPORT
            return FUNCTIONS[name].meaning(*(interpret(argument, names) for argument in arguments))
        case ast.BinOp(left, sign, right):
            x, y = number(left), number(right)
            return {ast.Add: x + y, ast.Sub: x - y, ast.Mult: x * y, ast.Div: x / y if y else 0}[type(sign)]
        case ast.UnaryOp(ast.USub(), operand):
            return -number(operand)
        case ast.UnaryOp(ast.Not(), operand):
            return not interpret(operand, names)
        case ast.BoolOp(sign, parts):
            return (all if isinstance(sign, ast.And) else any)(interpret(part, names) for part in parts)
        case ast.IfExp(test, body, otherwise):
            return interpret(body if interpret(test, names) else otherwise, names)
        case ast.Compare(left, [sign], [right]):
            x, y = number(left), number(right)
            table = {ast.Eq: x == y, ast.NotEq: x != y, ast.Lt: x < y, ast.LtE: x <= y, ast.Gt: x > y, ast.GtE: x >= y}
            return table[type(sign)]
        case _:
            raise AssertionError(ast.dump(tree))


def dtypes_of(function: ScalarFunction) -> list[DType]:
    for choice in ([DType.REAL], [DType.INT], [DType.BOOL]):
        if fits(function, choice * function.arity):
            return choice * function.arity
    return [DType.BOOL, DType.REAL, DType.REAL]


def fits(function: ScalarFunction, dtypes: list[DType]) -> bool:
    try:
        function.result(dtypes)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("function", ALL, ids=repr)
def test_every_row_is_complete(function: ScalarFunction) -> None:
    assert len(function.domain) == function.arity == len(function.notation.operands)
    assert fits(function, dtypes_of(function))
    names = [f"x{k}" for k in range(function.arity)]
    assert all(
        f"{{{k}}}" in function.notation.template and f"{{{k}}}" in function.symbol for k in range(function.arity)
    )
    tree = ast.parse(function.symbol.format(*names), mode="eval")
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert called <= set(SUPPORT)


def test_the_support_list_holds_what_symbols_call_and_nothing_else() -> None:
    called = {name for function in ALL for name in SUPPORT if f"{name}(" in function.symbol}
    assert called == set(SUPPORT)
    assert list(SUPPORT) == sorted(SUPPORT)


@pytest.mark.parametrize("function", ALL, ids=repr)
def test_the_symbol_means_what_numpy_says(function: ScalarFunction) -> None:
    draw = np.random.default_rng(0)
    for _ in range(20):
        operands: list[float | int | bool] = [
            {
                DType.REAL: float(draw.uniform(*where)),
                DType.INT: int(draw.uniform(*where)),
                DType.BOOL: bool(draw.integers(2)),
            }[dtype]
            for dtype, where in zip(dtypes_of(function), function.domain, strict=True)
        ]
        expected = function.meaning(*map(np.asarray, operands))
        assert float(str(np.asarray(by_symbol(function, operands), np.float64))) == pytest.approx(
            float(expected), rel=1e-14
        )


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "tanh", "erf", "maximum", "minimum", "where", "abs", "sign"])
def test_nothing_overflows_far_out(name: str) -> None:
    function = FUNCTIONS[name]
    operands = {1: (FAR,), 2: (FAR, FAR[::-1]), 3: (FAR > 0, FAR, FAR)}[function.arity]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            assert not np.any(np.isnan(function.meaning(*operands)))


@pytest.mark.parametrize("function", [f for f in ALL if fits(f, [DType.REAL] * f.arity)], ids=repr)
def test_nan_spreads(function: ScalarFunction) -> None:
    if function.result([DType.REAL] * function.arity) is DType.BOOL:
        return
    for place in range(function.arity):
        operands = [np.asarray(0.5)] * function.arity
        operands[place] = np.asarray(np.nan)
        with np.errstate(all="ignore"):
            assert np.isnan(function.meaning(*operands))


def test_softplus_and_sigmoid_are_exact_where_the_formula_is() -> None:
    x = np.linspace(-30, 30, 61)
    np.testing.assert_allclose(FUNCTIONS["sigmoid"].meaning(x), 1 / (1 + np.exp(-x)), rtol=1e-15)
    np.testing.assert_allclose(FUNCTIONS["softplus"].meaning(x), np.log1p(np.exp(x)), rtol=1e-14)
    assert FUNCTIONS["erf"].meaning(np.array([0.5]))[0] == math.erf(0.5)


def slopes(function: ScalarFunction, *at: float) -> list[float]:
    """The derivative for each operand at a point, evaluated through a graph."""
    build = Builder()
    inputs = [build.add(Leaf(LeafRole.INPUT, f"x{k}", TensorType(()))) for k in range(len(at))]
    out = build.add(Map(function), *inputs)
    g = build.add(Leaf(LeafRole.GRADIENT, "g", TensorType(())))
    found = build.nodes[out].op.gradient(build, build.nodes[out], g)
    values = {k: np.asarray(x) for k, x in enumerate(at)} | {g: np.asarray(1.0)}
    for node in build.nodes:
        if node.id not in values:
            values[node.id] = node.op.evaluate([values[source] for source in node.inputs], 1)
    return [0.0 if node is None else float(values[node]) for node in found]


def test_subgradients_at_kinks_are_zero() -> None:
    assert slopes(FUNCTIONS["maximum"], 0.0, 0.0) == [0, 0]
    assert slopes(FUNCTIONS["minimum"], 2.0, 2.0) == [0, 0]
    assert slopes(FUNCTIONS["abs"], 0.0) == [0]
    assert slopes(FUNCTIONS["maximum"], 1.0, 0.0) == [1, 0]


def test_powers_have_their_slopes_at_and_below_zero() -> None:
    power = FUNCTIONS["power"]
    assert slopes(power, 0.0, 2.0) == [0, 0]
    assert slopes(power, 0.0, 1.0) == [1, 0]
    assert slopes(power, 0.0, 0.0)[0] == 0
    assert slopes(power, -3.0, 2.0) == [-6, 0]
    assert slopes(power, -2.0, 3.0)[0] == 12


def test_formulas_take_the_parentheses_they_need() -> None:
    def filled(name: str, *operands: tuple[str, int]) -> tuple[str, int]:
        return FUNCTIONS[name].notation.fill(operands)

    a, b, c = (("a", 100), ("b", 100), ("c", 100))
    assert filled("multiply", filled("add", a, b), c)[0] == "(a + b) * c"
    assert filled("add", filled("multiply", a, b), c)[0] == "a * b + c"
    assert filled("subtract", a, filled("subtract", b, c))[0] == "a - (b - c)"
    assert filled("subtract", filled("subtract", a, b), c)[0] == "a - b - c"
    assert filled("divide", a, filled("multiply", b, c))[0] == "a / (b * c)"
    assert filled("power", filled("negate", a), b)[0] == "(-a)^b"
    assert filled("negate", filled("add", a, b))[0] == "-(a + b)"
    assert filled("exp", filled("add", a, b))[0] == "exp(a + b)"
    assert Notation("{0}!", 90, (90,)).fill([("a + b", 60)])[0] == "(a + b)!"


def test_a_function_of_numbers_alone_is_no_term() -> None:
    with pytest.raises(TypeError, match="constant"):
        FUNCTIONS["add"](1.0, 2.0)


def test_operators_are_the_functions() -> None:
    build = Builder()
    x = Value(build, build.add(Leaf(LeafRole.INPUT, "x", TensorType((3,)))))

    def name(term: Term) -> str:
        assert isinstance(term, Value)
        return build.nodes[term.node].op.to_text()

    terms = (x + 1.0, 1.0 + x, x - 1.0, 1.0 - x, x * 2.0, 2.0 * x, x / 2.0, 2.0 / x, -x, x**2.0, x < 1.0, x > 1.0)
    names = ["add"] * 2 + ["subtract"] * 2 + ["multiply"] * 2 + ["divide"] * 2 + ["negate", "power", "less", "greater"]
    assert [name(term) for term in terms] == names


@pytest.mark.parametrize(
    ("function", "dtypes"),
    [
        ("add", [DType.REAL, DType.INT]),
        ("add", [DType.BOOL, DType.BOOL]),
        ("exp", [DType.INT]),
        ("divide", [DType.INT, DType.INT]),
        ("less", [DType.BOOL, DType.BOOL]),
        ("equal", [DType.REAL, DType.INT]),
        ("logical_and", [DType.INT, DType.BOOL]),
        ("where", [DType.REAL, DType.REAL, DType.REAL]),
        ("where", [DType.BOOL, DType.REAL, DType.INT]),
        ("real", [DType.REAL]),
        ("uniform", [DType.REAL] * 5),
    ],
)
def test_what_does_not_fit_is_refused(function: str, dtypes: list[DType]) -> None:
    with pytest.raises(TypeError):
        getattr(functions, function).result(dtypes)
