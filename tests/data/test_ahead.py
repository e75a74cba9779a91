"""Work ahead in threads: results in order, faults where they belong, items asked for no earlier than needed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice

import pytest

from dslc.data.ahead import MOST, ahead
from dslc.processors import processors

THREADS = min(MOST, processors())


def test_results_come_in_the_order_of_the_items() -> None:
    def work(item: int) -> int:
        time.sleep(0.002 * (item % 3 == 0))
        return item * item

    assert list(ahead(work, range(40))) == [(k, k * k) for k in range(40)]
    assert list(ahead(work, ())) == []


def test_only_a_few_items_are_asked_for_before_a_result_is_taken() -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            asked.append(item)
            yield item

    for taken, (item, _) in enumerate(islice(ahead(str, items()), 50)):
        assert item == taken and len(asked) <= taken + THREADS + 1


def test_a_fault_is_raised_in_its_place() -> None:
    found = []
    with pytest.raises(ZeroDivisionError):
        for _, result in ahead(lambda item: 1 / (item - 5), range(10)):
            found.append(result)
    assert len(found) == 5


@pytest.mark.parametrize("sound", range(6))
def test_a_fault_of_the_items_comes_after_what_was_asked_for_before(sound: int) -> None:
    def items() -> Iterator[int]:
        yield from range(sound)
        raise RuntimeError("no more")

    found = []
    with pytest.raises(RuntimeError, match="no more"):
        for item, _ in ahead(str, items()):
            found.append(item)
    assert found == list(range(sound))
