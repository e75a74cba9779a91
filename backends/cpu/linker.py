"""Objects to callable functions, by llvmlite's own linker: numba is not needed, and the calls release the GIL."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Sequence
from functools import cache

import llvmlite.binding as llvm

from .unit import CType, Signature

_C = {CType.I64: ctypes.c_int64, CType.F32: ctypes.c_float, CType.F64: ctypes.c_double, CType.U8: ctypes.c_uint8}
_names = (f"dslc_{number}" for number in itertools.count())


class Library:
    """Objects linked to one another and to the C library; owns their memory."""

    def __init__(self, objects: Sequence[bytes], exports: Sequence[Signature]) -> None:
        builder = llvm.JITLibraryBuilder().add_current_process()
        for content in objects:
            builder.add_object_img(content)
        for signature in exports:
            builder.export_symbol(signature.name)
        self._tracker = builder.link(_linker(), next(_names))
        self._functions = {s.name: _prototype(s)(self._tracker[s.name]) for s in exports}

    def call(self, name: str, *arguments: int) -> None:
        """Calls an exported function; addresses are integers."""
        self._functions[name](*arguments)


@cache
def _linker() -> llvm.LLJIT:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.create_lljit_compiler()


def _prototype(signature: Signature) -> type[ctypes._CFuncPtr]:
    arguments = [ctypes.c_size_t if t.pointer else _C[t] for t in signature.types]
    return ctypes.CFUNCTYPE(None, *arguments)
