"""A Parquet file that lies about itself is refused by name, before anything is allocated by what it says."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping, Sequence

import pytest

from dslc.data.parquet_layout import MAGIC, check_layout
from dslc.diagnostics import DataError

BUDGET = 1 << 20

Value = int | bytes | Sequence["Value"] | Mapping[int, "Value"]


def varint(value: int) -> bytes:
    head, rest = value & 127, value >> 7
    return bytes([head | 128]) + varint(rest) if rest else bytes([head])


def encoded(value: Value) -> bytes:
    """A value in the compact protocol; whole numbers of 64 bits."""
    if isinstance(value, int):
        return varint(value << 1 if value >= 0 else (-value << 1) - 1)
    if isinstance(value, bytes):
        return varint(len(value)) + value
    if isinstance(value, Mapping):
        fields = (bytes([kind(item)]) + encoded(number) + encoded(item) for number, item in value.items())
        return b"".join(fields) + b"\0"
    return bytes([0xF0 | kind(value[0])]) + varint(len(value)) + b"".join(map(encoded, value))


def kind(value: Value) -> int:
    return 6 if isinstance(value, int) else 8 if isinstance(value, bytes) else 12 if isinstance(value, Mapping) else 9


PAGE = {1: 0, 2: 80, 3: 20, 5: {1: 10}}
"""A page of ten values, 80 bytes in 20."""


def parquet(
    page: Mapping[int, Value] = PAGE,
    meta: Mapping[int, Value] | None = None,
    chunk: Mapping[int, Value] | None = None,
    group_rows: int = 10,
    rows: int = 10,
) -> bytes:
    """A file of one column `a` with one page, in which something is otherwise."""
    pages = encoded(page) + bytes(20)
    described = {3: [b"a"], 5: 10, 6: 200, 7: len(pages), 9: 4} | (meta or {})
    footer = encoded({3: rows, 4: [{1: [{3: described} | (chunk or {})], 3: group_rows}]})
    return closed(pages, footer)


def closed(pages: bytes, footer: bytes) -> bytes:
    return MAGIC + pages + footer + len(footer).to_bytes(4, "little") + MAGIC


def test_an_honest_file_is_let_through() -> None:
    assert check_layout(parquet(), "a.parquet", ["a"], BUDGET) == 10


HOSTILE = {
    "rows without end": (
        parquet(rows=2**60, group_rows=2**60, meta={5: 2**60}),
        "more than the budget of 1048576",
    ),
    "a column without end": (parquet(meta={6: 2**62}), "more than the budget of 1048576"),
    "rows that no group has": (parquet(rows=2**60), "its row groups do not make its rows"),
    "fewer values than rows": (parquet(rows=11, group_rows=11), 'the column "a" has not as many values as rows'),
    "a column behind the file": (parquet(meta={9: 2**40}), "a column lies beyond the file"),
    "a column before the file": (parquet(meta={9: 0}), "a column lies beyond the file"),
    "a column in another file": (parquet(chunk={1: b"/etc/passwd"}), "its columns lie in another file"),
    "a negative size": (parquet(meta={7: -1}), "a size in it is missing or negative"),
    "a page that expands to more": (parquet(page=PAGE | {2: 2**31}), 'the pages of "a" are not what its footer says'),
    "a page that is longer": (parquet(page=PAGE | {3: 21}), 'the pages of "a" are not what its footer says'),
    "a page of more values": (parquet(page=PAGE | {5: {1: 11}}), 'the pages of "a" are not what its footer says'),
    "pages of nothing": (parquet(page={1: 0, 2: 0, 3: 0, 5: {1: 0}}), ""),
    "no footer": (MAGIC + b"\xff\xff\xff\x7f" + MAGIC, "its footer is longer than the file"),
    "a long footer": (closed(b"", bytes(17 << 20)), "its footer has more than 16777216 bytes"),
    "no Parquet": (b"a,b\n1,2\n3,4\n", "it does not begin and end with `PAR1`"),
    "nothing": (b"", "it does not begin and end with `PAR1`"),
    "deep structures": (closed(b"", b"\x1c" * 5000), "structures are nested too deeply"),
    "deep lists": (closed(b"", b"\x19" * 5000), "structures are nested too deeply"),
    "a list without end": (closed(b"", b"\x19\xf6" + varint(2**62)), "a list is longer than the bytes"),
    "a text without end": (closed(b"", b"\x18" + varint(2**62)), "a text is longer than the bytes"),
    "a number without end": (closed(b"", b"\x16" + b"\xff" * 50), "a number has too many bytes"),
    "a map": (closed(b"", b"\x1b\x00\x00"), "no type has the number 11"),
    "no rows field": (closed(b"", encoded({4: [{3: 1}]})), "a size in it is missing or negative"),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_is_refused_by_name(content: bytes, reason: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(DataError) as caught:
            check_layout(content, "a.parquet", ["a"], BUDGET)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert str(caught.value).startswith("a.parquet: ")
    assert reason in str(caught.value)
