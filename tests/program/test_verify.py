"""The verifier finds every hand-broken program, and none in what lowering makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from small_models import adam, classifier, leaf, lowered, training_step

from dslc.graph.graph import Builder, NodeId
from dslc.ops.contract import Contract
from dslc.ops.gather import ScatterAdd
from dslc.ops.leaf import LeafRole
from dslc.ops.structure import Concat
from dslc.program.errors import BrokenProgram
from dslc.program.program import (
    Buffer,
    Call,
    ContractKernel,
    Element,
    Fetch,
    Kernel,
    LoopKernel,
    MultiplyKernel,
    Phase,
    Program,
    Region,
    ScatterKernel,
    Tiles,
)
from dslc.program.verify import verify
from dslc.scalar.affine import Affine, access
from dslc.scalar.body import Apply, Combine, IndexOf, Literal, Load, Taken
from dslc.scalar.functions import add, logical_not
from dslc.scalar.types import ROWS, DType


def sound() -> Program:
    """A training step and an entry with every other kind of kernel."""
    build = Builder()
    x, w = leaf(build, LeafRole.INPUT, "x", (ROWS, 5)), leaf(build, LeafRole.PARAMETER, "layer1.w", (5, 7))
    index = leaf(build, LeafRole.TARGET, "y", (ROWS,), DType.INT)
    window = Contract((5, 2), ((Affine((1, 1), -1), *access(2, 1)), access(2, 0, 1)), access(2, 0), (5,))
    build_outputs: dict[str, NodeId] = {
        "window": build.add(window, w, w),
        "scattered": build.add(ScatterAdd(0, (9, 5)), index, x),
        "joined": build.add(Concat(1), x, x),
    }
    step = training_step(classifier(5, 7, 3), adam)
    return lowered({"train": step, "predict": build.graph(build_outputs)}, Element.F32)


SOUND = sound()


@dataclass(frozen=True, slots=True)
class Place:
    """One call of the sound program."""

    entry: str
    phase: int
    position: int

    def call(self) -> Call:
        found = SOUND.entries[self.entry].phases[self.phase].calls[self.position]
        assert isinstance(found, Call)
        return found


def find(entry: str, wanted: Callable[[Call], bool]) -> Place:
    for number, phase in enumerate(SOUND.entries[entry].phases):
        for position, call in enumerate(phase.calls):
            if isinstance(call, Call) and wanted(call):
                return Place(entry, number, position)
    raise LookupError("no such call")


def of_kind(entry: str, kind: type[Kernel]) -> Place:
    return find(entry, lambda call: isinstance(call.kernel, kind))


def with_call(place: Place, call: Call | Fetch) -> Program:
    calls = list(SOUND.entries[place.entry].phases[place.phase].calls)
    calls[place.position] = call
    return with_phase(place, Phase(tuple(calls)))


def with_phase(place: Place, phase: Phase) -> Program:
    phases = list(SOUND.entries[place.entry].phases)
    phases[place.phase] = phase
    return with_phases(place.entry, tuple(phases))


def with_phases(entry: str, phases: tuple[Phase, ...]) -> Program:
    changed = replace(SOUND.entries[entry], phases=phases)
    return replace(SOUND, entries={**SOUND.entries, entry: changed})


def with_buffer(name: str, change: Callable[[Buffer], Buffer]) -> Program:
    return replace(SOUND, buffers=tuple(change(b) if b.name == name else b for b in SOUND.buffers))


def _fetch() -> Fetch:
    call = SOUND.entries["train"].phases[0].calls[0]
    assert isinstance(call, Fetch)
    return call


def kernel_of(place: Place) -> LoopKernel:
    kernel = place.call().kernel
    assert isinstance(kernel, LoopKernel)
    return kernel


def loop_changed(place: Place, change: Callable[[LoopKernel], LoopKernel]) -> Program:
    return with_call(place, replace(place.call(), kernel=change(kernel_of(place))))


RELU = find("train", lambda c: isinstance(c.kernel, LoopKernel) and c.extents == (ROWS, 7))
SUM = find("train", lambda c: isinstance(c.kernel, LoopKernel) and c.extents == (7, ROWS))
MOMENT = find("train", lambda c: c.result.name == "m.layer1.w")
WEIGHTS = find("train", lambda c: c.result.name == "train.sums.weight")
MULTIPLY = of_kind("train", MultiplyKernel)
CONTRACT = of_kind("predict", ContractKernel)
SCATTER = of_kind("predict", ScatterKernel)
PART = find("predict", lambda c: c.result.name == "predict.joined")


def extents(place: Place, *changed: object) -> Program:
    return with_call(place, replace(place.call(), extents=changed))  # type: ignore[arg-type]


def operand(place: Place, k: int, change: Callable[[Buffer], Buffer]) -> Program:
    operands = list(place.call().operands)
    operands[k] = change(operands[k])
    return with_call(place, replace(place.call(), operands=tuple(operands)))


def together(entry: str, first: int) -> Program:
    """The phase `first` and the next as one."""
    phases = SOUND.entries[entry].phases
    merged = Phase(phases[first].calls + phases[first + 1].calls)
    return with_phases(entry, (*phases[:first], merged, *phases[first + 2 :]))


def exchanged(entry: str, first: int) -> Program:
    """The phase `first` after the next."""
    phases = SOUND.entries[entry].phases
    return with_phases(entry, (*phases[:first], phases[first + 1], phases[first], *phases[first + 2 :]))


def result_in(name: str) -> Program:
    buffer = next(b for b in SOUND.buffers if b.name == name)
    train = replace(SOUND.entries["train"], results={"objective": buffer})
    return replace(SOUND, entries={**SOUND.entries, "train": train})


def overlapping_scratch() -> Program:
    """Two buffers that live at once, moved to one place, in the list and in every call."""
    live = [b for b in SOUND.buffers if b.region is Region.SCRATCH and b.shape == (ROWS, 7)][:2]

    def moved(buffer: Buffer) -> Buffer:
        return replace(buffer, offset=live[0].offset) if buffer.name == live[1].name else buffer

    def of_call(call: Call | Fetch) -> Call | Fetch:
        if isinstance(call, Fetch):
            return call
        return replace(call, operands=tuple(map(moved, call.operands)), result=moved(call.result))

    phases = tuple(Phase(tuple(map(of_call, phase.calls))) for phase in SOUND.entries["train"].phases)
    return replace(with_phases("train", phases), buffers=tuple(map(moved, SOUND.buffers)))


def body(place: Place, *instructions: object) -> Program:
    return loop_changed(place, lambda k: replace(k, body=instructions))  # type: ignore[arg-type]


FIRST = Place("train", 0, 0)

MUTATIONS: dict[str, Callable[[], Program]] = {
    # the program's buffers
    "misaligned": lambda: with_buffer("layer1.w", lambda b: replace(b, offset=b.offset + 4)),
    "before the arena": lambda: with_buffer("iteration", lambda b: replace(b, offset=-64)),
    "beyond the arena": lambda: replace(SOUND, arena_bytes=SOUND.arena_bytes - 64),
    "lasting buffers overlap": lambda: with_buffer("layer1.b", lambda b: replace(b, offset=b.offset - 64)),
    "scratch over a parameter": lambda: with_buffer("layer1", lambda b: replace(b, offset=0)),
    "two of one name": lambda: replace(SOUND, buffers=(*SOUND.buffers, SOUND.buffers[-1])),
    "a negative extent": lambda: with_buffer("layer1.b", lambda b: replace(b, shape=(-1,))),
    "rows inside": lambda: with_buffer("input.x", lambda b: replace(b, shape=(5, ROWS))),
    "no room for rows": lambda: replace(SOUND, capacity=0),
    "an entry of another name": lambda: replace(SOUND, entries={"test": SOUND.entries["train"]}),
    # buffers of calls
    "an unknown buffer": lambda: operand(RELU, 0, lambda b: replace(b, name="none")),
    "a moved operand": lambda: operand(RELU, 0, lambda b: replace(b, offset=b.offset + 64)),
    "an operand of another size": lambda: operand(RELU, 1, lambda b: replace(b, shape=(8,))),
    "an operand that lost its rows": lambda: operand(RELU, 0, lambda b: replace(b, shape=(8, 7))),
    "an operand of another element": lambda: operand(RELU, 1, lambda b: replace(b, element=Element.F64)),
    "an operand of another rank": lambda: operand(RELU, 1, lambda b: replace(b, shape=(7, 1))),
    # loops
    "too few extents": lambda: extents(RELU, ROWS),
    "an extent beyond the operand": lambda: extents(RELU, ROWS, 8),
    "rows by a number": lambda: extents(RELU, 8, 7),
    "a number by rows": lambda: extents(RELU, ROWS, ROWS),
    "tiles of nothing": lambda: with_call(RELU, replace(RELU.call(), tiles=Tiles(ROWS, 0))),
    "tiles over another loop": lambda: with_call(RELU, replace(RELU.call(), tiles=Tiles(7, 8))),
    "strides for a loop": lambda: with_call(RELU, replace(RELU.call(), strides=(1,))),
    "combine without reduced loops": lambda: loop_changed(RELU, lambda k: replace(k, combine=Combine.SUM)),
    "reduced loops without combine": lambda: loop_changed(SUM, lambda k: replace(k, combine=None)),
    "one loop less": lambda: loop_changed(RELU, lambda k: replace(k, rank=1)),
    "a result of another element": lambda: loop_changed(RELU, lambda k: replace(k, result=Element.F64)),
    "a result of another rank": lambda: loop_changed(RELU, lambda k: replace(k, result_rank=1)),
    "two points on one place": lambda: loop_changed(RELU, lambda k: replace(k, where=access(2, 0, 0))),
    "a place beyond the result": lambda: loop_changed(
        RELU, lambda k: replace(k, where=(k.where[0], Affine((0, 1), 1)))
    ),
    "a place that depends on a reduced loop": lambda: loop_changed(SUM, lambda k: replace(k, where=access(2, 1))),
    # bodies
    "an empty body": lambda: body(RELU),
    "an operand that does not exist": lambda: body(RELU, Load(2, access(2, 0, 1))),
    "a load of another rank": lambda: body(RELU, Load(0, access(2, 0))),
    "a load before the tensor": lambda: body(RELU, Load(1, (Affine((0, 1), -1),))),
    "a load of a row that is not there": lambda: body(RELU, Load(0, (Affine((0, 0), 1), Affine((0, 1))))),
    "an argument that comes later": lambda: body(RELU, Apply(add, (0, 1)), Literal(0.0, DType.REAL)),
    "a missing argument": lambda: body(RELU, Load(0, access(2, 0, 1)), Apply(add, (0,))),
    "an argument of another type": lambda: body(RELU, Load(0, access(2, 0, 1)), Apply(logical_not, (0,))),
    "a value of another type": lambda: body(RELU, IndexOf(Affine((1, 0)))),
    "an index over another nest": lambda: body(RELU, IndexOf(Affine((1,)))),
    "an index that is no int": lambda: body(RELU, Load(0, access(2, 0, 1)), Load(1, (Taken(0),))),
    "an index that comes later": lambda: body(RELU, Load(1, (Taken(1),)), Literal(0, DType.INT)),
    # the other kernels
    "a product of three": lambda: extents(MULTIPLY, ROWS, 7, 5, 1, 1),
    "a product's result": lambda: extents(MULTIPLY, ROWS, 6, 5),
    "a product's left operand": lambda: with_call(MULTIPLY, replace(MULTIPLY.call(), strides=(6, 1, 7, 32))),
    "a product's right operand": lambda: with_call(MULTIPLY, replace(MULTIPLY.call(), strides=(5, 1, 8, 32))),
    "a product's negative stride": lambda: with_call(MULTIPLY, replace(MULTIPLY.call(), strides=(5, 1, -7, 32))),
    "a product's rows": lambda: extents(MULTIPLY, 8, 7, 5),
    "a product's element": lambda: with_call(MULTIPLY, replace(MULTIPLY.call(), kernel=MultiplyKernel(Element.F64))),
    "a contraction's extents": lambda: extents(CONTRACT, 5),
    "a contraction's operand left behind": lambda: extents(CONTRACT, 4, 3),
    "a contraction's result": lambda: extents(CONTRACT, 4, 2),
    "a contraction's tiles": lambda: with_call(CONTRACT, replace(CONTRACT.call(), tiles=Tiles(4, 8))),
    "a scatter's sizes": lambda: extents(SCATTER, 1, 8, ROWS, 1, 5),
    "a scatter's tiles": lambda: with_call(SCATTER, replace(SCATTER.call(), tiles=Tiles(4, 8))),
    # what follows tile by tile
    "a follower that follows nothing": lambda: with_call(MULTIPLY, replace(MULTIPLY.call(), follows=True)),
    "a follower of other tiles": lambda: with_call(WEIGHTS, replace(WEIGHTS.call(), follows=True)),
    "a follower that waits for nobody": lambda: with_call(RELU, replace(RELU.call(), follows=False)),
    "a follower cut otherwise": lambda: with_call(
        RELU, replace(RELU.call(), tiles=Tiles(RELU.call().tiles.extent, RELU.call().tiles.size + 8))
    ),
    "a follower that reads another row": lambda: loop_changed(
        RELU, lambda k: replace(k, body=(Load(0, (Affine((1, 0), 1), access(2, 1)[0])), *k.body[1:]))
    ),
    # phases and flow
    "a phase reads what it writes": lambda: together("train", RELU.phase - 1),
    "a phase before its operands": lambda: exchanged("train", RELU.phase - 1),
    "an update that reads elsewhere": lambda: loop_changed(
        MOMENT, lambda k: replace(k, body=(Load(0, (Affine((0,), 3),)), *k.body[1:]))
    ),
    "one result written twice": lambda: with_phases("train", (*SOUND.entries["train"].phases, Phase((MOMENT.call(),)))),
    "written twice in one phase": lambda: with_phase(
        MOMENT, Phase((*SOUND.entries["train"].phases[MOMENT.phase].calls, MOMENT.call()))
    ),
    "parts that overlap": lambda: with_phase(
        PART, Phase((*SOUND.entries["predict"].phases[PART.phase].calls, PART.call()))
    ),
    "scratch shared too early": overlapping_scratch,
    "fetched late": lambda: with_phase(RELU, SOUND.entries["train"].phases[0]),
    "an unknown source": lambda: with_call(FIRST, replace(_fetch(), source=9)),
    "fetched into a result": lambda: with_call(FIRST, replace(_fetch(), result=RELU.call().result)),
    "never fetched": lambda: with_phase(FIRST, Phase(SOUND.entries["train"].phases[0].calls[1:])),
    "an entry without its last phase": lambda: with_phases("predict", SOUND.entries["predict"].phases[:1]),
    "a result that is none": lambda: result_in("layer1.w"),
    "a result that is never written": lambda: result_in("predict.window"),
    "a prediction that trains": lambda: replace(
        SOUND, entries={"predict": replace(SOUND.entries["train"], name="predict")}
    ),
}


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_program_is_found(name: str) -> None:
    broken = MUTATIONS[name]()
    assert broken != SOUND
    with pytest.raises(BrokenProgram):
        verify(broken)


def test_the_message_names_entry_phase_and_call() -> None:
    with pytest.raises(BrokenProgram, match=r"train, phase 1, call 1 \(layer1: forward\): 1 extents for 2 loops"):
        verify(extents(RELU, ROWS))


def test_a_sound_program_comes_back() -> None:
    assert verify(SOUND) is SOUND
