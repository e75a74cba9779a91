"""A program as one readable module: what is inlined, the kernels, the entries, the machine.

It is printed to be read, and compiled function by function: the key of each object is the text of its
function, so a kernel that two models share is compiled once.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

from dslc.program.program import Entry, Program

from .crew import BARRIER, CREW, work_unit
from .entries import PrintedEntry, print_entry
from .host import this_host
from .machine import ENTRIES, machine_units
from .names import comment
from .unit import Assembly, Function, Signature, Unit, closure


@dataclass(frozen=True, slots=True)
class Module:
    """The printed entries by name. `machine` is what `advance` needs; None where the program has no `train`."""

    program: Program
    entries: dict[str, PrintedEntry]
    machine: tuple[Unit, ...] | None

    def needed(self, entry: str) -> tuple[tuple[Unit, ...], tuple[Signature, ...]]:
        """The units to link for one entry, or with it for the whole machine, and what is called of them."""
        if self.machine is not None and entry in ENTRIES:
            printed, more = [self.entries[name] for name in ENTRIES], self.machine
        else:
            printed, more = [self.entries[entry]], ()
        work = [work_unit(one.unit.signature) for one in printed]
        units = {kernel.name: kernel for one in printed for kernel in one.kernels}
        units |= {unit.name: unit for unit in (BARRIER, CREW, *(one.unit for one in printed), *work, *more)}
        called = (CREW, *work, *more[-1:])
        return tuple(units.values()), tuple(unit.signature for unit in called)

    @property
    def text(self) -> str:
        """The whole module in the order in which one reads it: from the steps down to the register tiles."""
        kernels = {kernel.name: kernel for one in self.entries.values() for kernel in one.kernels}
        entries = [one.unit for one in self.entries.values()]
        machine = self.machine or ()
        everything = (*entries, *kernels.values(), *machine, BARRIER, CREW)
        sections = {
            "Entries: what one step does, phase by phase.": entries,
            "Kernels: one loop nest each, shared by all calls of its form.": kernels.values(),
            "The training machine: epochs, batches, validation, early stop.": machine,
            "How threads start and meet.": (BARRIER, CREW),
            "Inlined everywhere: scalar functions, random numbers, register tiles in LLVM's own language.": closure(
                function for unit in everything for function in unit.inlines
            ),
        }
        name = comment(self.program.name)
        title = f"{name}, printed by dslc {version('dslc')} for the cpu backend on {this_host().cpu}"
        parts = [f'"""{title}."""\n\n{_IMPORTS}']
        for heading, functions in sections.items():
            parts += [f"# {heading}", *map(_text, functions)]
        return "\n\n\n".join(parts) + "\n"


_IMPORTS = """\
import math

import numpy as np
from numpy import float32 as f32, float64 as f64, inf, nan, uint8 as u8"""


def _text(function: Function) -> str:
    if isinstance(function, Assembly):
        return f'{function.signature.name.upper()} = """\n{function.text}"""'
    return function.text.rstrip()


def print_module(program: Program) -> Module:
    host = this_host()
    named = dict(program.entries)
    trains = "train" in named
    if trains:
        for name in ENTRIES:
            # The machine names them all; an entry that the program lacks is one that no plan commands.
            named.setdefault(name, Entry(name, (), {}))
    entries = {name: print_entry(program, entry, host) for name, entry in named.items()}
    return Module(program, entries, machine_units() if trains else None)
