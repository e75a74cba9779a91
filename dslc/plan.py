"""What a training will cost, known before anything is compiled: layers, operations, and every byte with its owner.

Everything is read off the experiment and its lowered program. Bytes are those that the session allocates, and the
rows in the elements that the program fetches; the data as they were read (float64, in Python) are not among them.
Operations count a multiply-add as two, any other scalar function as one, and moving data as none.

    digits: 9,610 parameters, 2.83 MFLOPs a training step of 64 rows

    layer    output  parameters  FLOPs an example
    flatten  [64]             0                 0
    dense    [128]        8,320            16,512
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dslc.elaborate.experiment import Experiment
from dslc.graph.graph import Graph, Node
from dslc.lowering.plan import aligned
from dslc.ops.contract import Contract
from dslc.ops.gather import ScatterAdd
from dslc.ops.leaf import Constant, Leaf, LeafRole
from dslc.ops.map import Map
from dslc.ops.reduce import Argmax, Reduce
from dslc.program.arena import buffer_bytes
from dslc.program.program import Call, ContractKernel, Entry, Fetch, Kernel, LoopKernel, MultiplyKernel, Program, Region
from dslc.runtime.memory import block_bytes, plan_sizes, resident_sizes
from dslc.runtime.plan import columns_of
from dslc.runtime.whole_part import columns_in
from dslc.scalar.body import Apply
from dslc.scalar.functions import ScalarFunction, real
from dslc.scalar.types import ROWS, elements, shape_text

ROWS_PER_PARAMETER = 10
"""With fewer training rows for each parameter a net may learn its rows by heart; a rule of thumb."""

OWNERS: Mapping[Region, str] = {
    Region.PARAMETER: "parameters",
    Region.STATE: "optimizer state",
    Region.ROW: "batch",
    Region.RESULT: "results",
    Region.TOTAL: "totals",
    Region.SETTING: "settings and clock",
    Region.CLOCK: "settings and clock",
}
"""Who owns what lasts in the arena; the rest of it is scratch."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A call of the net by its path (`block.dense_2`): its output for one example, what it owns, what it computes."""

    path: str
    shape: tuple[int, ...]
    parameters: int
    flops: int  # forward, in training, for one example


@dataclass(frozen=True, slots=True)
class Parts:
    """How many rows train, validate, and are there in all; 0 where Python brings them later."""

    train: int
    val: int
    rows: int


@dataclass(frozen=True, slots=True)
class ResourcePlan:
    """`owners` are bytes by owner and add up to `peak_bytes`; the first of them, up to `scratch`, are the arena."""

    name: str
    layers: tuple[Layer, ...]
    parameters: int
    batch: int
    flops_per_step: int
    parts: Parts
    owners: Mapping[str, int]

    @property
    def peak_bytes(self) -> int:
        return sum(self.owners.values())

    @property
    def flops(self) -> int:
        """Operations of the net forward for one example."""
        return sum(layer.flops for layer in self.layers)

    @property
    def advice(self) -> str | None:
        """What the sizes suggest, if anything."""
        if 0 < self.parts.train < ROWS_PER_PARAMETER * self.parameters:
            return (
                f"{self.parts.train:,} training rows are fewer than {ROWS_PER_PARAMETER} for each of"
                f" {self.parameters:,} parameters; watch the validation loss"
            )
        return None

    def to_record(self) -> dict[str, object]:
        """For JSON: `{schema, model, parameters, flops_per_step, peak_bytes, layers, owners, ...}`."""
        return {
            "schema": 1,
            "model": self.name,
            "parameters": self.parameters,
            "batch": self.batch,
            "flops_forward": self.flops,
            "flops_per_step": self.flops_per_step,
            "peak_bytes": self.peak_bytes,
            "rows": {"train": self.parts.train, "val": self.parts.val, "all": self.parts.rows},
            "layers": [
                {"layer": row.path, "output": row.shape, "parameters": row.parameters, "flops": row.flops}
                for row in self.layers
            ],
            "owners": dict(self.owners),
        }

    def to_text(self) -> str:
        """A line of totals, a table of layers, a table of bytes; at most 80 columns wide."""
        step = f"{quantity(self.flops_per_step)}FLOPs a training step of {self.batch:,} row{'s' * (self.batch != 1)}"
        head = f"{short(self.name, 24)}: {self.parameters:,} parameters, {step}"
        layers = [("layer", "output", "parameters", "FLOPs an example")]
        for row in self.layers:
            output = short(shape_text(row.shape), 16)
            layers.append((short(row.path, 30), output, f"{row.parameters:,}", f"{row.flops:,}"))
        layers.append(("in all", "", f"{self.parameters:,}", f"{self.flops:,}"))
        owners = [("memory", "bytes")] + [(owner, f"{size:,}") for owner, size in self.owners.items() if size]
        owners.append((f"in all, {quantity(self.peak_bytes)}B", f"{self.peak_bytes:,}"))
        if not self.parts.rows:
            owners.append(("and the rows that Python brings", ""))
        return "\n".join([head, "", *table(layers, left=2), "", *table(owners, left=1)])


def plan_resources(experiment: Experiment, program: Program, parts: Parts) -> ResourcePlan:
    """The plan of training `experiment` by `program` (entries train, evaluate, finish) on so many rows."""
    batch = min(experiment.loop.batch or parts.train, parts.train) or experiment.loop.batch or program.capacity
    return ResourcePlan(
        experiment.name,
        tuple(_layers(experiment.forward)),
        experiment.size,
        batch,
        _entry_flops(program.entries["train"], batch),
        parts,
        _owners(experiment, program, parts),
    )


