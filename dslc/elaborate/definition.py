"""One definition on its own: the graph of `huber` or `adam` over leaves of chosen shapes.

This is what `dslc show huber --stage grad` prints and what the gradient checks differentiate. A tensor that
the definition takes becomes a leaf of its name, a number a SETTING leaf where a formula uses it.

    huber       input prediction, input target, setting delta   -> value
    adam        parameter weight, gradient grad, state m, clock iteration, ... -> update.weight, update.m, ...
    cosine      setting from, setting to, clock progress         -> value
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dslc.diagnostics import Diagnostic, ModelError, in_order
from dslc.elaborate.arguments import PAIR
from dslc.elaborate.calls import call_definition
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import Cascade, Exhausted, Fault, MissingItem, Unexpected, UnknownName, WrongKind
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.expression import evaluate
from dslc.elaborate.frame import Derive, Frame, Session, WeightPlace
from dslc.elaborate.heads import Link
from dslc.elaborate.library import Library, definitions
from dslc.elaborate.names import resolve
from dslc.elaborate.numbers import FromLet, Number, Plain
from dslc.elaborate.optimizer import Chosen
from dslc.elaborate.ranges import KINDS
from dslc.elaborate.reductions import BATCH
from dslc.elaborate.scope import Scope
from dslc.elaborate.survey import link_of, references, survey, unused
from dslc.elaborate.totals import Totals
from dslc.elaborate.updates import update_of
from dslc.elaborate.values import Bound, Poison, SizeOf, Tensor, Value, Words, kind_of
from dslc.elaborate.whole_part import WholePart, needs_whole_part
from dslc.frozen import Frozen
from dslc.graph.graph import Builder, Graph, Node, NodeId, TensorType
from dslc.ops.leaf import UPDATE, Leaf, LeafRole
from dslc.scalar.types import ROWS, DType, Shape
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind

LOSS, METRIC = DefinitionKind.LOSS, DefinitionKind.METRIC
EXTENTS = (4, 5, 6, 7)
"""What a stand-in gives to the names of a pattern, in order."""

STAND_IN = "tanh"
"""What it gives for a layer."""


class Sample(Frozen):
    """What a definition is tried on: shapes per example by parameter, and numbers, sizes and words for the others.

    An optimizer's shape is that of `weight`, an initializer's that of `shape`. `classes` makes the target a
    class of so many, of two where the definition declares a class; `batched`: tensors carry the batch axis.
    """

    shapes: Mapping[str, tuple[int, ...]]
    numbers: Mapping[str, Plain | tuple[int, ...] | str]
    classes: int | None = None
    batched: bool = True


class Elaborated(Frozen):
    """The graph, and the value of each SETTING leaf that it may read."""

    graph: Graph
    numbers: Mapping[str, float]


def elaborate_definition(
    definition: ast.Definition, sample: Sample, library: Library | None = None, derive: Derive | None = None
) -> Elaborated:
    """The definition's formulas on the sample. Raises ModelError where they do not fit.

    `library` and `derive` are for a definition of a file's own. Training is on.
    """
    library = library or Library()
    session = Session(definition.span.source, library, evaluate, call_definition, derive)
    draft = Draft()
    whole = needs_whole_part(definition, library, {}, library.is_own(definition))
    totals = WholePart(draft) if whole else Totals(draft) if definition.kind is METRIC else None
    wide = bool(sample.shapes.get("prediction"))
    link = link_of(definition, library) if definition.kind is LOSS else Link("softmax" if wide else "sigmoid", True)
    place = WeightPlace("weight", sample.shapes["shape"]) if definition.kind is DefinitionKind.INITIALIZER else None
    frame = Frame(session, Scope(), draft, True, tuple(DefinitionKind), totals, link=link, weight=place)
    try:
        graph = _graph(frame, definition, sample)
    except (Fault, Cascade) as fault:
        if isinstance(fault, Fault) and not isinstance(fault, Exhausted):
            frame.report(fault)
        raise ModelError(in_order(session.faults)) from None
    if session.faults:
        raise ModelError(in_order(session.faults))
    numbers = {p.name.text: _default(frame, p) for p in definition.parameters if p.name.text not in sample.shapes}
    given = {name: value for name, value in sample.numbers.items() if isinstance(value, int | float)}
    return Elaborated(graph, {name: float(v) for name, v in (numbers | given).items() if v is not None})


def _default(frame: Frame, parameter: ast.Parameter) -> Plain | None:
    value = frame.evaluate(parameter.default) if parameter.default is not None else None
    return value.value if isinstance(value, Number) else None


def _graph(frame: Frame, definition: ast.Definition, sample: Sample) -> Graph:
    arguments = {p.name.text: bound for p in definition.parameters if (bound := _argument(frame, p, sample))}
    if definition.kind is DefinitionKind.OPTIMIZER:
        chosen = Chosen(definition, arguments, definition.name.span)
        weight = Parameter("weight", sample.shapes["weight"], Graph((), {}), definition.span)
        return _short_names(update_of(frame, chosen, weight))
    value = frame.call(definition, tuple(arguments.values()), definition.name.span)
    if isinstance(value, Poison):
        raise Cascade
    if isinstance(value, Number):
        value = Tensor(frame.draft, frame.draft.number(value), (), False, definition.span)
    if not isinstance(value, Tensor):
        raise Fault(Unexpected(definition.name.span, kind_of(value), "a tensor"))
    match frame.totals:
        case Totals() as totals:
            return _over_batch(totals, value)
        case WholePart() as part if definition.kind is METRIC and value.batched:
            value = part.gather(value, True, value.span, pooled=True)
        case _:
            pass
    states = frame.draft.updates if definition.kind is DefinitionKind.SCHEDULE else {}
    return frame.draft.graph({"value": value.node} | {UPDATE + path: node for path, node in states.items()})


def _short_names(updates: Graph) -> Graph:
    """`grad` for the gradient's leaf, `m` for `m.weight`: as the definition itself calls them."""

    def renamed(node: Node) -> Node:
        match node.op:
            case Leaf(role=LeafRole.GRADIENT):
                return replace(node, op=replace(node.op, name="grad"))
            case Leaf(role=LeafRole.STATE, name=name):
                return replace(node, op=replace(node.op, name=name.removesuffix(".weight")))
            case _:
                return node

    states = {name: name.removesuffix(".weight") for name in updates.outputs if name != UPDATE + "weight"}
    outputs = {states.get(name, name): node for name, node in updates.outputs.items()}
    return Graph(tuple(map(renamed, updates.nodes)), outputs)


