"""A whole training in compiled code: the same bits as the machine run in Python, for any number of threads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pytest
from dslc.backends.cpu.executable import CpuExecutable
from programs import Arena, call, compiled, memory, view

from dslc.program import machine, registers
from dslc.program.backend import MachineMemory
from dslc.program.program import Call, Combine, Element, Entry, Fetch, LoopKernel, Phase, Program, Region
from dslc.scalar.affine import access, identity
from dslc.scalar.body import Apply, Literal, Load
from dslc.scalar.functions import divide, multiply, subtract
from dslc.scalar.types import ROWS, DType

FEATURES, ROWS_IN_ALL, VALIDATION, CAPACITY = 5, 37, 11, 8
F32, F64 = Element.F32, Element.F64


def regression() -> Program:
    """Least squares by gradient descent: w -= 0.1 * mean of (x w - y) x."""
    place = Arena(CAPACITY)
    for slot in ("iteration", "progress", "rows", "seed", "epoch"):
        place.add(slot, Element.I64 if slot in ("seed", "epoch") else F64, region=Region.CLOCK)
    rows = place.buffers[2]
    totals = [place.add(f"total {name}", F64, region=Region.TOTAL) for name in ("weight", "loss")]
    named = (("train", ("objective", "weight", "loss")), ("evaluate", ("weight", "loss")), ("finish", ("loss",)))
    results = {
        entry: [place.add(f"{entry} {name}", F64, region=Region.RESULT) for name in names] for entry, names in named
    }
    w = place.add("w", F32, FEATURES, region=Region.PARAMETER)
    x, y = place.add("x", F32, ROWS, FEATURES, region=Region.ROW), place.add("y", F32, ROWS, region=Region.ROW)
    error, gradient = place.add("error", F32, ROWS), place.add("gradient", F32, FEATURES)

    fetch = Phase((Fetch(0, x), Fetch(1, y)))
    product = (Load(0, identity(2)), Load(1, access(2, 1)), Apply(multiply, (0, 1)))
    predict = LoopKernel(2, 1, (F32, F32), (2, 1), product, Combine.SUM, F32, 1, access(2, 0))
    difference = (Load(0, identity(1)), Load(1, identity(1)), Apply(subtract, (0, 1)))
    subtracted = LoopKernel(1, 1, (F32, F32), (1, 1), difference, None, F32, 1, identity(1))
    squares = LoopKernel(1, 0, (F32,), (1,), (Load(0, identity(1)), Apply(multiply, (0, 0))), Combine.SUM, F64, 0, ())
    copy = LoopKernel(0, 0, (F64,), (0,), (Load(0, ()),), None, F64, 0, ())
    mean = LoopKernel(0, 0, (F64, F64), (0, 0), (Load(0, ()), Load(1, ()), Apply(divide, (0, 1))), None, F64, 0, ())
    transposed = (Load(0, access(2, 1, 0)), Load(1, access(2, 1)), Apply(multiply, (0, 1)))
    slope = LoopKernel(2, 1, (F32, F32), (2, 1), transposed, Combine.SUM, F32, 1, access(2, 0))
    step = LoopKernel(
        1, 1, (F32, F32, F64), (1, 1, 0),
        (Load(0, identity(1)), Load(1, identity(1)), Load(2, ()), Literal(0.1, DType.REAL), Apply(multiply, (3, 1)),
         Apply(divide, (4, 2)), Apply(subtract, (0, 5))),
        None, F32, 1, identity(1),
    )  # fmt: skip

    def forward(loss, weight) -> tuple[Phase, ...]:
        return (
            fetch,
            Phase((call(predict, [x, w], error, (ROWS, FEATURES), 3), call(copy, [rows], weight, (), 1))),
            Phase((call(subtracted, [error, y], error, (ROWS,), 3),)),
            Phase((call(squares, [error], loss, (ROWS,), 10**6),)),
        )

    objective, weight, loss = results["train"]
    train = (
        *forward(loss, weight),
        Phase((call(slope, [x, error], gradient, (FEATURES, ROWS), 2), call(mean, [loss, rows], objective, (), 1))),
        Phase((call(step, [w, gradient, rows], w, (FEATURES,), 2),)),
    )
    finish = (Phase((call(mean, [totals[1], totals[0]], results["finish"][0], (), 1),)),)
    evaluate = forward(results["evaluate"][1], results["evaluate"][0])
    entries = {name: Entry(name, phases, {}) for name, phases in
               (("train", train), ("evaluate", evaluate), ("finish", finish))}  # fmt: skip
    return Program("regression", F32, CAPACITY, ("x", "y"), tuple(place.buffers), entries, place.bytes)


@dataclass
class Training:
    program: Program
    executable: CpuExecutable

    def memory(self, epochs: int) -> MachineMemory:
        ints, reals = np.zeros(registers.INTS, np.int64), np.zeros(registers.REALS)
        arena = memory(self.program.arena_bytes)
        w = next(buffer for buffer in self.program.buffers if buffer.name == "w")
        offsets = {buffer.name: buffer.offset // 64 for buffer in self.program.buffers}
        plan = {
            registers.LAST_EPOCH: epochs,
            registers.TRAIN_ROWS: ROWS_IN_ALL - VALIDATION, registers.VAL_ROWS: VALIDATION,
            registers.BATCH: 8, registers.CHUNK: 8, registers.SEED: 3, registers.SHUFFLE: 1, registers.COLUMNS: 2,
            registers.STOP_COLUMN: -1, registers.KEEP_COLUMN: 1, registers.TRAIN_SLOT: offsets["train objective"],
            registers.EVALUATE_SLOT: offsets["evaluate weight"], registers.FINISH_SLOT: offsets["finish loss"],
            registers.TOTAL_SLOT: offsets["total weight"], registers.TOTALS: registers.SLOT + 1, registers.WORDS: 8,
        }  # fmt: skip
        ints[list(plan)] = list(plan.values())
        machine.start(ints, reals)
        ints[registers.LAST_EPOCH] = epochs
        train, validation = np.arange(ROWS_IN_ALL)[VALIDATION:], np.arange(VALIDATION)
        parameters = arena[w.offset : w.offset + 64]
        return MachineMemory(
            ints, reals, np.zeros(2 * epochs), np.zeros(train.size, np.int64), train, validation, parameters,
            np.zeros(64, np.uint8), arena,
        )  # fmt: skip


@pytest.fixture(scope="module")
def training() -> Training:
    program = regression()
    return Training(program, compiled(program))


def sources():
    random = np.random.default_rng(0)
    x = random.normal(size=(ROWS_IN_ALL, FEATURES)).astype(np.float32)
    return [x, (x @ np.arange(FEATURES) + 0.1 * random.normal(size=ROWS_IN_ALL)).astype(np.float32)]


@dataclass
class Called:
    """The machine's entries as single calls."""

    executable: CpuExecutable
    memory: MachineMemory

    def train(self, thread, threads, first, rows):
        self.executable.call("train", self.memory.arena, sources(), self.memory.order, first, rows, 2)

    def evaluate(self, thread, threads, first, rows):
        self.executable.call("evaluate", self.memory.arena, sources(), self.memory.val_rows, first, rows, 2)

    def finish(self, thread, threads):
        self.executable.call("finish", self.memory.arena, [], self.memory.order, 0, 0, 1)

    def barrier(self, thread, threads):
        pass


