"""How threads meet: a crew of native threads for one call, and the barrier between phases.

A crew is started for a call and joined at its end, by the C library's own threads: they never need the
interpreter's lock, which a busy main thread gives up only every few milliseconds, and nothing is left that
a fork could lose. The barrier spins briefly, then sleeps. It counts arrivals and never resets: that with
number b opens when b * threads have arrived. Its place is two words, 64 bytes apart, which are 0 before the
crew starts: the arrivals, and the threads that sleep.

While a crew works, numbers too small for a normal float are 0, as in XLA: a processor may take a hundred times as
long for them, and the moments of an optimizer whose gradient stays 0 decay into them.
"""

from __future__ import annotations

from .assembly import ATOMIC_ADD, ATOMIC_LOAD, WORD, flush_subnormals, pause, restore_mode, sleep_while, wake_all
from .host import this_host
from .unit import Assembly, CType, Signature, Unit

_SPINS = 2000
"""Pauses before a waiting thread sleeps: about 20 microseconds, more than most phases are apart."""

MOST_THREADS = 1024
"""A crew is no larger: its names and blocks, 40 bytes a thread, lie on the caller's stack."""

_BARRIER = Signature("barrier", (("threads", CType.I64), ("place", CType.I64)))

BARRIER = Unit(
    _BARRIER,
    f"""{_BARRIER.head}
    if threads == 1:
        return
    arrived = atomic_add(place, 1) + 1
    opens = (arrived + threads - 1) // threads * threads
    if arrived == opens:
        # Whoever sleeps was counted first and then saw fewer arrivals, or sees this one and does not sleep.
        if atomic_load(place + 64) > 0:
            wake_all(place, 0)
        return
    turns = 0
    while arrived < opens:
        if turns < {_SPINS}:
            turns = pause(turns) + 1
        else:
            atomic_add(place + 64, 1)
            arrived = atomic_load(place)
            if arrived < opens:
                sleep_while(place, arrived)
            atomic_add(place + 64, -1)
        arrived = atomic_load(place)
""",
    (ATOMIC_ADD, ATOMIC_LOAD, pause(this_host()), sleep_while(this_host()), wake_all(this_host())),
)

_START = Assembly(
    Signature("start_crew", tuple((name, CType.I64) for name in ("threads", "work", "words")), CType.I64),
    """\
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_join(i64, ptr)
declare i64 @sleep_while(i64, i64)
declare i64 @wake_all(i64, i64)
declare i64 @flush_subnormals()
declare i64 @restore_mode(i64)

; A member's block: its thread number, the gate, the work, the words. The gate holds 0, then the number of threads.
define internal ptr @member(ptr %block) {
entry:
  %thread = load i64, ptr %block
  %p1 = getelementptr i64, ptr %block, i64 1
  %gate = load ptr, ptr %p1
  %p2 = getelementptr i64, ptr %block, i64 2
  %work = load ptr, ptr %p2
  %p3 = getelementptr i64, ptr %block, i64 3
  %words = load i64, ptr %p3
  br label %wait
wait:
  %threads = load atomic i64, ptr %gate acquire, align 8
  %open = icmp ne i64 %threads, 0
  br i1 %open, label %go, label %closed
closed:
  %place = ptrtoint ptr %gate to i64
  %s = call i64 @sleep_while(i64 %place, i64 0)
  br label %wait
go:
  %m = call i64 @flush_subnormals()
  call void %work(i64 %thread, i64 %threads, i64 %words)
  ret ptr null
}

define i64 @start_crew(i64 %threads, i64 %work, i64 %words) {
entry:
  %gate = alloca i64, align 8
  store atomic i64 0, ptr %gate monotonic, align 8
  %names = alloca i64, i64 %threads, align 8
  %blocks = alloca [4 x i64], i64 %threads, align 8
  %routine = inttoptr i64 %work to ptr
  br label %next
next:
  %t = phi i64 [ 1, %entry ], [ %t1, %started ]
  %more = icmp slt i64 %t, %threads
  br i1 %more, label %start, label %open
start:
  %block = getelementptr [4 x i64], ptr %blocks, i64 %t
  store i64 %t, ptr %block
  %p1 = getelementptr i64, ptr %block, i64 1
  store ptr %gate, ptr %p1
  %p2 = getelementptr i64, ptr %block, i64 2
  store i64 %work, ptr %p2
  %p3 = getelementptr i64, ptr %block, i64 3
  store i64 %words, ptr %p3
  %name = getelementptr i64, ptr %names, i64 %t
  %failed = call i32 @pthread_create(ptr %name, ptr null, ptr @member, ptr %block)
  %ok = icmp eq i32 %failed, 0
  br i1 %ok, label %started, label %open
started:
  %t1 = add i64 %t, 1
  br label %next
open:
  store atomic i64 %t, ptr %gate seq_cst, align 8
  %place = ptrtoint ptr %gate to i64
  %w = call i64 @wake_all(i64 %place, i64 0)
  %mode = call i64 @flush_subnormals()
  call void %routine(i64 0, i64 %t, i64 %words)
  %r = call i64 @restore_mode(i64 %mode)
  br label %join
join:
  %j = phi i64 [ 1, %open ], [ %j1, %joining ]
  %left = icmp slt i64 %j, %t
  br i1 %left, label %joining, label %done
joining:
  %nj = getelementptr i64, ptr %names, i64 %j
  %id = load i64, ptr %nj
  %e = call i32 @pthread_join(i64 %id, ptr null)
  %j1 = add i64 %j, 1
  br label %join
done:
  ret i64 %t
}
""",
)

_CREW = Signature("crew", _START.signature.parameters)

CREW = Unit(
    _CREW,
    f"""{_CREW.head}
    start_crew(threads, work, words)
""",
    (
        _START, sleep_while(this_host()), wake_all(this_host()), flush_subnormals(this_host()),
        restore_mode(this_host()),
    ),
)  # fmt: skip
"""Calls the function at the address `work` as (thread, threads, words) in as many threads at once; in fewer
where the system starts no more. The caller is thread 0."""

WORK = (("thread", CType.I64), ("threads", CType.I64), ("words", CType.I64))
"""What a crew's work takes: `words` is the address of its further arguments."""


def work_unit(called: Signature) -> Unit:
    """`called`, whose parameters are (thread, threads, numbers..), as work for a crew."""
    signature = Signature(f"crew_{called.name}", WORK)
    rest = "".join(f", word(words, {k})" for k in range(len(called.parameters) - 2))
    return Unit(signature, f"{signature.head}\n    {called.name}(thread, threads{rest})\n", (WORD,), (called,))
