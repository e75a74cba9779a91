"""Graph -> program: fused graphs, one per entry, become one `Program`.

Buffers stand in the arena in this order, on which the training machine relies; a scalar takes a slot of 64
bytes, and everything starts at a multiple of 64:

    CLOCK      iteration, progress, rows, seed, epoch, stalled
    SETTING    in the experiment's order, those that some graph reads
    TOTAL      weight, loss, 1, 2, ...: the sums of `evaluate`, in its order and shapes
    RESULT     float64: of `train` objective, sums.weight, sums.loss; of `evaluate` its sums; of `finish` loss and
               metrics; of `health` norms; then other entries' scalars
    PARAMETER  one after another; then STATE, ROW, the other RESULTs, and SCRATCH
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dslc.graph.graph import Graph, Node, TensorType
from dslc.lowering.draft import AnyStep, Draft, Drafts, FetchStep, RepeatStep, Step, View, element_of
from dslc.lowering.entry import SOURCES, entry_steps
from dslc.lowering.plan import BUDGET, Layout, Plan, layout, plan
from dslc.lowering.scans import Leaves
from dslc.lowering.schedule import phases
from dslc.ops.leaf import UPDATE, Leaf, LeafRole
from dslc.program.program import Buffer, Call, Element, Entry, Fetch, Phase, Program, Region, Repeat
from dslc.scalar.types import DType, Shape
from dslc.source import BUILT_IN, Span

CLOCK = {
    "iteration": DType.REAL,
    "progress": DType.REAL,
    "rows": DType.REAL,
    "seed": DType.INT,
    "epoch": DType.INT,
    "stalled": DType.REAL,
}

WHOLLY_READ = ("finish", "health")
"""Entries of which the machine reads all results."""


class Named(Protocol):
    """A setting."""

    @property
    def name(self) -> str: ...
    @property
    def span(self) -> Span: ...


class Shaped(Named, Protocol):
    """A parameter or state."""

    @property
    def shape(self) -> tuple[int, ...]: ...


class Declared(Protocol):
    """What an experiment says about its tensors: lowering needs no more of it than names, shapes and order."""

    @property
    def name(self) -> str: ...
    @property
    def settings(self) -> Sequence[Named]: ...
    @property
    def parameters(self) -> Sequence[Shaped]: ...
    @property
    def states(self) -> Sequence[Shaped]: ...


@dataclass(frozen=True, slots=True)
class Drafted:
    """A program whose buffers have no places yet: one, but for tiles, for all small batches, and one for all others."""

    drafts: Drafts
    sources: Sequence[str]
    entries: Mapping[str, Sequence[Sequence[AnyStep]]]
    results: Mapping[str, Mapping[str, View]]

    @property
    def layout(self) -> Layout:
        return layout(self.drafts.all, self.entries.values())


def lower(
    graphs: Mapping[str, Graph], experiment: Declared, real: Element, capacity: int, budget: int = BUDGET
) -> Program:
    """The program whose entries are `graphs`, REAL tensors as `real`, batches of up to `capacity` rows.

    Raises ModelError (too-much-memory) if the arena would exceed `budget` bytes.
    """
    drafted = draft_program(graphs, experiment, real, capacity)
    drafts = drafted.drafts.all
    places = plan(drafts, drafted.layout, capacity, budget)
    entries = {
        name: Entry(name, _placed_phases(phases, places), _placed_results(drafted.results[name], places))
        for name, phases in drafted.entries.items()
    }
    buffers = tuple(_buffer(View(draft, draft.shape), places) for draft in drafts if draft.number in places.offsets)
    return Program(experiment.name, real, capacity, tuple(drafted.sources), buffers, entries, places.arena_bytes)


def draft_program(graphs: Mapping[str, Graph], experiment: Declared, real: Element, capacity: int) -> Drafted:
    """Steps and buffers of all entries."""
    drafts = Drafts(real, capacity)
    leaves = {**_clock(drafts), **_settings(drafts, graphs, experiment), **_totals(drafts, graphs)}
    results = {name: _scalar_results(drafts, name, graphs[name]) for name in _in_order(graphs)}
    leaves |= _tensors(drafts, graphs, LeafRole.PARAMETER, Region.PARAMETER, experiment.parameters)
    leaves |= _tensors(drafts, graphs, LeafRole.STATE, Region.STATE, experiment.states)
    rows, sources = _rows(drafts, graphs)
    leaves |= rows
    for name, graph in graphs.items():
        results[name] |= _tensor_results(drafts, name, graph, results[name])
    scheduled: dict[str, Sequence[Sequence[AnyStep]]] = {}
    for name, graph in graphs.items():
        element, usual = Element.F64 if name == "finish" else real, usual_rows(name, capacity)
        scheduled[name] = phases(entry_steps(graph, leaves, results[name], sources, element, drafts, usual))
    return Drafted(drafts, sources, scheduled, results)


MANY = 64
"""A batch of fewer rows is a small one."""

USUAL = 256
"""Rows of a batch that is not small, as far as choices between kernels go."""


def usual_rows(entry: str, capacity: int) -> int:
    """How many rows an entry is mostly called with; predictions are often asked for one by one.

    So batches of two kinds have programs of two structures, and `dslc plan --fit` knows where the second begins.
    """
    return USUAL if capacity >= MANY and entry != "predict" else 1


# --- drafts ---------------------------------------------------------------------------------------


def _clock(drafts: Drafts) -> Leaves:
    return {
        (LeafRole.CLOCK, name): drafts.add(name, element_of(dtype, Element.F64), (), Region.CLOCK, BUILT_IN)
        for name, dtype in CLOCK.items()
    }


def _leaves(graphs: Iterable[Graph], role: LeafRole) -> dict[str, Node]:
    """The leaves of a role by name, in the order of first use."""
    found: dict[str, Node] = {}
    for graph in graphs:
        for node in graph.nodes:
            if isinstance(node.op, Leaf) and node.op.role is role:
                found.setdefault(node.op.name, node)
    return found


def _settings(drafts: Drafts, graphs: Mapping[str, Graph], experiment: Declared) -> Leaves:
    used = _leaves(graphs.values(), LeafRole.SETTING)
    return {
        (LeafRole.SETTING, setting.name): drafts.add(setting.name, Element.F64, (), Region.SETTING, setting.span)
        for setting in experiment.settings
        if setting.name in used
    }


def _totals(drafts: Drafts, graphs: Mapping[str, Graph]) -> Leaves:
    """Places for the sums of `evaluate`, and for any other total that `finish` reads."""
    names = [name.removeprefix("sums.") for name in _sums(graphs["evaluate"])] if "evaluate" in graphs else []
    shapes = {name: graphs["evaluate"].type(graphs["evaluate"].outputs[f"sums.{name}"]).shape for name in names}
    shapes |= {name: node.type.shape for name, node in _leaves(graphs.values(), LeafRole.TOTAL).items()}
    return {
        (LeafRole.TOTAL, name): drafts.add(name, Element.F64, shapes[name], Region.TOTAL, BUILT_IN)
        for name in sorted(shapes, key=_sum_order)
    }


def _sums(graph: Graph) -> list[str]:
    return sorted((name for name in graph.outputs if name.startswith("sums.")), key=_sum_order)


def _sum_order(name: str) -> tuple[int, int]:
    """weight, loss, 1, 2, ..., 10, ..."""
    name = name.removeprefix("sums.")
    return (0, 0) if name == "weight" else (1, 0) if name == "loss" else (2, int(name))


def _in_order(graphs: Mapping[str, Graph]) -> list[str]:
    """The entries, those first whose results the machine reads."""
    first = [name for name in ("train", "evaluate", "finish", "health") if name in graphs]
    return first + [name for name in graphs if name not in first]


def _scalar_results(drafts: Drafts, entry: str, graph: Graph) -> dict[str, View]:
    """What the machine or the host reads as float64: objective, sums, and all that `finish` and `health` yield."""
    if entry in WHOLLY_READ:
        names = sorted(graph.outputs, key=lambda name: name != "loss")
    else:
        names = [name for name in ("objective",) if name in graph.outputs] + _sums(graph)
    return {
        name: drafts.add(
            f"{entry}.{name}", Element.F64, graph.type(graph.outputs[name]).shape, Region.RESULT, _span(graph, name)
        )
        for name in names
    }


def _tensor_results(drafts: Drafts, entry: str, graph: Graph, scalars: Mapping[str, View]) -> dict[str, View]:
    def draft(name: str, type: TensorType) -> View:
        element = element_of(type.dtype, drafts.real)
        return drafts.add(f"{entry}.{name}", element, type.shape, Region.RESULT, _span(graph, name))

    return {
        name: draft(name, graph.type(k))
        for name, k in graph.outputs.items()
        if name not in scalars and not name.startswith(UPDATE)
    }


def _tensors(
    drafts: Drafts, graphs: Mapping[str, Graph], role: LeafRole, region: Region, declared: Sequence[Shaped]
) -> Leaves:
    """In the shapes in which the graphs read them."""
    read = {name: node.type.shape for name, node in _leaves(graphs.values(), role).items()}
    return {
        (role, t.name): drafts.add(t.name, drafts.real, read.get(t.name, t.shape), region, t.span) for t in declared
    }


def _rows(drafts: Drafts, graphs: Mapping[str, Graph]) -> tuple[Leaves, list[str]]:
    """The buffers of one batch of each row source that some graph reads, and the sources' names."""
    leaves: dict[tuple[LeafRole, str], View] = {}
    sources: list[str] = []
    for role, prefix in SOURCES.items():
        for name, node in _leaves(graphs.values(), role).items():
            element = element_of(node.type.dtype, drafts.real)
            sources.append(prefix + name)
            leaves[role, name] = drafts.add(prefix + name, element, node.type.shape, Region.ROW, node.origin.span)
    return leaves, sources


