"""Register tiles in LLVM's language: a block of results is held in registers while products are summed into it.

A tile has one loop for each summed loop, the last one innermost; the registers are variables on the stack here, which
LLVM's first pass turns into registers. Addresses are in bytes, strides in elements; a sum over nothing is 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dslc.program.program import Element

from .assembly import REALS
from .host import Host
from .unit import Assembly, CType, Signature


def product_tile(
    element: Element, rows: int, vectors: int, masked: bool, sums: int, host: Host, ahead: bool = False
) -> Assembly:
    """`c[r, l] = sum over k0, k1, .. of a[r * a_m + k0 * a_k0 + ..] * b[k0 * b_k0 + .. + l]`, c's rows `c_m` apart.

    Parameters are a, a_m, b, c, c_m, for each sum its count and its strides in a and b, and if it is masked `lanes`: so
    many real elements has its last vector, and nothing beyond is touched. One that looks ahead has two more: each step
    of the last sum fetches a line of memory, from `ahead` on and `apart` bytes from one another, for whoever comes
    next. Each element is summed in order.
    """
    tile = _Tile(element, host)
    parameters = ["a", "a_m", "b", "c", "c_m", *_of_sums(sums), *(["lanes"] if masked else [])]
    parameters += ["ahead", "apart"] if ahead else []
    registers = [f"s{r}_{v}" for r in range(rows) for v in range(vectors)]
    inside = [*tile.pointers("b", vectors, f"pb{sums}", None)]
    inside += [tile.load(f"v{v}", f"b{v}", masked and v == vectors - 1) for v in range(vectors)]
    for r in range(rows):
        inside += [tile.element_pointer(f"q{r}", f"pa{sums}", f"m{r}"), *tile.broadcast(f"z{r}", f"q{r}")]
        for v in range(vectors):
            inside += tile.multiply_add(f"s{r}_{v}", f"z{r}", f"v{v}")
    inside += tile.fetch(f"i{sums - 1}") if ahead else []
    lines = [
        *tile.start(registers, masked),
        *(f"  %m{r} = mul i64 %a_m, {r}" for r in range(rows)),
        *tile.nest(sums, inside),
    ]
    for r in range(rows):
        lines += [f"  %n{r} = mul i64 %c_m, {r}", *tile.pointers(f"c{r}_", vectors, "pc", f"n{r}")]
        for v in range(vectors):
            lines += tile.store(f"s{r}_{v}", f"c{r}_{v}", masked and v == vectors - 1)
    kind = f"{'_masked' if masked else ''}{'_ahead' if ahead else ''}"
    name = f"tile_{rows}x{vectors}{kind}_{sums}_{element.name.lower()}"
    return tile.function(name, parameters, lines, masked)


def dot_tile(element: Element, rows: int, columns: int, sums: int, host: Host) -> Assembly:
    """`c[r, s] += sum over k0, .., l of a[r * a_m + k0 * a_k0 + .. + l] * b[s * b_n + k0 * b_k0 + .. + l]`.

    Parameters are a, a_m, b, b_n, c, c_m, c_n, `line`, the count of l, and for each other sum its count and strides.
    Each result is a register's lanes summed in order, and then these as a tree; at line 0 there is nothing before.
    """
    tile = _Tile(element, host)
    parameters = ["a", "a_m", "b", "b_n", "c", "c_m", "c_n", "line", "length", *_of_sums(sums)]
    size = element.bytes * tile.lanes
    before = [
        "  %fresh = icmp eq i64 %line, 0",
        f"  %vectors = sdiv i64 %length, {tile.lanes}",
        f"  %lanes = srem i64 %length, {tile.lanes}",
        f"  %ended = mul i64 %vectors, {size}",
        "  %some = icmp sgt i64 %vectors, 0",
        "  %partly = icmp sgt i64 %lanes, 0",
        *tile.mask(),
        *(f"  %m{r} = mul i64 %a_m, {r}" for r in range(rows)),
        *(f"  %n{s} = mul i64 %b_n, {s}" for s in range(columns)),
    ]
    registers = [f"s{r}_{s}" for r in range(rows) for s in range(columns)]
    lines = [*tile.start(registers, False), *before, *tile.nest(sums, _along(tile, rows, columns, sums), "summed")]
    for r in range(rows):
        for first in range(0, columns, tile.lanes):
            chunk = range(first, min(first + tile.lanes, columns))
            total, summed = tile.sums_of([f"s{r}_{s}" for s in chunk])
            lines += summed
            for lane, s in enumerate(chunk):
                lines += tile.add_lane(total, lane, r, s)
    return tile.function(f"dot_{rows}x{columns}_{sums}_{element.name.lower()}", parameters, lines, True)


def _along(tile: _Tile, rows: int, columns: int, sums: int) -> list[str]:
    """Whole registers one after another, then what is left, if something is."""
    size = tile.element.bytes * tile.lanes
    return [
        "  br i1 %some, label %along, label %behind",
        "along:",
        "  %i = phi i64 [ 0, %FROM ], [ %i.next, %along ]",
        f"  %bytes = mul i64 %i, {size}",
        f"  %la = getelementptr i8, ptr %pa{sums}, i64 %bytes",
        f"  %lb = getelementptr i8, ptr %pb{sums}, i64 %bytes",
        *_dots(tile, rows, columns, "l", False),
        "  %i.next = add i64 %i, 1",
        "  %i.more = icmp slt i64 %i.next, %vectors",
        "  br i1 %i.more, label %along, label %behind",
        "behind:",
        "  br i1 %partly, label %partial, label %summed",
        "partial:",
        f"  %ra = getelementptr i8, ptr %pa{sums}, i64 %ended",
        f"  %rb = getelementptr i8, ptr %pb{sums}, i64 %ended",
        *_dots(tile, rows, columns, "r", True),
        "  br label %summed",
        "summed:",
    ]


def _dots(tile: _Tile, rows: int, columns: int, stem: str, masked: bool) -> Iterator[str]:
    """One vector of every row of a with one of every column of b; the fewer of them are held in registers.

    A masked load costs a product's time besides.
    """
    held, passing = (("a", "m", rows), ("b", "n", columns))[:: 1 if rows <= columns else -1]

    def loaded(side: tuple[str, str, int], k: int) -> Iterator[str]:
        letter, offset, _ = side
        yield tile.element_pointer(f"{stem}q{letter}{k}", f"{stem}{letter}", f"{offset}{k}")
        yield tile.load(f"{stem}v{letter}{k}", f"{stem}q{letter}{k}", masked)

    for k in range(held[2]):
        yield from loaded(held, k)
    for j in range(passing[2]):
        yield from loaded(passing, j)
        for k in range(held[2]):
            r, s = (k, j) if rows <= columns else (j, k)
            yield from tile.multiply_add(f"s{r}_{s}", f"{stem}va{r}", f"{stem}vb{s}", stem)


def _of_sums(sums: int) -> list[str]:
    return [name for k in range(sums) for name in (f"k{k}", f"a_k{k}", f"b_k{k}")]


@dataclass(frozen=True, slots=True)
class _Tile:
    """Lines of LLVM source for vectors of one element."""

    element: Element
    host: Host

    @property
    def lanes(self) -> int:
        return self.host.lanes(self.element)

    @property
    def kind(self) -> str:
        return REALS[self.element].llvm

    @property
    def vector(self) -> str:
        return f"<{self.lanes} x {self.kind}>"

    @property
    def suffix(self) -> str:
        return f"v{self.lanes}{'f32' if self.kind == 'float' else 'f64'}"

    def function(self, name: str, parameters: Sequence[str], lines: Sequence[str], masked: bool) -> Assembly:
        vector, suffix, mask = self.vector, self.suffix, f"<{self.lanes} x i1>"
        declared = [f"declare {vector} @llvm.fma.{suffix}({vector}, {vector}, {vector})"] if self.host.fused else []
        if "ahead" in parameters:
            declared.append("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        if masked:
            declared.append(f"declare {vector} @llvm.masked.load.{suffix}.p0(ptr, i32, {mask}, {vector})")
            declared.append(f"declare void @llvm.masked.store.{suffix}.p0({vector}, ptr, i32, {mask})")
        head = f"define i64 @{name}({', '.join(f'i64 %{parameter}' for parameter in parameters)}) {{"
        text = "\n".join([*declared, head, *lines, "  ret i64 0", "}", ""])
        return Assembly(Signature(name, tuple((p, CType.I64) for p in parameters), CType.I64), text)

    def start(self, registers: Sequence[str], masked: bool) -> list[str]:
        lines = ["entry:", "  %pa0 = inttoptr i64 %a to ptr", "  %pb0 = inttoptr i64 %b to ptr"]
        lines.append("  %pc = inttoptr i64 %c to ptr")
        lines += [f"  %{register} = alloca {self.vector}" for register in registers]
        lines += [f"  store {self.vector} zeroinitializer, ptr %{register}" for register in registers]
        return [*lines, *(self.mask() if masked else [])]

    def mask(self) -> list[str]:
        """`%mask` has the first `%lanes` lanes."""
        lanes = self.lanes
        numbers = ", ".join(f"i64 {lane}" for lane in range(lanes))
        return [
            f"  %l0 = insertelement <{lanes} x i64> poison, i64 %lanes, i32 0",
            f"  %l1 = shufflevector <{lanes} x i64> %l0, <{lanes} x i64> poison, <{lanes} x i32> zeroinitializer",
            f"  %mask = icmp ult <{lanes} x i64> <{numbers}>, %l1",
        ]

    def nest(self, sums: int, inside: Sequence[str], last: str = "") -> list[str]:
        """A loop for each sum around `inside`, which finds its place in a and b at `%paN` and `%pbN`, N = `sums`.

        `last` is the block in which `inside` ends, if it has blocks of its own; it names the one it starts in `FROM`.
        """
        if not sums:
            once = [line.replace("%FROM", "%once") for line in inside]
            return ["  br label %once", "once:", *once, "  br label %done", "done:"]
        lines = ["  br label %check0"]
        for k in range(sums):
            latch = f"latch{k}" if k < sums - 1 else last or f"head{k}"
            lines += [
                f"check{k}:",
                f"  %some{k} = icmp sgt i64 %k{k}, 0",
                f"  br i1 %some{k}, label %head{k}, label %{'done' if k == 0 else f'latch{k - 1}'}",
                f"head{k}:",
                f"  %i{k} = phi i64 [ 0, %check{k} ], [ %i{k}.next, %{latch} ]",
                f"  %da{k} = mul i64 %i{k}, %a_k{k}",
                f"  %db{k} = mul i64 %i{k}, %b_k{k}",
                self.element_pointer(f"pa{k + 1}", f"pa{k}", f"da{k}"),
                self.element_pointer(f"pb{k + 1}", f"pb{k}", f"db{k}"),
            ]
            if k < sums - 1:
                lines.append(f"  br label %check{k + 1}")
        lines += [line.replace("%FROM", f"%head{sums - 1}") for line in inside]
        for k in reversed(range(sums)):
            lines += [f"latch{k}:"] if k < sums - 1 else []
            lines += [
                f"  %i{k}.next = add i64 %i{k}, 1",
                f"  %more{k} = icmp slt i64 %i{k}.next, %k{k}",
                f"  br i1 %more{k}, label %head{k}, label %{'done' if k == 0 else f'latch{k - 1}'}",
            ]
        return [*lines, "done:"]

    def element_pointer(self, name: str, base: str, offset: str) -> str:
        return f"  %{name} = getelementptr {self.kind}, ptr %{base}, i64 %{offset}"

    def pointers(self, stem: str, vectors: int, base: str, offset: str | None) -> Iterator[str]:
        """`%stem0`, `%stem1`, ...: vectors side by side from `base` on."""
        for v in range(vectors):
            if offset is None:
                yield f"  %{stem}{v} = getelementptr {self.kind}, ptr %{base}, i64 {v * self.lanes}"
            else:
                yield f"  %{stem}{v}.o = add i64 %{offset}, {v * self.lanes}"
                yield self.element_pointer(f"{stem}{v}", base, f"{stem}{v}.o")

    def load(self, name: str, pointer: str, masked: bool) -> str:
        if not masked:
            return f"  %{name} = load {self.vector}, ptr %{pointer}, align {self.element.bytes}"
        return (
            f"  %{name} = call {self.vector} @llvm.masked.load.{self.suffix}.p0(ptr %{pointer}, "
            f"i32 {self.element.bytes}, <{self.lanes} x i1> %mask, {self.vector} zeroinitializer)"
        )

    def broadcast(self, name: str, pointer: str) -> list[str]:
        vector, lanes = self.vector, self.lanes
        return [
            f"  %{name}.x = load {self.kind}, ptr %{pointer}, align {self.element.bytes}",
            f"  %{name}.y = insertelement {vector} poison, {self.kind} %{name}.x, i32 0",
            f"  %{name} = shufflevector {vector} %{name}.y, {vector} poison, <{lanes} x i32> zeroinitializer",
        ]

    def fetch(self, step: str) -> list[str]:
        """Into the second cache, from where it comes in time; an address beyond all memory does no harm."""
        return [
            f"  %{step}.far = mul i64 %{step}, %apart",
            f"  %{step}.at = add i64 %ahead, %{step}.far",
            f"  %{step}.line = inttoptr i64 %{step}.at to ptr",
            f"  call void @llvm.prefetch.p0(ptr %{step}.line, i32 0, i32 2, i32 1)",
        ]

    def multiply_add(self, register: str, x: str, y: str, stem: str = "") -> list[str]:
        vector, name = self.vector, f"{stem}{register}"
        lines = [f"  %{name}.o = load {vector}, ptr %{register}"]
        if self.host.fused:
            operands = f"{vector} %{x}, {vector} %{y}, {vector} %{name}.o"
            lines.append(f"  %{name}.n = call {vector} @llvm.fma.{self.suffix}({operands})")
        else:
            lines.append(f"  %{name}.p = fmul {vector} %{x}, %{y}")
            lines.append(f"  %{name}.n = fadd {vector} %{name}.p, %{name}.o")
        return [*lines, f"  store {vector} %{name}.n, ptr %{register}"]

    def store(self, register: str, pointer: str, masked: bool) -> list[str]:
        lines = [f"  %{register}.f = load {self.vector}, ptr %{register}"]
        if masked:
            return [
                *lines,
                f"  call void @llvm.masked.store.{self.suffix}.p0({self.vector} %{register}.f, ptr %{pointer}, "
                f"i32 {self.element.bytes}, <{self.lanes} x i1> %mask)",
            ]
        return [*lines, f"  store {self.vector} %{register}.f, ptr %{pointer}, align {self.element.bytes}"]

    def sums_of(self, registers: Sequence[str]) -> tuple[str, list[str]]:
        """A vector whose lane k is the sum of register k, at most as many as it has lanes, and the lines that make it.

        Halves of two vectors go side by side and are added, again and again: a tree, and few instructions.
        """
        lines = [f"  %{register}.f = load {self.vector}, ptr %{register}" for register in registers]
        vectors, width = [f"%{register}.f" for register in registers], 1
        while len(vectors) > 1:
            pairs = [(*vectors[k : k + 2], "zeroinitializer")[:2] for k in range(0, len(vectors), 2)]
            vectors = []
            for first, second in pairs:
                name = f"{registers[0]}.w{width}.{len(vectors)}"
                lines += self._added(name, first, second, [self._group(k, width) for k in range(self.lanes)], width)
                vectors.append(f"%{name}")
            width *= 2
        (total,) = vectors
        while width < self.lanes:
            name = f"{registers[0]}.h{width}"
            lines += self._added(name, total, total, list(range(self.lanes)), width)
            total, width = f"%{name}", 2 * width
        return total, lines

    def _group(self, lane: int, width: int) -> int:
        """Of two vectors in groups of `width` lanes, from which lane the lower half of the groups' sums comes."""
        group, within = divmod(lane, 2 * width)
        second, own = divmod(within, width)
        return group * 2 * width + own + second * self.lanes

    def _added(self, name: str, first: str, second: str, lower: Sequence[int], width: int) -> list[str]:
        """`name`: lanes `lower` of both, and those `width` further, side by side and added."""
        kind, size = self.vector, self.lanes
        lines = []
        for half, lanes in (("l", lower), ("u", [(k + width) % (2 * size) for k in lower])):
            mask = ", ".join(f"i32 {k}" for k in lanes)
            lines.append(f"  %{name}.{half} = shufflevector {kind} {first}, {kind} {second}, <{size} x i32> <{mask}>")
        return [*lines, f"  %{name} = fadd {kind} %{name}.l, %{name}.u"]

    def add_lane(self, vector: str, lane: int, row: int, column: int) -> list[str]:
        """A lane added to the result at a row and a column, or the first of what is added there."""
        kind, name = self.kind, f"t{row}_{column}"
        return [
            f"  %{name}.t = extractelement {self.vector} {vector}, i32 {lane}",
            f"  %{name}.i = mul i64 %c_m, {row}",
            f"  %{name}.j = mul i64 %c_n, {column}",
            f"  %{name}.k = add i64 %{name}.i, %{name}.j",
            self.element_pointer(f"{name}.q", "pc", f"{name}.k"),
            f"  %{name}.b = load {kind}, ptr %{name}.q, align {self.element.bytes}",
            f"  %{name}.s = select i1 %fresh, {kind} 0.0, {kind} %{name}.b",
            f"  %{name}.u = fadd {kind} %{name}.s, %{name}.t",
            f"  store {kind} %{name}.u, ptr %{name}.q, align {self.element.bytes}",
        ]
