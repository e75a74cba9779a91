"""The gradients of a file's own definitions, held against central differences: `dslc check FILE --gradients`.

Each definition is elaborated on the smallest shapes that its patterns allow, as training would, and differentiated at
random points. What the compiler derives is right by construction; what `gradient x = ..` declares may not be.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from dslc.derivatives import TOLERANCE, Comparison, compare
from dslc.derive import derive
from dslc.diagnostics import Diagnostic, ModelError, Severity
from dslc.elaborate.definition import Elaborated, elaborate_definition, stand_in
from dslc.elaborate.library import Library
from dslc.graph.graph import Array, NodeId
from dslc.ops.leaf import Leaf, LeafRole
from dslc.scalar.types import DType, sized
from dslc.syntax.ast import Definition, DefinitionKind, Gradient, Module

POINTS = 20
ROWS = 3
INTERVALS = ((-2.0, 2.0), (0.1, 1.5))
"""Where points are drawn: the second where the first has none at which the definition is finite."""

DIFFERENTIATED = frozenset(DefinitionKind) - {DefinitionKind.METRIC, DefinitionKind.INITIALIZER}


class WrongDerivative(Diagnostic):
    """A declared gradient is held against central differences at random points, in float64.

    One that differs on purpose says so: `approximate gradient x = ..`.
    """

    code: ClassVar = "wrong-derivative"
    message: ClassVar = "the gradient of `{name}` is not its derivative: {found:g} along `{leaf}`, not {meant:g}"
    help: ClassVar = "leave it out, and it is derived; or write `approximate gradient` if it differs on purpose"
    name: str
    leaf: str
    found: float
    meant: float


class Untried(Diagnostic):
    """The smallest shapes that a definition's patterns allow, or random numbers, do not suit every definition."""

    code: ClassVar = "untried"
    message: ClassVar = "the gradient of `{name}` could not be tried: {reason}"
    severity: ClassVar = Severity.NOTE
    name: str
    reason: str


def wrong_gradients(module: Module) -> Iterator[Diagnostic]:
    """A finding for each own definition whose gradient is wrong, or that could not be tried."""
    library = Library(module)
    for item in module.items:
        if isinstance(item, Definition) and item.kind in DIFFERENTIATED and not _approximate(item):
            yield from _findings(item, library)


def _approximate(definition: Definition) -> bool:
    return any(isinstance(statement, Gradient) and statement.approximate for statement in definition.body)


def _findings(definition: Definition, library: Library) -> Iterator[Diagnostic]:
    name = definition.name.text
    try:
        sample = stand_in(definition).replaced(batched=True)
        made = elaborate_definition(definition, sample, library, derive)
    except ModelError as error:
        yield Untried(definition.name.span, name, error.diagnostics[0].text)
        return
    draw = np.random.default_rng(zlib.crc32(name.encode()))
    worst, tried = _worst(made, sample.classes or 2, draw)
    if not tried:
        yield Untried(definition.name.span, name, "it has no finite value at random points")
    elif worst is not None and worst.error >= TOLERANCE:
        op = made.graph.nodes[worst.leaf].op
        leaf = op.name if isinstance(op, Leaf) else name
        declared = [s for s in definition.body if isinstance(s, Gradient)]
        place = next((s.span for s in declared if s.name.text == leaf), definition.name.span)
        yield WrongDerivative(place, name, leaf, worst.symbolic, worst.numeric)


def _worst(made: Elaborated, classes: int, draw: np.random.Generator) -> tuple[Comparison | None, bool]:
    """The comparison with the largest error, and whether there was a point with a finite value."""
    found: list[Comparison] = []
    for interval in INTERVALS:
        for _ in range(POINTS):
            leaves = dict(_point(made, interval, classes, draw))
            wrt = [k for k in leaves if _differentiable(made, k)]
            for output in made.graph.outputs.values():
                found += compare(made.graph, output, wrt, leaves, rows=ROWS, draw=draw)
        found = [each for each in found if np.isfinite(each.numeric)]
        if found:
            break
    return max(found, key=lambda each: each.error, default=None), bool(found)


def _differentiable(made: Elaborated, leaf: NodeId) -> bool:
    op = made.graph.nodes[leaf].op
    shaped = isinstance(op, Leaf) and op.role not in (LeafRole.CLOCK, LeafRole.SETTING)
    return shaped and made.graph.type(leaf).dtype is DType.REAL


def _point(
    made: Elaborated, interval: tuple[float, float], classes: int, draw: np.random.Generator
) -> Iterator[tuple[NodeId, Array]]:
    """A value for every leaf."""
    for node in made.graph.nodes:
        if not isinstance(node.op, Leaf):
            continue
        match node.op.role:
            case LeafRole.SETTING:
                yield node.id, np.asarray(made.numbers[node.op.name])
            case LeafRole.CLOCK if node.op.name == "rows":
                yield node.id, np.asarray(float(ROWS))
            case LeafRole.CLOCK:
                values = {"iteration": 3.0, "progress": float(draw.uniform(0.1, 0.9))}
                whole = node.type.dtype is DType.INT
                yield node.id, np.asarray(1 if whole else values.get(node.op.name, 1.0))
            case _ if node.type.dtype is DType.REAL:
                yield node.id, draw.uniform(*interval, sized(node.type.shape, ROWS))
            case _:
                yield node.id, np.asarray(draw.integers(0, classes, sized(node.type.shape, ROWS)))