def _span(graph: Graph, output: str) -> Span:
    return graph.nodes[graph.outputs[output]].origin.span


# --- drafts and steps with places -----------------------------------------------------------------


def _buffer(view: View, places: Plan) -> Buffer:
    draft: Draft = view.draft
    shape: Shape = view.shape
    return Buffer(draft.name, draft.element, shape, draft.region, places.offsets[draft.number], draft.span, view.slot)


def _placed_phases(scheduled: Sequence[Sequence[AnyStep]], places: Plan) -> tuple[Phase | Repeat, ...]:
    return tuple(_placed_phase(steps, places) for steps in scheduled)


def _placed_phase(steps: Sequence[AnyStep], places: Plan) -> Phase | Repeat:
    match steps:
        case [RepeatStep() as loop]:
            phases = tuple(Phase(tuple(_call(step, places) for step in phase)) for phase in loop.phases)
            return Repeat(loop.steps, loop.reverse, phases, loop.span, loop.note)
        case _:
            return Phase(tuple(_call(step, places) for step in steps if not isinstance(step, RepeatStep)))


def _call(step: Step | FetchStep, places: Plan) -> Call | Fetch:
    result = _buffer(step.result, places)
    if isinstance(step, FetchStep):
        return Fetch(step.source, result)
    operands = tuple(_buffer(view, places) for view in step.operands)
    given = step.extents, step.strides, step.tiles, step.span, step.note, step.follows
    return Call(step.kernel, operands, result, *given)


def _placed_results(results: Mapping[str, View], places: Plan) -> dict[str, Buffer]:
    return {name: _buffer(view, places) for name, view in results.items()}
