"""How graphs read: golden lines and formulas."""

from __future__ import annotations

from dslc.autodiff import differentiate
from dslc.graph.graph import Builder, Graph, Origin, TensorType, to_networkx
from dslc.graph.text import formula, to_text
from dslc.ops.contract import matmul
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.map import Map, Value
from dslc.passes import AFTER_DIFFERENTIATION, BEFORE_DIFFERENTIATION, apply
from dslc.passes.prune import prune
from dslc.scalar.affine import identity
from dslc.scalar.body import Apply, Instruction, Literal, Load
from dslc.scalar.body import to_text as body_text
from dslc.scalar.functions import Term, absolute, exp, less_equal, multiply, tanh, where
from dslc.scalar.types import ROWS, DType
from dslc.source import Source, Span

SOURCE = Source("digits.dsl", "net {\n  inputs | dense(2) | tanh\n}\n")
LINE_2 = Span(SOURCE, 8, 31)


def test_one_line_a_node() -> None:
    build = Builder()
    x = build.add(Leaf(LeafRole.INPUT, "inputs", TensorType((ROWS, 3))))
    build.origin = Origin(LINE_2, "dense")
    w = build.add(Leaf(LeafRole.PARAMETER, "dense.w", TensorType((3, 2))))
    y = build.add(Map(tanh), build.add(matmul((ROWS, 3), (3, 2)), x, w))
    graph, (gradient,) = differentiate(build.graph({"y": y}), y, [w])
    assert to_text(prune(graph.with_outputs(gradient=gradient))) == (
        "%0 = input inputs : [rows, 3] real\n"
        "%1 = parameter dense.w : [3, 2] real  # dense digits.dsl:2\n"
        "%2 = contract [i0, i2] [i2, i1] -> [i0, i1] over rows, 2, 3 %0 %1 : [rows, 2] real  # dense digits.dsl:2\n"
        "%3 = tanh %2 : [rows, 2] real  # dense digits.dsl:2\n"
        "%4 = constant 1.0 : [] real  # gradient of dense digits.dsl:2\n"
        "%5 = expand to [rows, 2] %4 : [rows, 2] real  # gradient of dense digits.dsl:2\n"
        "%6 = multiply %3 %3 : [rows, 2] real  # gradient of dense digits.dsl:2\n"
        "%7 = constant 1.0 : [] real  # gradient of dense digits.dsl:2\n"
        "%8 = expand to [rows, 2] %7 : [rows, 2] real  # gradient of dense digits.dsl:2\n"
        "%9 = subtract %8 %6 : [rows, 2] real  # gradient of dense digits.dsl:2\n"
        "%10 = multiply %5 %9 : [rows, 2] real  # gradient of dense digits.dsl:2\n"
        "%11 = contract [i0, i2] [i0, i1] -> [i2, i1] over rows, 2, 3 %0 %10 : [3, 2] real"
        "  # gradient of dense digits.dsl:2\n"
        "y = %3\n"
        "gradient = %11\n"
    )


def gradient_formula(*names: str, of: Term, build: Builder) -> list[str]:
    """The gradients of a formula for the named leaves, simplified, as text."""
    assert isinstance(of, Value)
    graph = apply(build.graph({"of": of.node}), BEFORE_DIFFERENTIATION)
    leaves = {node.op.formula(())[0]: node.id for node in graph.nodes if node.op.key}
    graph, gradients = differentiate(graph, graph.outputs["of"], [leaves[name] for name in names])
    found = []
    for gradient in gradients:
        alone = apply(Graph(graph.nodes, {"gradient": gradient}), AFTER_DIFFERENTIATION)
        found.append(formula(alone, alone.outputs["gradient"]))
    return found


def values(build: Builder, *names: str) -> list[Value]:
    type = TensorType((ROWS, 3))
    return [Value(build, build.add(Leaf(LeafRole.INPUT, name, type))) for name in names]


def test_the_gradient_of_huber_reads_as_in_the_textbook() -> None:
    build = Builder()
    prediction, target = values(build, "prediction", "target")
    e = absolute(prediction - target)
    loss = where(less_equal(e, 2.0), 0.5 * e**2.0, 2.0 * (e - 0.5 * 2.0))
    assert gradient_formula("prediction", of=loss, build=build) == [
        "a = prediction - target\nwhere(abs(a) <= 2, abs(a), 2) * sign(a)"
    ]


def test_the_gradients_of_elementary_functions_read_as_in_the_textbook() -> None:
    build = Builder()
    x, y = values(build, "x", "y")
    cases: dict[str, Term] = {
        "2 * x": x**2.0,
        "3 * x * x": x**3.0,
        "y": x * y,
        "1 / y": x / y,
        "1 - tanh(x) * tanh(x)": tanh(x),
        "exp(x)": exp(x),
        "-exp(y - x)": exp(y - x),
        "where(x <= y, 1, y)": where(less_equal(x, y), x, x * y),
    }
    for expected, of in cases.items():
        assert gradient_formula("x", of=of, build=build) == [expected]


def test_names_of_shared_parts_are_not_those_of_leaves() -> None:
    build = Builder()
    a, b = values(build, "a", "b")
    part = exp(a * a + b * b)
    whole = part * (1.0 + part)
    assert isinstance(whole, Value)
    graph = build.graph({"y": whole.node})
    assert formula(graph, whole.node) == "c = exp(a * a + b * b)\nc * (1 + c)"


def test_products_of_tensors_read_in_index_notation() -> None:
    build = Builder()
    x = build.add(Leaf(LeafRole.INPUT, "x", TensorType((ROWS, 3))))
    w = build.add(Leaf(LeafRole.PARAMETER, "w", TensorType((3, 2))))
    y = build.add(matmul((ROWS, 3), (3, 2)), build.add(Map(multiply), x, x), w)
    assert formula(build.graph({}), y) == "sum((x * x)[i0, i2] * w[i2, i1] over i2)"


def test_a_loop_names_what_it_reads_twice() -> None:
    body: list[Instruction] = [Load(0, identity(1)), Literal(2.0, DType.REAL), Apply(multiply, (0, 1))]
    body += [Apply(multiply, (k, k)) for k in range(2, 40)]
    assert body_text(tuple(body[:5])) == "t2 = x0[i0] * 2.0; t3 = t2 * t2; t3 * t3"
    assert len(body_text(tuple(body))) < 1000


def test_the_networkx_view_has_an_edge_for_every_operand() -> None:
    build = Builder()
    (x,) = values(build, "x")
    square = x * x
    assert isinstance(square, Value)
    view = to_networkx(build.graph({"y": square.node}))
    assert view.number_of_edges(x.node, square.node) == 2
    assert view.nodes[square.node]["op"] == "multiply"
