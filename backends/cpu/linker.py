"""Objects to callable functions, by llvmlite's own linker: numba is not needed, and calls release the GIL."""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable, Sequence
from functools import cache

import llvmlite.binding as llvm
import numpy as np
import numpy.typing as npt

from .crew import CREW
from .unit import Signature

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
        self._addresses = {signature.name: self._tracker[signature.name] for signature in exports}
        self._crew = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3)(self._addresses[CREW.name])

    def in_crew(self, name: str, threads: int, words: Sequence[int]) -> None:
        """Lets `threads` threads call an exported function of (thread, threads, words); without the GIL."""
        given = np.array(words, np.int64)
        self._crew(threads, self._addresses[name], given.ctypes.data)

    def bind(self, name: str, words: npt.NDArray[np.int64]) -> Callable[[int], None]:
        """`in_crew` for words that stay where they are; they and the library live as long as the function."""
        crew, work, place = self._crew, self._addresses[name], words.ctypes.data

        def run(threads: int, kept: tuple[Library, npt.NDArray[np.int64]] = (self, words)) -> None:
            crew(threads, work, place)

        return run


@cache
def _linker() -> llvm.LLJIT:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    # LLVM's older linker maps each section where there is room; in a process of gigabytes that is too far apart for
    # an offset of 32 bits, which aborts it. JITLink keeps an object's sections together.
    return llvm.create_lljit_compiler(use_jit_link=True)