# --- memory ---------------------------------------------------------------------------------------


def _owners(experiment: Experiment, program: Program, parts: Parts) -> dict[str, int]:
    owners = dict.fromkeys(OWNERS.values(), 0)
    for buffer in program.buffers:
        if buffer.region is not Region.SCRATCH:
            owners[OWNERS[buffer.region]] += aligned(buffer_bytes(buffer, program.capacity))
    owners["scratch"] = program.arena_bytes - sum(owners.values())
    resident = resident_sizes(program)
    columns = columns_of(program, columns_in(experiment.whole), experiment.named)
    plan = plan_sizes(parts.train, parts.val, experiment.loop.epochs, len(columns))
    _, owners["best copy"], ints, reals = resident
    owners["machine"] = ints + reals
    owners["history"], *lists = plan
    owners["order of rows"] = sum(lists)
    owners["alignment"] = sum(block_bytes(sizes) - sum(sizes) for sizes in (resident, plan))
    owners["rows"] = _source_bytes(program, parts.rows)
    return owners


def _source_bytes(program: Program, rows: int) -> int:
    """Bytes of the row sources, in the elements that the program fetches."""
    fetched = {call.source: call.result for entry in program.entries.values() for call in _fetches(entry)}
    return sum(buffer_bytes(buffer, rows) for buffer in fetched.values())


def _fetches(entry: Entry) -> Iterator[Fetch]:
    return (call for call, _ in entry.calls if isinstance(call, Fetch))


# --- operations -----------------------------------------------------------------------------------


def _entry_flops(entry: Entry, rows: int) -> int:
    """Operations of one call of the entry, as it is compiled: what is shared counts once, what is fused where it is."""
    return sum(times * _call_flops(call, rows) for call, times in entry.calls if isinstance(call, Call))


def contraction_flops(program: Program) -> int:
    """Multiplications and additions of one full training step's contractions."""
    calls = program.entries["train"].calls
    return sum(n * _call_flops(c, program.capacity) for c, n in calls if isinstance(c, Call) and _contracts(c.kernel))


def _contracts(kernel: Kernel) -> bool:
    return isinstance(kernel, MultiplyKernel | ContractKernel)


def _call_flops(call: Call, rows: int) -> int:
    points = elements(call.extents, rows)
    if not isinstance(call.kernel, LoopKernel):
        return points * max(1, len(call.operands))
    applied = sum(_computes(step.function) for step in call.kernel.body if isinstance(step, Apply))
    return points * (applied + (call.kernel.combine is not None))


def _computes(function: ScalarFunction) -> bool:
    """A cast moves data."""
    return function.name != real.name


def _node_flops(graph: Graph, node: Node) -> int:
    """Operations of a node for one example."""
    match node.op:
        case Contract(extents=extents):
            return len(node.inputs) * elements(extents, 1)
        case Map(function=function):
            return _computes(function) * elements(node.type.shape, 1)
        case Reduce() | Argmax() | ScatterAdd():
            return elements(graph.type(node.inputs[-1]).shape, 1)
        case _:
            return 0


# --- layers ---------------------------------------------------------------------------------------


def _layers(forward: Graph) -> Iterator[Layer]:
    """Calls in the order of their first node; what a layer with weights calls without weights counts as its own.

    What stands between calls counts for `net`.
    """
    nodes = _net(forward)
    owning = {node.origin.path for node in nodes if _is_parameter(node)}
    rows: dict[str, list[Node]] = {}
    for node in nodes:
        path = _listed(node.origin.path, owning)
        if path or not isinstance(node.op, Leaf | Constant):
            rows.setdefault(path, []).append(node)
    for path, members in rows.items():
        shape = tuple(extent for extent in members[-1].type.shape if extent is not ROWS)
        owned = sum(elements(node.type.shape, 1) for node in members if _is_parameter(node))
        yield Layer(path or "net", shape, owned, sum(_node_flops(forward, node) for node in members))


def _net(forward: Graph) -> Sequence[Node]:
    """The net's nodes: the loss comes after them and begins with the target, or without one with the rows' weight."""
    for node in forward.nodes:
        if isinstance(node.op, Leaf) and node.op.role in (LeafRole.TARGET, LeafRole.EXAMPLE_WEIGHT):
            return forward.nodes[: node.id]
    return forward.nodes


def _listed(path: str, owning: set[str]) -> str:
    """The innermost call on the path that owns weights, or else the whole path."""
    steps = path.split(".")
    outer = (".".join(steps[:count]) for count in range(len(steps), 0, -1))
    return next((call for call in outer if call in owning), path)


def _is_parameter(node: Node) -> bool:
    return isinstance(node.op, Leaf) and node.op.role is LeafRole.PARAMETER


# --- text -----------------------------------------------------------------------------------------


def quantity(number: int) -> str:
    """`812 `, `19.6 k`, `6.12 M`, for a unit to follow: three digits and a prefix of thousands."""
    value, prefixes = float(number), ["", "k", "M", "G", "T", "P"]
    while value >= 999.5 and len(prefixes) > 1:
        value, prefixes = value / 1000, prefixes[1:]
    return f"{value:.3g} {prefixes[0]}"


def short(text: str, width: int) -> str:
    """The end of a text that is too long: of a path the part that tells it from its neighbours."""
    return text if len(text) <= width else ".." + text[len(text) - width + 2 :]


def table(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Lines with aligned columns, the first `left` of them to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
