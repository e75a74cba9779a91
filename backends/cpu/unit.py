"""What the emitter hands to the compiler: functions of the generated module, each compiled on its own.

A `Unit` is Python source that Numba compiles, an `Assembly` is LLVM source for what Python cannot say (a
register tile, an atomic add). A unit *inlines* some functions, which become part of its object, and
*calls* others, which are objects of their own and are found by symbol when a program is linked. So equal
kernels are compiled once, whatever model they come from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

_COMMENT = re.compile(r"^ *# .*\n|  # .*$", re.MULTILINE)


class CType(Enum):
    """The types that cross a call. An address is an I64; a pointer is one that Numba may index."""

    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    U8 = "u8"
    I64S = "pointer[i64]"
    F32S = "pointer[f32]"
    F64S = "pointer[f64]"
    U8S = "pointer[u8]"

    @property
    def pointer(self) -> bool:
        return self in (CType.I64S, CType.F32S, CType.F64S, CType.U8S)

    @property
    def llvm(self) -> str:
        names = {CType.I64: "i64", CType.F32: "float", CType.F64: "double", CType.U8: "i8"}
        return names.get(self, "ptr")


@dataclass(frozen=True, slots=True)
class Signature:
    """A C function: its symbol, its parameters by name, its result."""

    name: str
    parameters: tuple[tuple[str, CType], ...]
    result: CType | None = None

    @property
    def types(self) -> tuple[CType, ...]:
        return tuple(ctype for _, ctype in self.parameters)

    @property
    def by_address(self) -> Signature:
        """The same function for a caller that has addresses, which cross a call as pointers do."""
        parameters = tuple((name, CType.I64 if t.pointer else t) for name, t in self.parameters)
        return replace(self, parameters=parameters)

    @property
    def head(self) -> str:
        """The `def` line in generated source."""
        parameters = ", ".join(f"{name}: {ctype.value}" for name, ctype in self.parameters)
        return f"def {self.name}({parameters}) -> {self.result.value if self.result else None}:"


@dataclass(frozen=True, slots=True)
class Assembly:
    """A function in LLVM's language; `text` defines `signature.name`."""

    signature: Signature
    text: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A function in Python: the last one of `text`; earlier ones are its own helpers, called with any types.

    It calls other objects by address. Its pointers lead to separate memory unless it is `aliased`. Comments
    stand after `  # ` and count for nothing.
    """

    signature: Signature
    text: str
    inlines: tuple[Function, ...] = ()
    calls: tuple[Signature, ...] = ()
    aliased: bool = False

    @property
    def name(self) -> str:
        return self.signature.name

    @property
    def content(self) -> str:
        """Everything its object depends on besides compiler and processor."""
        parts = [repr(self.signature), repr(self.aliased), _COMMENT.sub("", self.text), *map(repr, self.calls)]
        for function in self.inlines:
            parts.append(function.content if isinstance(function, Unit) else function.text)
        return "\n".join(parts)


Function: TypeAlias = Unit | Assembly


def named_by_content(stem: str, unit: Unit) -> Unit:
    """The unit, written under the name `NAME`, renamed to `stem` and a digest of its content."""
    name = f"{stem}_{hashlib.sha256(unit.content.encode()).hexdigest()[:10]}"
    signature = Signature(name, unit.signature.parameters, unit.signature.result)
    return replace(unit, signature=signature, text=unit.text.replace(unit.signature.head, signature.head))


def closure(functions: Iterable[Function]) -> Iterator[Function]:
    """The functions and all that they inline, each once, after what it needs."""
    seen: set[str] = set()

    def visit(function: Function) -> Iterator[Function]:
        if function.signature.name in seen:
            return
        seen.add(function.signature.name)
        if isinstance(function, Unit):
            for inner in function.inlines:
                yield from visit(inner)
        yield function

    for function in functions:
        yield from visit(function)
