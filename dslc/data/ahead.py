"""Work on a sequence, in threads, a few items ahead of whoever takes the results.

>>> list(ahead(abs, [3, -2, -1]))
[(3, 3), (-2, 2), (-1, 1)]
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from dslc.processors import processors

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 4
"""Threads; what they do calls into NumPy and polars, which let other threads run, but Python's own share adds up."""


def ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Each item with its result, in order, and a fault of work or of the items in its place.

    Before a result is yielded one more item is asked for than there are threads.
    """
    threads, source, fault = min(MOST, processors()), iter(items), None
    pending: deque[tuple[Item, Future[Result]]] = deque()
    pool: ThreadPoolExecutor | None = None
    try:
        while fault is None:
            try:
                item = next(source)
            except StopIteration:
                break
            except Exception as error:  # whatever it is, it is raised behind the results before it
                fault = error
                continue
            pool = pool or _pool(threads)
            pending.append((item, pool.submit(work, item)))
            if len(pending) > threads:
                yield _taken(pending)
        while pending:
            yield _taken(pending)
        if fault is not None:
            raise fault
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


def _pool(threads: int) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # which a table of one block need not wait for

    return ThreadPoolExecutor(threads)


def _taken(pending: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Result]:
    item, future = pending.popleft()
    return item, future.result()