def _argument(frame: Frame, parameter: ast.Parameter, sample: Sample) -> Bound | None:
    """The parameter's leaf or number; None leaves it to its default, or to what the place implies."""
    name, span = parameter.name.text, parameter.name.span
    if name in sample.shapes:
        return Bound(name, _leaf(frame.draft, parameter, sample), span)
    if name in sample.numbers:
        return Bound(name, _given(name, sample.numbers[name]), span)
    if _is(parameter, "layer"):
        return Bound(name, resolve(frame, ast.Name(span, STAND_IN)), span)
    if parameter.default is None or not isinstance(parameter.default, ast.Number):
        return None
    value = frame.evaluate(parameter.default)
    if isinstance(value, Number) and not isinstance(value.value, bool):
        value = value.replaced(term=FromLet(name), lets=frozenset({name}))
    return Bound(name, value, span)


def _given(name: str, given: Plain | tuple[int, ...] | str) -> Value:
    match given:
        case tuple():
            return SizeOf(given)
        case str():
            return Words(given)
        case _:
            return Number(given, FromLet(name), frozenset({name}))


def _leaf(draft: Draft, parameter: ast.Parameter, sample: Sample) -> Tensor:
    name, shape = parameter.name.text, sample.shapes[parameter.name.text]
    whole: Shape = (ROWS, *shape) if sample.batched else shape
    if isinstance(parameter.type, ast.Kind) or (
        name == "target" and parameter.type is None and sample.classes is not None
    ):
        node = draft.leaf(LeafRole.TARGET, name, TensorType(whole, DType.INT))
        return Tensor(draft, node, shape, sample.batched, parameter.span, maker=name, classes=sample.classes or 2)
    node = draft.leaf(LeafRole.INPUT, name, TensorType(whole))
    return Tensor(draft, node, shape, sample.batched, parameter.span, maker=name)


