"""The training machine of dslc/program/machine.py for compiled programs.

`decide` is that file's own source with the integers and random numbers it names; `advance` is the loop
around it. Both are equal for all programs, which it calls by their entries' symbols, so each is compiled
once for a machine and taken from the store ever after.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from functools import cache

from dslc.program import machine, registers
from dslc.scalar import random

from .assembly import ATOMIC_LOAD, WORD
from .crew import BARRIER, WORK
from .entries import entry_signature
from .unit import CType, Signature, Unit

ENTRIES = ("train", "health", "evaluate", "finish")
"""The entries that the machine calls."""

_TYPES = {"int": CType.I64, "float": CType.F64, "Integers": CType.I64S, "Reals": CType.F64S}
"""The annotations in dslc/program/machine.py; all its functions return nothing."""


def _signature(function: Callable[..., None]) -> Signature:
    annotations = inspect.get_annotations(function)
    parameters = tuple((name, _TYPES[text]) for name, text in annotations.items() if name != "return")
    return Signature(function.__name__, parameters)


def _unit(function: Callable[..., None], callees: Sequence[Unit]) -> Unit:
    """The function's own source, after the constants and the random numbers that it names."""
    source = inspect.getsource(function)
    named = set(re.findall(r"\w+", source))
    constants = [f"{name} = {value}\n" for name, value in machine.CONSTANTS.items() if name in named]
    draws = random.COMPILED if named & {draw.__name__ for draw in random.COMPILED} else ()
    text = "\n\n".join(["".join(constants), *(inspect.getsource(draw) for draw in draws), source])
    inlines = tuple(callee for callee in callees if callee.name in named)
    return Unit(_signature(function), text, inlines, aliased=True)


_DECIDE = _signature(machine.decide)

ADVANCE = Signature("advance", WORK)

WORDS = ("place", "asked", *(name for name, _ in _DECIDE.parameters[1:]), "arena", "sources", "validation")
"""The words that `advance` is given, all addresses: of the barrier's words, of the request, of what `decide` takes
(`slots` and `whole_slots` are the arena), of the arena, the sources and the validation rows."""


@cache
def machine_units() -> tuple[Unit, ...]:
    """`decide` and `advance`."""
    units: list[Unit] = []
    for function in machine.COMPILED:
        units.append(_unit(function, units))
    calls = (_DECIDE, BARRIER.signature, *(entry_signature(name) for name in ENTRIES))
    given = "".join(f"    {name} = word(words, {k})\n" for k, name in enumerate(WORDS))
    advance = Unit(ADVANCE, f"{ADVANCE.head}\n{given}{_ADVANCE}", (ATOMIC_LOAD, WORD), calls)
    return units[-1], advance


_ADVANCE = f"""\
    while True:
        if thread == 0:
            request = atomic_load(asked)
            decide(request, ints, reals, history, order, train_rows, parameters, best, slots, whole_slots)
        barrier(threads, place)
        command = word(ints, {registers.COMMAND})
        first = word(ints, {registers.FIRST})
        rows = word(ints, {registers.ROWS})
        if command == {registers.TRAIN}:
            dslc_train(thread, threads, place, arena, sources, order, first, rows)
        elif command == {registers.HEALTH}:
            dslc_health(thread, threads, place, arena, sources, order, first, rows)
        elif command == {registers.EVALUATE}:
            dslc_evaluate(thread, threads, place, arena, sources, validation, first, rows)
        elif command == {registers.FINISH}:
            dslc_finish(thread, threads, place, arena, sources, order, 0, 0)
        else:
            return
"""
