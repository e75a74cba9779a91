"""Work on a sequence, in threads, a few items ahead of whoever takes the results."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 4
"""Threads; what they do calls into NumPy and polars, which let other threads run, but Python's own share adds up."""


def ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Each item with its result, in order. An item is asked for when its work can begin, a few before it is yielded."""
    threads = min(MOST, os.cpu_count() or 1)
    pending: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            pending.append((item, pool.submit(work, item)))
            if len(pending) > threads:
                yield _taken(pending)
        while pending:
            yield _taken(pending)
    finally:
        pool.shutdown(cancel_futures=True)


def _taken(pending: deque[tuple[Item, Future[Result]]]) -> tuple[Item, Result]:
    item, future = pending.popleft()
    return item, future.result()