def _over_batch(totals: Totals, value: Tensor) -> Graph:
    """A metric over one batch: its final formula on top of the sums that feed it."""
    if value.home is totals.examples:
        value = totals.gather(value, True, value.span, pooled=True)
    sums: dict[str, NodeId] = {str(k): node for k, node in enumerate(totals.sums, 1)}
    sums["weight"] = totals.sum_of_weights()
    finish = totals.draft.graph({"value": value.node})
    build = Builder(totals.examples.graph({}))
    replaced = {node.id: sums[node.op.name] for node in finish.nodes if isinstance(node.op, Leaf)}
    where = build.splice(finish, replaced)
    return build.graph({"value": where[value.node]})


# --- a file of definitions ------------------------------------------------------------------------


def only_definitions(module: ast.Module) -> bool:
    """Whether the file is there to be used by others."""
    return bool(module.items) and all(isinstance(item, ast.Definition | ast.Use) for item in module.items)


def findings_of_definitions(module: ast.Module, derive: Derive) -> list[Diagnostic]:
    """What is wrong with such a file whoever uses it: names that mean nothing, and what nothing refers to.

    Each definition is elaborated on its stand-in, whose shapes need not suit it: what else is said of it is not kept.
    """
    library = Library(module)
    found = [*library.faults, *(fault for fault in survey(module).faults if not isinstance(fault, MissingItem))]
    for definition in definitions(module):
        try:
            elaborate_definition(definition, stand_in(definition), library, derive)
        except ModelError as error:
            found += [fault for fault in error.diagnostics if isinstance(fault, UnknownName | WrongKind)]
    named = {(each.kind, each.name.text) for each in definitions(module)}
    return in_order(found or unused(module, named))


# --- a sample to show -----------------------------------------------------------------------------


def stand_in(definition: ast.Definition) -> Sample:
    """The smallest sample that the definition's patterns allow, for showing its formulas.

    It has no batch axis where the definition does not go over the batch.
    """
    extents: dict[str, int] = {}
    shapes = {p.name.text: _shape(p.type, extents) for p in definition.parameters if _is_tensor(definition, p)}
    if definition.kind is DefinitionKind.OPTIMIZER:
        shapes = {"weight": ()}
    if definition.kind is DefinitionKind.INITIALIZER:
        shapes = {"shape": (3, 4)}
    weights = [statement.shape for statement in definition.body if isinstance(statement, ast.Weight)]
    sizes = {dim.text for shape in weights for dim in shape.dims if isinstance(dim, ast.Name)}
    implied = {"fan_in", "fan_out"} if definition.kind is DefinitionKind.INITIALIZER else set[str]()
    numbers: dict[str, Plain | tuple[int, ...] | str] = {}
    for parameter in definition.parameters:
        name = parameter.name.text
        if _is(parameter, "count") and parameter.default is not None:
            numbers[name] = 1  # what divides another number, as heads do, divides it
        elif name in sizes or _is(parameter, "count"):
            numbers[name] = 2
        elif parameter.default is None and name not in {*shapes, *implied} and not _is(parameter, "layer"):
            numbers[name] = 0.5
    named = references(definition)
    classes = extents.get("classes") or (2 if "one_hot" in named else None)
    return Sample(shapes, numbers, classes, batched=BATCH in named)


def _is(parameter: ast.Parameter, kind: str) -> bool:
    return isinstance(parameter.type, ast.Kind) and parameter.type.name.text == kind


def _is_tensor(definition: ast.Definition, parameter: ast.Parameter) -> bool:
    if isinstance(parameter.type, ast.Kind) and parameter.type.name.text in KINDS:
        return False
    if parameter.type is not None or (definition.kind in (LOSS, METRIC) and parameter.name.text in PAIR):
        return True
    waiting = definition.kind in (DefinitionKind.LAYER, DefinitionKind.ACTIVATION, LOSS)
    return waiting and parameter is definition.parameters[0]


def _shape(pattern: ast.TypeOf | None, extents: dict[str, int]) -> tuple[int, ...]:
    """The pattern with an extent for each name, nothing for `..`."""
    if not isinstance(pattern, ast.Shape):
        return ()
    shape: list[int] = []
    for dim in pattern.dims:
        match dim:
            case ast.Name(text=text):
                shape.append(extents.setdefault(text, EXTENTS[len(extents) % len(EXTENTS)]))
            case ast.Number(value=int() as value):
                shape.append(value)
            case ast.Leading():
                pass
            case _:
                shape.append(EXTENTS[0])
    return tuple(shape)
