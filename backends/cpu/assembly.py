"""LLVM source for what Python cannot say: single instructions, atomics, the processor's modes.

Every function here has C types only, so that Numba calls it as an external one and the optimiser
inlines it afterwards.
"""

from __future__ import annotations

from dslc.program.program import Element

from .host import Host
from .unit import Assembly, CType, Signature

REALS = {Element.F32: CType.F32, Element.F64: CType.F64}

_X86 = ("x86_64", "AMD64")
_ARM = ("aarch64", "arm64")


def wrapper(name: str, callee: str, ctype: CType, arity: int, extra: str = "") -> Assembly:
    """`name`, which is one call of the LLVM intrinsic or C function `callee`; `extra` are its further operands."""
    kind = ctype.llvm
    letters = "xyz"[:arity]
    parameters = ", ".join(f"{kind} %{letter}" for letter in letters)
    declared = ", ".join([kind] * arity + [part.split()[0] for part in extra.split(",") if part])
    operands = f"{parameters}, {extra}" if extra else parameters
    text = f"""\
declare {kind} @{callee}({declared})
define {kind} @{name}({parameters}) alwaysinline {{
  %r = call nsz contract {kind} @{callee}({operands})
  ret {kind} %r
}}
"""
    if ctype is CType.I64:
        text = text.replace("nsz contract ", "")
    return Assembly(Signature(name, tuple((letter, ctype) for letter in letters), ctype), text)


def add_in_any_order(element: Element) -> Assembly:
    """A sum's step whose order the vectoriser may choose.

    Only this addition is free: a whole loop under `reassoc` would lose the exact steps of exp's range reduction. The
    order is a function of the kernel's text and its extents, so results do not depend on threads.
    """
    name, real = f"accumulate_{element.name.lower()}", REALS[element]
    kind = real.llvm
    text = f"""\
define {kind} @{name}({kind} %x, {kind} %y) alwaysinline {{
  %r = fadd reassoc nsz {kind} %x, %y
  ret {kind} %r
}}
"""
    return Assembly(Signature(name, (("x", real), ("y", real)), real), text)


ATOMIC_ADD = Assembly(
    Signature("atomic_add", (("place", CType.I64), ("value", CType.I64)), CType.I64),
    """\
define i64 @atomic_add(i64 %place, i64 %value) alwaysinline {
  %p = inttoptr i64 %place to ptr
  %r = atomicrmw add ptr %p, i64 %value seq_cst
  ret i64 %r
}
""",
)

ATOMIC_LOAD = Assembly(
    Signature("atomic_load", (("place", CType.I64),), CType.I64),
    """\
define i64 @atomic_load(i64 %place) alwaysinline {
  %p = inttoptr i64 %place to ptr
  %r = load atomic i64, ptr %p acquire, align 8
  ret i64 %r
}
""",
)


WORD = Assembly(
    Signature("word", (("place", CType.I64), ("number", CType.I64)), CType.I64),
    """\
define i64 @word(i64 %place, i64 %number) alwaysinline {
  %p = inttoptr i64 %place to ptr
  %q = getelementptr i64, ptr %p, i64 %number
  %r = load i64, ptr %q, align 8
  ret i64 %r
}
""",
)
"""The 64-bit integer `number` of an array at an address."""


FIRST_TILE = Assembly(
    Signature("first_tile", (("turn", CType.I64), ("threads", CType.I64)), CType.I64),
    """\
define i64 @first_tile(i64 %turn, i64 %threads) alwaysinline {
  %r = srem i64 %turn, %threads
  %negative = icmp slt i64 %r, 0
  %s = add i64 %r, %threads
  %t = select i1 %negative, i64 %s, i64 %r
  ret i64 %t
}
""",
)
"""`turn` modulo `threads`, from 0 on."""


def pause(host: Host) -> Assembly:
    """Tells the processor that a loop waits for another core."""
    if host.machine in _X86:
        declaration, call = "declare void @llvm.x86.sse2.pause()", "call void @llvm.x86.sse2.pause()"
    elif host.machine in _ARM:
        declaration, call = "declare void @llvm.aarch64.hint(i32)", "call void @llvm.aarch64.hint(i32 1)"
    else:
        declaration, call = "", ""
    text = f"{declaration}\ndefine i64 @pause(i64 %turns) alwaysinline {{\n  {call}\n  ret i64 %turns\n}}\n"
    return Assembly(Signature("pause", (("turns", CType.I64),), CType.I64), text)


