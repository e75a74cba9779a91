"""Contractions as plain loops, and scatter-add: the general cases beside the register-tiled product."""

from __future__ import annotations

from collections.abc import Sequence

from dslc.program.program import ContractKernel, Element, ScatterKernel
from dslc.program.text import contract_formula
from dslc.scalar.affine import Access

from .assembly import add_in_any_order
from .body import affine, element_at
from .loops import POINTERS, contiguous_in, indent, loop_head, nest
from .scalars import SUFFIXES
from .tiles import tiled_unit
from .unit import CType, Unit


def contract_unit(kernel: ContractKernel) -> Unit:
    """The kernel as a function of (its share, all extents, each operand with its shape, the result with its shape).

    A read outside an operand is 0 and a write outside the result is dropped, so accesses that are not plain indices
    are guarded. One tile does all of an accumulating kernel.
    """
    parameters = [(f"n{k}", CType.I64) for k in range(kernel.rank)]
    for name, where in (*((f"x{k}", where) for k, where in enumerate(kernel.operands)), ("y", kernel.out)):
        parameters.append((name, POINTERS[kernel.element]))
        parameters += [(f"{name}_d{axis}", CType.I64) for axis in range(len(where))]
    lines = stride_lines(kernel)
    lines += _accumulated(kernel) if kernel.accumulate or kernel.parallel == 0 else _by_place(kernel)
    return tiled_unit("contract", parameters, lines, (add_in_any_order(kernel.element),), (contract_formula(kernel),))


def stride_lines(kernel: ContractKernel) -> list[str]:
    """`x0_0`, ..: row-major strides of all axes but the last."""
    lines = []
    for name, where in (*((f"x{k}", where) for k, where in enumerate(kernel.operands)), ("y", kernel.out)):
        for axis in range(len(where) - 1):
            lines.append(f"{name}_{axis} = " + " * ".join(f"{name}_d{k}" for k in range(axis + 1, len(where))))
    return lines


def _guard(name: str, where: Access) -> list[str]:
    guards = []
    for axis, index in enumerate(where):
        if index.index is None:
            text = affine(index)
            guards.append(f"{text} >= 0 and {text} < {name}_d{axis}")
    return guards


def _point(kernel: ContractKernel, step: Sequence[str], guards: Sequence[str]) -> list[str]:
    """The step under its guards, one `if` each."""
    return nest([f"if {guard}:" for guard in guards], step)


def _product(kernel: ContractKernel) -> tuple[str, list[str]]:
    factors = [element_at(f"x{k}", [affine(index) for index in where]) for k, where in enumerate(kernel.operands)]
    guards = [guard for k, where in enumerate(kernel.operands) for guard in _guard(f"x{k}", where)]
    return " * ".join(factors), guards


def _by_place(kernel: ContractKernel) -> list[str]:
    """Every place of the result sums its own products, or a row of them does where that is contiguous."""
    product, guards = _product(kernel)
    place = element_at("y", [affine(index) for index in kernel.out])
    real, add = SUFFIXES[kernel.element], add_in_any_order(kernel.element).signature.name
    parallel = [loop_head(k, k == 0) for k in range(kernel.parallel)]
    inner = [loop_head(k, False) for k in range(kernel.parallel, kernel.rank)]
    last = kernel.parallel - 1
    along_row = sum(contiguous_in(where, last) for where in kernel.operands)
    along_sum = sum(contiguous_in(where, kernel.rank - 1) for where in kernel.operands) if inner else 0
    if contiguous_in(kernel.out, last) and along_row > along_sum:
        begin = nest(parallel[-1:], [f"{place} = {real}(0.0)"])
        step = _point(kernel, [f"{place} += {product}"], guards)
        return nest(parallel[:-1], [*begin, *nest([*inner, parallel[-1]], step)])
    step = _point(kernel, [f"total = {add}(total, {product})"], guards)
    return nest(parallel, [f"total = {real}(0.0)", *nest(inner, step), f"{place} = total"])


def _accumulated(kernel: ContractKernel) -> list[str]:
    product, guards = _product(kernel)
    place = element_at("y", [affine(index) for index in kernel.out])
    size = " * ".join(f"y_d{axis}" for axis in range(len(kernel.out))) or "1"
    begin = [f"for k in range({size}):", f"    y[k] = {SUFFIXES[kernel.element]}(0.0)"]
    heads = [loop_head(k, False) for k in range(kernel.rank)]
    step = _point(kernel, [f"{place} += {product}"], [*guards, *_guard("y", kernel.out)])
    return [*begin, *nest(heads, step)]


def scatter_unit(kernel: ScatterKernel) -> Unit:
    """The kernel as a function of (its share, n, m, e, r, index, value, result); the first loop goes over l * r."""
    zero = f"{SUFFIXES[kernel.element]}(0.0)" if kernel.element is not Element.I64 else "0"
    pointer = POINTERS[kernel.element]
    parameters = [(name, CType.I64) for name in ("n", "m", "e", "r")]
    parameters += [("index", CType.I64S), ("value", pointer), ("result", pointer)]
    lines = [
        "taken = m * e",
        "column = start",
        "while column < stop:",
        *indent(
            [
                "l = column // r",
                "first = column - l * r",
                "last = r if (l + 1) * r < stop else stop - l * r",
                "for i in range(n):",
                "    for j in range(first, last):",
                f"        result[(l * n + i) * r + j] = {zero}",
                "for k in range(taken):",
                "    row = (l * n + index[l * taken + k]) * r",
                "    for j in range(first, last):",
                "        result[row + j] += value[(l * taken + k) * r + j]",
                "column = l * r + last",
            ]
        ),
    ]
    return tiled_unit("scatter", parameters, lines)
