"""What a Parquet file says of itself, checked before anything is allocated by what it says.

The footer names row groups, and for each column its pages; every page has a header with its sizes. All places must lie
in the file, sums must agree, and what the wanted columns expand to must be within the budget. The file may be hostile;
DataError is all that is raised. (apache/parquet-format, `parquet.thrift`, gives the numbers of the fields.)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from dslc.data.thrift import ThriftError, Value, read_struct
from dslc.diagnostics import DataError
from dslc.frozen import Frozen

MAGIC = b"PAR1"

FOOTER_LIMIT = 16 << 20
"""Bytes; a column of a row group takes about a hundred."""

PAGES_LIMIT = 1 << 20
"""Pages of one file; the common ones hold a megabyte."""


class Chunk(Frozen):
    """One column of one row group: its bytes in the file, and what it says they are."""

    column: str
    start: int
    end: int
    values: int
    expanded: int


def check_layout(content: bytes, shown: str, wanted: Collection[str], budget: int) -> int:
    """The number of rows. DataError naming the file for a layout that cannot be, and for one beyond the budget."""
    try:
        rows, chunks = _footer(content)
        chosen = [chunk for chunk in chunks if chunk.column in wanted]
        needed = max(sum(chunk.expanded for chunk in chosen), 8 * rows * len(wanted))
        if needed > budget:
            raise DataError(f"{shown}: its columns need {needed} bytes, more than the budget of {budget}")
        pages = 0
        for chunk in chosen:
            pages += _check_pages(content, chunk)
            if pages > PAGES_LIMIT:
                raise ThriftError(f"it has more than {PAGES_LIMIT} pages")
    except ThriftError as error:
        raise DataError(f"{shown}: not a readable Parquet file ({error})") from None
    return rows


def _footer(content: bytes) -> tuple[int, list[Chunk]]:
    if len(content) < 12 or content[:4] != MAGIC or content[-4:] != MAGIC:
        raise ThriftError("it does not begin and end with `PAR1`")
    start = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    if start < 4:
        raise ThriftError("its footer is longer than the file")
    if len(content) - start > FOOTER_LIMIT:
        raise ThriftError(f"its footer has more than {FOOTER_LIMIT} bytes")
    footer, _ = read_struct(content[start:-8], 0)
    rows = _whole(footer, 3)
    groups = [_fields(group) for group in _items(footer, 4)]
    if sum(_whole(group, 3) for group in groups) != rows:
        raise ThriftError("its row groups do not make its rows")
    return rows, [_chunk(_fields(chunk), start, _whole(group, 3)) for group in groups for chunk in _items(group, 1)]


def _chunk(record: Mapping[int, Value], footer: int, rows: int) -> Chunk:
    if 1 in record:
        raise ThriftError("its columns lie in another file")
    meta = _fields(record.get(3))
    path = [_text(name) for name in _items(meta, 3)]
    data, compressed = _whole(meta, 9), _whole(meta, 7)
    start = min(data, _whole(meta, 11)) if meta.get(11) else data
    if start < 4 or start + compressed > footer:
        raise ThriftError("a column lies beyond the file")
    values = _whole(meta, 5)
    if len(path) == 1 and values != rows:
        raise ThriftError(f'the column "{_short(path[0])}" has not as many values as rows')
    return Chunk(path[0] if path else "", start, start + compressed, values, _whole(meta, 6))


def _check_pages(content: bytes, chunk: Chunk) -> int:
    """The number of the column's pages; ThriftError unless they fill its bytes and expand to what it says."""
    values = expanded = pages = 0
    at = chunk.start
    while at < chunk.end and values < chunk.values:
        header, at = read_struct(content, at)
        expanded += _whole(header, 2)
        at += _whole(header, 3)
        pages += 1
        values += max((_whole(_fields(header[k]), 1) for k in (5, 8) if k in header), default=0)
        if at > chunk.end or expanded > chunk.expanded or pages > PAGES_LIMIT:
            raise ThriftError(f'the pages of "{_short(chunk.column)}" are not what its footer says')
    if values != chunk.values:
        raise ThriftError(f'the pages of "{_short(chunk.column)}" are not what its footer says')
    return pages


def _short(name: str) -> str:
    return name if len(name) <= 40 else name[:37] + "..."


def _fields(value: Value | None) -> Mapping[int, Value]:
    if not isinstance(value, Mapping):
        raise ThriftError("its footer is not one of a Parquet file")
    return value


def _items(fields: Mapping[int, Value], number: int) -> Sequence[Value]:
    value = fields.get(number, ())
    if isinstance(value, bytes) or not isinstance(value, Sequence):
        raise ThriftError("its footer is not one of a Parquet file")
    return value


def _whole(fields: Mapping[int, Value], number: int) -> int:
    value = fields.get(number)
    if not isinstance(value, int) or value < 0:
        raise ThriftError("a size in it is missing or negative")
    return value


def _text(value: Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