def sleep_while(host: Host) -> Assembly:
    """Blocks while the word at an address has a value; may return before it changes.

    A thread that blocks and is woken goes to an idle processor; one that only gives way can stay behind another
    one on a busy processor for many milliseconds.
    """
    if host.futex is None:
        declaration, call = "declare i32 @sched_yield()", "%r = call i32 @sched_yield()"
    else:
        declaration = "declare i64 @syscall(i64, ...)"
        call = f"%v = trunc i64 %value to i32\n  %r = {_futex(host.futex, 128, 'i32 %v')}"
    return _futex_function("sleep_while", declaration, call)


def wake_all(host: Host) -> Assembly:
    """Wakes all that sleep on a word; `value` is not used."""
    if host.futex is None:
        return _futex_function("wake_all", "", "")
    call = f"%r = {_futex(host.futex, 129, 'i32 2147483647')}"
    return _futex_function("wake_all", "declare i64 @syscall(i64, ...)", call)


def _futex(number: int, operation: int, value: str) -> str:
    """The call with FUTEX_PRIVATE_FLAG, without a time limit."""
    return (
        f"call i64 (i64, ...) @syscall(i64 {number}, i64 %place, i32 {operation}, {value}, ptr null, ptr null, i32 0)"
    )


def _futex_function(name: str, declaration: str, call: str) -> Assembly:
    text = f"{declaration}\ndefine i64 @{name}(i64 %place, i64 %value) alwaysinline {{\n  {call}\n  ret i64 0\n}}\n"
    return Assembly(Signature(name, (("place", CType.I64), ("value", CType.I64)), CType.I64), text)


def flush_subnormals(host: Host) -> Assembly:
    """From here on this thread takes subnormal operands and results for 0; the mode that was is returned.

    Bits FTZ (15) and DAZ (6) of MXCSR (Intel SDM 1, 10.2.3), FZ (24) of FPCR (Arm ARM, C5.2.8).
    """
    if host.machine in _X86:
        lines = ["%p = alloca i32", "call void @llvm.x86.sse.stmxcsr(ptr %p)", "%m = load i32, ptr %p"]
        lines += ["%n = or i32 %m, 32832", "store i32 %n, ptr %p", "call void @llvm.x86.sse.ldmxcsr(ptr %p)"]
        lines += ["%r = zext i32 %m to i64"]
    elif host.machine in _ARM:
        lines = ["%r = call i64 @llvm.aarch64.get.fpcr()", "%n = or i64 %r, 16777216"]
        lines += ["call void @llvm.aarch64.set.fpcr(i64 %n)"]
    else:
        lines = ["%r = add i64 0, 0"]
    return _mode_function("flush_subnormals", (), [*lines, "ret i64 %r"], host)


def restore_mode(host: Host) -> Assembly:
    """Sets the mode that `flush_subnormals` returned."""
    lines = []
    if host.machine in _X86:
        lines = ["%p = alloca i32", "%m = trunc i64 %mode to i32", "store i32 %m, ptr %p"]
        lines += ["call void @llvm.x86.sse.ldmxcsr(ptr %p)"]
    elif host.machine in _ARM:
        lines = ["call void @llvm.aarch64.set.fpcr(i64 %mode)"]
    return _mode_function("restore_mode", (("mode", CType.I64),), [*lines, "ret i64 0"], host)


def _mode_function(name: str, parameters: tuple[tuple[str, CType], ...], lines: list[str], host: Host) -> Assembly:
    declared = ""
    if host.machine in _X86:
        declared = "declare void @llvm.x86.sse.stmxcsr(ptr)\ndeclare void @llvm.x86.sse.ldmxcsr(ptr)\n"
    elif host.machine in _ARM:
        declared = "declare i64 @llvm.aarch64.get.fpcr()\ndeclare void @llvm.aarch64.set.fpcr(i64)\n"
    given = ", ".join(f"i64 %{parameter}" for parameter, _ in parameters)
    body = "".join(f"  {line}\n" for line in lines)
    return Assembly(Signature(name, parameters, CType.I64), f"{declared}define i64 @{name}({given}) {{\n{body}}}\n")
