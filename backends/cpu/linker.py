"""Objects to callable functions, by llvmlite's own linker: numba is not needed, and the calls release the GIL."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Sequence
from functools import cache

import llvmlite.binding as llvm

from .unit import CType, Signature

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
        self._functions = {s.name: _function(s, self._tracker[s.name]) for s in exports}

    def call(self, name: str, *arguments: int) -> None:
        """Calls an exported function; addresses are integers."""
        self._functions[name](*arguments)


@cache
def _linker() -> llvm.LLJIT:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.create_lljit_compiler()


def _function(signature: Signature, address: int) -> Callable[..., None]:
    if any(t in (CType.F32, CType.F64, CType.U8) for t in signature.types):
        raise ValueError(f"{signature.name} is called from Python with whole numbers and addresses only")
    function: Callable[..., None] = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * len(signature.types))(address)
    return function
