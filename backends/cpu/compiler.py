"""Units to objects: Numba turns Python into LLVM's language, llvmlite optimises it for this processor.

The one place of the project that executes generated text: `_functions` runs the definitions of a unit,
which the emitter wrote from its own templates, numbers and mangled names; nothing from a model file
reaches them. Importing this module imports numba.
"""

from __future__ import annotations
import __future__

import math
import re
from collections.abc import Callable
from functools import cache
from types import FunctionType

import llvmlite.binding as llvm
import numba
import numpy as np
from numba import types as numba_types
from numba.core import compiler as numba_compiler
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from .host import this_host
from .unit import Assembly, CType, Function, Signature, Unit, closure

_TYPES = {
    CType.I64: numba_types.int64,
    CType.F32: numba_types.float32,
    CType.F64: numba_types.float64,
    CType.U8: numba_types.uint8,
    CType.I64S: numba_types.CPointer(numba_types.int64),
    CType.F32S: numba_types.CPointer(numba_types.float32),
    CType.F64S: numba_types.CPointer(numba_types.float64),
    CType.U8S: numba_types.CPointer(numba_types.uint8),
}

# `nnan` and `ninf` would delete NaN checks and `reassoc` would reorder sums; see the emitter's `accumulate`.
# With `arcp` a division by what a loop keeps is a product with its reciprocal: Adam's second pass takes half the time.
_FAST_MATH = {"contract", "nsz", "arcp"}

_NAMES: dict[str, object] = {
    "math": math, "np": np, "f32": np.float32, "f64": np.float64, "u8": np.uint8, "inf": math.inf, "nan": math.nan,
}  # fmt: skip
"""What generated source may name besides its own functions and those that it inlines or calls."""

_C_FUNCTIONS = (
    "cos", "erf", "exp", "expm1", "floor", "fma", "ldexp", "log", "log1p", "pow", "sin", "sincos", "sqrt", "tanh",
)  # fmt: skip

C_LIBRARY = frozenset(name + suffix for name in _C_FUNCTIONS for suffix in ("", "f")) | {
    "memset", "memcpy", "memmove", "sched_yield", "syscall", "pthread_create", "pthread_join",
}  # fmt: skip
"""The symbols that an object may leave to the C library."""


def compile_unit(unit: Unit) -> bytes:
    """The unit's object file; RuntimeError if it needs a symbol that the process may not have."""
    module = llvm.parse_assembly(_exported(unit))
    for function in closure(unit.inlines):
        module.link_in(llvm.parse_assembly(_llvm_text(function)))
    for function in module.functions:
        if not function.is_declaration and function.name != unit.name:
            function.linkage = "internal"
    machine = _target_machine()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_interleaving = options.loop_unrolling = True
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    known = C_LIBRARY | {call.name for call in unit.calls}
    for function in module.functions:
        if function.is_declaration and not function.name.startswith("llvm.") and function.name not in known:
            raise RuntimeError(f"{unit.name} needs the symbol {function.name}, which is no function of the C library")
    return bytes(machine.emit_object(module))


@cache
def _target_machine() -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    host = this_host()
    target = llvm.Target.from_default_triple()
    return target.create_target_machine(cpu=host.cpu, features=host.features, opt=3, reloc="pic", codemodel="default")


@cache
def _llvm_text(function: Function) -> str:
    return function.text if isinstance(function, Assembly) else _exported(function)


def _exported(unit: Unit) -> str:
    """Numba's LLVM text of the unit, and a function of the C calling convention around it."""
    text, inner = _numba_text(unit)
    separate = " noalias" if not unit.aliased else ""
    kinds = [f"{t.llvm}{separate}" if t.pointer else t.llvm for t in unit.signature.types]
    parameters = ", ".join(f"{kind} %p{k}" for k, kind in enumerate(kinds))
    arguments = "".join(f", {t.llvm} %p{k}" for k, t in enumerate(unit.signature.types))
    result = unit.signature.result.llvm if unit.signature.result else "void"
    slot = result if unit.signature.result else "ptr"
    answer = [f"%r = load {result}, ptr %slot", f"ret {result} %r"] if unit.signature.result else ["ret void"]
    lines = [
        f"define {result} @{unit.name}({parameters}) {'alwaysinline ' if unit.signature.result else ''}{{",
        f"  %slot = alloca {slot}",
        "  %exception = alloca ptr",
        f'  %status = call i32 @"{inner}"(ptr %slot, ptr %exception{arguments})',
        *(f"  {line}" for line in answer),
        "}",
    ]
    # Numba's pointer to an environment object is a common symbol; private to the module it disappears.
    return re.sub(r"= common ", "= internal ", text) + "\n" + "\n".join(lines) + "\n"


@cache
def _contexts() -> tuple[object, object]:
    typing, target = cpu_target.typing_context, cpu_target.target_context
    typing.refresh()
    target.refresh()
    # A library for objects, which Numba leaves unlinked: the functions that a unit calls are not there yet.
    return typing, target.with_aot_codegen("dslc")


def _numba_text(unit: Unit) -> tuple[str, str]:
    """LLVM text of the unit's function and its symbol there."""
    flags = numba_compiler.Flags()
    flags.no_compile = flags.no_cpython_wrapper = flags.no_cfunc_wrapper = True
    flags.nrt = False  # no unit may allocate
    flags.error_model = "numpy"
    flags.fastmath = _FAST_MATH
    typing, target = _contexts()
    arguments = tuple(_TYPES[t] for t in unit.signature.types)
    result = _TYPES[unit.signature.result] if unit.signature.result else numba_types.void
    with global_compiler_lock:
        compiled = numba_compiler.compile_extra(typing, target, _functions(unit), arguments, result, flags, {})
        compiled.library.finalize()
    return compiled.library.get_llvm_str(), compiled.fndesc.llvm_func_name


def _functions(unit: Unit) -> FunctionType:
    """The unit's function as Python's; its helpers are made callable for Numba."""
    names: dict[str, object] = dict(_NAMES)
    called = (signature.by_address for signature in unit.calls)
    for signature in (*called, *(function.signature for function in unit.inlines)):
        names[signature.name] = _external(signature)
    code = compile(unit.text, f"<{unit.name}>", "exec", flags=__future__.annotations.compiler_flag, dont_inherit=True)
    before = set(names)
    exec(code, names)  # the audited place: text of the emitter alone
    for name in set(names) - before - {unit.name}:
        helper = names[name]
        if isinstance(helper, FunctionType):
            names[name] = _helper(helper)
    function = names[unit.name]
    assert isinstance(function, FunctionType)
    return function


def _helper(function: FunctionType) -> Callable[..., object]:
    options = {"error_model": "numpy", "fastmath": _FAST_MATH, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    helper: Callable[..., object] = numba.njit(**options)(function)
    return helper


def _external(signature: Signature) -> numba_types.ExternalFunction:
    result = _TYPES[signature.result] if signature.result else numba_types.void
    return numba_types.ExternalFunction(signature.name, result(*(_TYPES[t] for t in signature.types)))