def digest(memory: MachineMemory) -> str:
    kept = (memory.parameters, memory.best, memory.history, memory.order)
    return hashlib.sha256(b"".join(array.tobytes() for array in kept)).hexdigest()


def test_the_compiled_machine_is_the_machine(training):
    expected = training.memory(6)
    machine.run(expected, Called(training.executable, expected))
    for threads in (1, 2, 3):
        found = training.memory(6)
        training.executable.advance(found, sources(), threads)
        assert found.ints[registers.ANSWER] == registers.FINISHED
        assert digest(found) == digest(expected)
    assert expected.history[-1] < expected.history[1] / 10


def test_a_request_stops_between_batches_and_going_on_changes_nothing(training):
    whole = training.memory(3)
    training.executable.advance(whole, sources(), 1)
    parts = training.memory(3)
    parts.ints[registers.ASK_EPOCH_END] = 1
    answers = []
    while not answers or answers[-1] == registers.EPOCH_END:
        training.executable.advance(parts, sources(), 2)
        answers.append(int(parts.ints[registers.ANSWER]))
    assert answers == [registers.EPOCH_END] * 3 + [registers.FINISHED]
    assert digest(parts) == digest(whole)
    stopped = training.memory(3)
    stopped.ints[registers.REQUEST] = registers.INTERRUPT
    training.executable.advance(stopped, sources(), 2)
    assert stopped.ints[registers.ANSWER] == registers.INTERRUPTED


def test_rows_that_are_not_there_are_refused(training):
    found = training.memory(1)
    with pytest.raises(IndexError):
        training.executable.call("train", found.arena, sources(), np.arange(4), 2, 3, 1)


def test_prediction_needs_no_machine_and_call_fills_its_rows(training):
    found = training.memory(1)
    x = next(buffer for buffer in training.program.buffers if buffer.name == "x")
    training.executable.call("evaluate", found.arena, sources(), np.array([5, 1, 9]), 1, 2, 1)
    assert (view(found.arena, x, 2) == sources()[0][[1, 9]]).all()


def test_the_source_names_every_call(training):
    text = training.executable.source
    compile(text, "module", "exec")
    assert "def dslc_train(" in text and "def decide(" in text and "w = arena + " in text
    assert sum(isinstance(c, Call) for e in training.program.entries.values() for p in e.phases for c in p.calls) == 12
