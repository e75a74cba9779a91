"""Contractions on register tiles: convolutions and their gradients, without a copy of any window.

At every place the summed loops are cut where an index would leave its axis; then blocks of m and n are summed in
registers, straight from the operands. The order of every sum is that of the loops, whatever the blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dslc.program.program import ContractKernel, Element, Lanes, Registers
from dslc.program.text import contract_formula
from dslc.scalar.affine import Access, Affine

from .body import affine, element_offset
from .contractions import stride_lines
from .host import Host
from .loops import indent, nest
from .register_tiles import dot_tile, product_tile
from .scalars import scalar
from .tiles import tiled_unit
from .unit import Assembly, CType, Unit

PART = 16_384
"""Bytes of the second operand that a part reads: they stay in the nearest cache beside what the first one reads."""


def window_unit(kernel: ContractKernel, how: Registers, m: int | None, n: int | None, host: Host) -> Unit:
    """The kernel as a function of (its share of the places, all extents, operands and result with their shapes).

    Tensors are addresses. Tiles fit extents `m` and `n`, which are None where they are the batch's.
    """
    printer = _Window(kernel, host)
    parameters = [(f"n{k}", CType.I64) for k in range(kernel.rank)]
    for name, where in printer.tensors:
        parameters += [(name, CType.I64), *((f"{name}_d{axis}", CType.I64) for axis in range(len(where)))]
    if how.lanes is Lanes.RESULT:
        tiles, blocks = printer.products(m or 1)
        lines = nest([printer.each], [*printer.place(), *printer.cuts(how.edges), *printer.addresses(), *blocks])
    else:
        tiles, lines = printer.dots(m or 1, n or 1, how.edges)
    lines = [*stride_lines(kernel), *lines]
    bounds = (scalar("minimum", Element.I64), scalar("maximum", Element.I64))
    return tiled_unit("window", parameters, lines, (*bounds, *tiles), (contract_formula(kernel),))


def _rows(extent: int, most: int) -> int:
    """The size of blocks, at most `most`, that takes least time: a block costs one row's time besides."""
    return min(range(1, min(extent, most) + 1), key=lambda size: (-(-extent // size) * (size + 1), -size))


@dataclass(frozen=True, slots=True)
class _Window:
    kernel: ContractKernel
    host: Host

    @property
    def tensors(self) -> list[tuple[str, Access]]:
        first, second = self.kernel.operands
        return [("x0", first), ("x1", second), ("y", self.kernel.out)]

    @property
    def m(self) -> int:
        return self.kernel.parallel - 2

    @property
    def sums(self) -> range:
        return range(self.kernel.parallel, self.kernel.rank)

    @property
    def each(self) -> str:
        """The head of the loop over a tile's places."""
        how = self.kernel.registers
        inner = "".join(f" * n{k}" for k in range(1, self.kernel.places)) if how is not None and how.by_row else ""
        return f"for place in range(start{inner}, stop{inner}):"

    def place(self) -> Iterator[str]:
        """The loops' own indices from the number of the place."""
        places = self.kernel.parallel - 2
        rest = "place"
        for k in reversed(range(1, places)):
            yield f"p{k} = {rest} // n{k}"
            yield f"i{k} = {rest} - p{k} * n{k}"
            rest = f"p{k}"
        if places:
            yield f"i0 = {rest}"

    def cuts(self, edges: Sequence[tuple[int, int]]) -> Iterator[str]:
        """`first` and `count` of each summed loop."""
        for k in self.sums:
            yield f"first{k} = 0"
            yield f"last{k} = n{k}"
        for operand, axis in edges:
            yield from self._cut(self.kernel.operands[operand][axis], f"x{operand}_d{axis}")
        for k in self.sums:
            yield f"count{k} = last{k} - first{k}"

    def _cut(self, where: Affine, size: str) -> Iterator[str]:
        """Keeps `rest + step * i` within 0 .. size - 1; without a summed loop, all of a place or nothing."""
        summed = [k for k in self.sums if where.coefficients[k]]
        others = tuple(0 if k in summed else c for k, c in enumerate(where.coefficients))
        yield f"rest = {affine(Affine(others, where.constant))}"
        if not summed:
            k = self.sums[0]
            yield f"last{k} = last{k} if rest >= 0 and rest < {size} else first{k}"
            return
        (k,) = summed
        step = where.coefficients[k]
        low, high = ("0 - rest", f"{size} - 1 - rest") if step > 0 else (f"rest - {size} + 1", "rest")
        if abs(step) > 1:
            low, high = f"({low} + {abs(step) - 1}) // {abs(step)}", f"({high}) // {abs(step)}"
        yield f"first{k} = maximum_i64(first{k}, {low})"
        yield f"last{k} = minimum_i64(last{k}, {high} + 1)"

    def addresses(self) -> Iterator[str]:
        """`a`, `b`, `c`: of each tensor's first element that the place touches."""
        size = self.kernel.element.bytes
        for letter, (name, where) in zip("abc", self.tensors, strict=True):
            indices = [self._at_first(index) for index in where]
            yield f"{letter} = {name} + {size} * {element_offset(name, indices)}"

    def _at_first(self, index: Affine) -> str:
        """An index with m and n at 0 and sums at their first points."""
        inner = (self.m, self.m + 1)
        text = affine(Affine(tuple(0 if k in inner else c for k, c in enumerate(index.coefficients)), index.constant))
        return re.sub(r"\bi(\d+)", lambda loop: f"{'first' if int(loop[1]) in self.sums else 'i'}{loop[1]}", text)

    def step(self, tensor: int, loop: int) -> str:
        """How far a tensor's elements are apart as the loop advances."""
        name, where = self.tensors[tensor]
        terms = []
        for axis, index in enumerate(where):
            c, last = index.coefficients[loop], axis == len(where) - 1
            if c:
                terms.append(str(c) if last else f"{name}_{axis}" if c == 1 else f"{c} * {name}_{axis}")
        return " + ".join(terms) or "0"

    def _along(self, index: str, tensor: int, loop: int) -> str:
        """The distance of so many steps of a loop."""
        step = self.step(tensor, loop)
        return index if step == "1" else f"{index} * ({step})" if " " in step else f"{index} * {step}"

    def _of_sums(self, loops: Sequence[int]) -> str:
        return ", ".join(f"count{k}, {self.step(0, k)}, {self.step(1, k)}" for k in loops)

    def products(self, extent: int) -> tuple[tuple[Assembly, ...], list[str]]:
        """Tiles of rows of m and vectors of n."""
        kernel, m, n = self.kernel, self.m, self.m + 1
        lanes, size = self.host.lanes(kernel.element), kernel.element.bytes
        rows = _rows(extent, 12 if self.host.registers >= 32 else 5)
        sums = len(self.sums)
        widths = ((2, False), (2, True), (1, True))
        tiles = {width: product_tile(kernel.element, rows, *width, sums, self.host) for width in widths}

        def block(width: tuple[int, bool], masked: str) -> list[str]:
            a, c = f"a + {size} * {self._along('row', 0, m)}", f"c + {size} * ({self._along('row', 2, m)} + j)"
            called = (
                f"{tiles[width].signature.name}({a}, {self.step(0, m)}, b + {size} * j, {c}, {self.step(2, m)}, "
                f"{self._of_sums(self.sums)}{masked})"
            )
            return nest([f"for i in range(0, n{m}, {rows}):"], [f"row = minimum_i64(i, n{m} - {rows})", called])

        pair = 2 * lanes
        lines = ["j = 0", f"while j + {pair} <= n{n}:", *indent([*block((2, False), ""), f"j += {pair}"])]
        lines += [f"if n{n} - j > {lanes}:", *indent(block((2, True), f", n{n} - j - {lanes}"))]
        lines += [f"elif n{n} > j:", *indent(block((1, True), f", n{n} - j"))]
        return tuple(tiles.values()), lines

    def dots(self, rows: int, columns: int, edges: Sequence[tuple[int, int]]) -> tuple[tuple[Assembly, ...], list[str]]:
        """Tiles of rows of m and columns of n, lanes along the last sum.

        Of the other sums the outermost goes by lines and the next by parts, outside of the places: what is read is then
        in the nearest cache for all places of a tile. First of all, a place that the edge cuts off writes zeros.
        """
        high, wide = _dot_shape(rows, columns, self.host)
        tiles: dict[str, Assembly] = {}
        lines: list[str] = []
        for columns_head, width in _parts("column", self.m + 1, columns, wide):
            blocks: list[str] = []
            for rows_head, height in _parts("row", self.m, rows, high):
                tile = dot_tile(self.kernel.element, height, width, len(self.sums) - 1, self.host)
                tiles[tile.signature.name] = tile
                blocks += nest([rows_head], [self._dot(tile)])
            lines += nest([columns_head, self.each], self._at_line(edges, blocks))
        if len(self.sums) > 2:
            lanes, most = f"n{self.sums[-1]}", PART // (self.kernel.element.bytes * wide)
            part = f"part = maximum_i64(1, {most} // maximum_i64(1, {lanes}))"
            lines = [part, *nest([f"for begin in range(0, n{self.sums[1]}, part):"], lines)]
        else:
            lines = ["begin = 0", *lines]
        if len(self.sums) > 1:
            return tuple(tiles.values()), nest([f"for line in range(n{self.sums[0]}):"], lines)
        return tuple(tiles.values()), ["line = 0", *lines]

    def _dot(self, tile: Assembly) -> str:
        m, n, size = self.m, self.m + 1, self.kernel.element.bytes
        a, b = f"a + {size} * {self._along('row', 0, m)}", f"b + {size} * {self._along('column', 1, n)}"
        c = f"c + {size} * ({self._along('row', 2, m)} + {self._along('column', 2, n)})"
        return (
            f"{tile.signature.name}({a}, {self.step(0, m)}, {b}, {self.step(1, n)}, {c}, {self.step(2, m)}, "
            f"{self.step(2, n)}, line + begin, count{self.kernel.rank - 1}, {self._of_sums(self.sums[:-1])})"
        )

    def _at_line(self, edges: Sequence[tuple[int, int]], blocks: Sequence[str]) -> list[str]:
        """A place's blocks, if it has something at this line and part."""
        place = [*self.place(), *self.cuts(edges)]
        if len(self.sums) == 1:
            return [*place, *self.addresses(), *blocks]
        line = self.sums[0]
        place += [f"count{line} = 1 if line >= first{line} and line < last{line} else 0", f"first{line} = line"]
        some = f"count{line} == 1"
        if len(self.sums) > 2:
            k = self.sums[1]
            place += [f"first{k} = maximum_i64(first{k}, begin)", f"last{k} = minimum_i64(last{k}, begin + part)"]
            place += [f"count{k} = last{k} - first{k}"]
            some += f" and count{k} > 0"
        return [*place, f"if line + begin == 0 or ({some}):", *indent([*self.addresses(), *blocks])]


def _parts(name: str, loop: int, extent: int, size: int) -> Iterator[tuple[str, int]]:
    """Loop heads over whole blocks, and over what is left as a block of its own, each with the block's size.

    The compiler does not learn how many there are: it would print the tile as often.
    """
    rest = extent % size
    yield f"for {name} in range(0, n{loop} - {rest}, {size}):", size
    if rest:
        yield f"for {name} in range(n{loop} - {rest}, n{loop}, {rest}):", rest


def _dot_shape(rows: int, columns: int, host: Host) -> tuple[int, int]:
    """As many products for what is loaded as registers allow: half a cycle is for a load, half a one for a product."""
    shapes = (
        (high, wide)
        for high in range(1, min(rows, 12) + 1)
        for wide in range(1, min(columns, 12) + 1)
        if high * wide + min(high, wide) + 2 <= host.registers
    )

    def time(shape: tuple[int, int]) -> tuple[int, int]:
        """A block takes 8 half cycles at least, as long as a sum has to wait for the one before."""
        parts = [
            [(size, extent // size), (extent % size, 1)] for size, extent in zip(shape, (rows, columns), strict=True)
        ]
        blocks = [(h, w, many * more) for h, many in parts[0] for w, more in parts[1] if h and w]
        return sum(count * max(h * w, h + w, 8) for h, w, count in blocks), sum(count for _, _, count in blocks)

    return min(shapes, key=time)
