"""The training machine of dslc/program/machine.py for compiled programs.

`decide` is that file's own source with the integers and random numbers it names; `advance` is the loop
around it. Both are equal for all programs, which it calls by their entries' symbols, so each is compiled
once for a machine and taken from the store ever after.
"""

from __future__ import annotations

import inspect
from functools import cache

from dslc.program import machine
from dslc.scalar import random

from .assembly import ATOMIC_LOAD, WORD
from .entries import entry_signature
from .sync import BARRIER
from .unit import CType, Signature, Unit

ENTRIES = ("train", "evaluate", "finish")
"""The entries that the machine calls."""

_DECIDE = Signature(
    "decide",
    (
        ("request", CType.I64),
        ("ints", CType.I64S),
        ("reals", CType.F64S),
        ("history", CType.F64S),
        ("order", CType.I64S),
        ("train_rows", CType.I64S),
        ("parameters", CType.I64S),
        ("best", CType.I64S),
        ("slots", CType.F64S),
        ("whole_slots", CType.I64S),
    ),
)

ADVANCE = Signature(
    "advance",
    (
        *((name, CType.I64) for name in ("thread", "threads", "place", "asked")),
        *_DECIDE.by_address.parameters[1:],
        *((name, CType.I64) for name in ("arena", "sources", "validation")),
    ),
)
"""`place` and `asked` are the addresses of the barrier's word and of the request; `order` and `validation` are the rows
that training and validation go through; `slots` and `whole_slots` are the arena."""


@cache
def machine_units() -> tuple[Unit, ...]:
    """`decide` and `advance`."""
    constants = "".join(f"{name} = {value}\n" for name, value in machine.CONSTANTS.items())
    sources = [inspect.getsource(function) for function in (*random.COMPILED, *machine.COMPILED)]
    decide = Unit(_DECIDE, "\n\n".join([constants, *sources]), aliased=True)
    calls = (_DECIDE, BARRIER.signature, *(entry_signature(name) for name in ENTRIES))
    advance = Unit(ADVANCE, f"{ADVANCE.head}\n{_ADVANCE}", (ATOMIC_LOAD, WORD), calls)
    return decide, advance


_ADVANCE = f"""\
    while True:
        if thread == 0:
            request = atomic_load(asked)
            decide(request, ints, reals, history, order, train_rows, parameters, best, slots, whole_slots)
        barrier(threads, place)
        command = word(ints, {machine.COMMAND})
        first = word(ints, {machine.FIRST})
        rows = word(ints, {machine.ROWS})
        if command == {machine.TRAIN}:
            dslc_train(thread, threads, place, arena, sources, order, first, rows)
        elif command == {machine.EVALUATE}:
            dslc_evaluate(thread, threads, place, arena, sources, validation, first, rows)
        elif command == {machine.FINISH}:
            dslc_finish(thread, threads, place, arena, sources, order, 0, 0)
        else:
            return
"""
