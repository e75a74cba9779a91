"""A file read block by block gives what `csv.reader` and `float` give: columns to the bit, faults to the letter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslc.data.blocks import Block, Cut, Dialect, scan
from dslc.data.cells import MISSING, Marks
from dslc.data.column import ColumnType, Kind
from dslc.data.csv import open_csv
from dslc.data.csv_columns import read_columns
from dslc.diagnostics import DataError

BUDGET = 1 << 30


def outcome(content: bytes, dialect: Dialect, marks: Marks, declared: dict[str, ColumnType], path: Path) -> object:
    """What reading makes of a file, comparable; the message where it is refused."""
    path.write_bytes(content)
    try:
        file = open_csv(path, "a.csv", dialect, BUDGET)
        columns, lines = read_columns(file, {name: declared.get(name) for name in file.columns}, marks)
    except DataError as error:
        return str(error)
    return [(n, c.kind, c.labels, c.values.tobytes()) for n, c in columns.items()], lines.tolist()


def in_three_ways(
    content: bytes, dialect: Dialect, marks: Marks, declared: dict[str, ColumnType], path: Path, size: int
) -> tuple[object, object, object]:
    """What the blocks' way makes of a file, in small blocks, then with polars, and the records' way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dslc.data.csv_columns.SIZE", size)
        blocks = outcome(content, dialect, marks, declared, path)
        patch.setattr("dslc.data.csv_polars.LARGE", 0)
        patch.setattr("dslc.data.csv_polars.BLOCK", 2 * size)
        typed = outcome(content, dialect, marks, declared, path)
        patch.setattr("dslc.data.csv_columns.scan", lambda *_: None)
        patch.setattr("dslc.data.csv_columns.typed_reader", lambda *_: None)
        return blocks, typed, outcome(content, dialect, marks, declared, path)


NUMBERS = st.one_of(
    st.integers(-1000, 1000).map(str),
    st.integers(-(2**70), 2**70).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.decimals(-1000, 1000, places=3).map(str),
    st.sampled_from(["007", "+3", ".5", "5.", "1e3", "-0", "1E-7", "1_0", "1e999", "0x1", "--1", "1.2.3", ".", "-"]),
    st.sampled_from(["٣", "5e-324", "1e-400", " 7", "7 ", "\t7", "9007199254740993"]),
)
GAPS = st.sampled_from(["", "NA", "nan", "-nan", "inf", "?", " ", "null", "N/A", "-999", "-999.0"])
TEXTS = st.text(st.sampled_from('ab"\n\r, ;é中\t\x00x7.'), max_size=6)
OTHERS = st.sampled_from(["true", "FALSE", "2026-11-23", "2026-13-01", "yes", "no"])
CELLS = (NUMBERS, st.one_of(NUMBERS, GAPS), st.one_of(OTHERS, GAPS), TEXTS, st.one_of(NUMBERS, GAPS, OTHERS, TEXTS))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blocks") / "a.csv"


def written(cell: str, dialect: Dialect, quote: bool) -> str:
    special = any(c in cell for c in ('"', "\n", "\r", dialect.separator))
    return '"' + cell.replace('"', '""') + '"' if quote or special else cell


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, Dialect]:
    """A table of one to five columns, mostly well formed."""
    separator, decimal = draw(st.sampled_from([(",", "."), (";", ","), ("\t", "."), ("|", ".")]))
    dialect = Dialect(separator, decimal, draw(st.sampled_from(["utf-8", "utf-8", "latin-1"])))
    columns = draw(st.integers(1, 5))
    kinds = [draw(st.sampled_from(CELLS)) for _ in range(columns)]
    rows = draw(st.lists(st.tuples(*kinds), min_size=0, max_size=12))
    quotes = draw(st.sampled_from(["never", "some", "always"]))
    end = draw(st.sampled_from(["\n", "\n", "\r\n", "\r"]))
    lines = [separator.join(f"c{k}" for k in range(columns))]
    for row in rows:
        cells = [cell.replace(".", decimal) if decimal == "," else cell for cell in row]
        cells = [written(c, dialect, quotes == "always" or (quotes == "some" and draw(st.booleans()))) for c in cells]
        lines.append(separator.join(cells))
        lines += [""] * draw(st.sampled_from([0, 0, 0, 0, 1, 2]))
    text = end.join(lines) + draw(st.sampled_from(["", end, end * 2]))
    content = text.encode(dialect.encoding, errors="replace")
    if draw(st.integers(0, 9)) == 0 and content:
        place = draw(st.integers(0, len(content) - 1))
        content = content[:place] + draw(st.sampled_from([b'"', b",", b"\n", b"\r", b" ", b""])) + content[place:]
    bom = b"\xef\xbb\xbf" if dialect.encoding == "utf-8" and draw(st.booleans()) else b""
    return bom + content, dialect


@settings(max_examples=300, deadline=None)
@given(
    files(),
    st.sampled_from([Marks(), Marks(MISSING | {"no"}, frozenset({-999.0}))]),
    st.sampled_from([{}, {"c0": ColumnType(Kind.CATEGORY)}, {"c0": ColumnType(Kind.NUMBER, ("yes", "no"))}]),
    st.sampled_from([16, 64, 1 << 20]),
)
def test_blocks_polars_and_records_read_the_same(
    scratch: Path, file: tuple[bytes, Dialect], marks: Marks, declared: dict[str, ColumnType], size: int
) -> None:
    content, dialect = file
    blocks, typed, records = in_three_ways(content, dialect, marks, declared, scratch, size)
    assert blocks == records, content
    assert typed == records, content


def table(rows: int, columns: int, cell: Callable[[int, int], str], end: str = "\n") -> bytes:
    lines = [",".join(f"c{k}" for k in range(columns))]
    lines += [",".join(cell(row, k) for k in range(columns)) for row in range(rows)]
    return end.join([*lines, ""]).encode()


def str_of(row: int, _: int) -> str:
    return str(row)


SAMPLES = {
    "thousands of columns": table(5, 4000, lambda row, k: str(row * k / 7)),
    "crlf and a byte order mark": b"\xef\xbb\xbf" + table(50, 3, lambda row, k: ["1.5", "é", "NA"][k], "\r\n"),
    "a gap in the last column": table(50, 3, lambda row, k: "" if k == 2 and row % 3 else str(row)),
    "an empty column": table(50, 3, lambda row, k: "" if k == 1 else str(row)),
    "a column that begins late": table(90, 2, lambda row, k: "" if k == 1 and row < 80 else str(row)),
    "a short row": table(50, 3, str_of) + b"7,8\n" + table(9, 3, str_of)[9:],
    "a long row": table(50, 3, str_of) + b"7,8,9,10\n" + table(9, 3, str_of)[9:],
    "a short row and a long one": table(50, 3, str_of) + b"7,8\n7,8,9,10\n" + table(9, 3, str_of)[9:],
    "a blank line": table(50, 3, str_of) + b"\n" + table(9, 3, str_of)[9:],
    "quotes from the middle on": table(50, 3, str_of) + b'"a\n""b",2,3\n' + table(9, 3, str_of)[9:],
    "a stray quote": table(50, 3, lambda row, k: 'a"b' if row == 40 and not k else "c"),
    "an open quote": table(50, 3, str_of) + b'"7,8,9\n' + table(9, 3, str_of)[9:],
    "a lone return": table(50, 3, str_of) + b"7,8\r,9\n" + table(9, 3, str_of)[9:],
    "infinite": table(50, 3, lambda row, k: "inf" if row == 40 and k == 1 else str(row)),
    "text in numbers": table(50, 3, lambda row, k: "x" if row == 40 and k == 1 else str(row)),
    "a number in truth values": table(50, 3, lambda row, k: "1" if row == 40 and k else "true"),
    "marks in numbers": table(50, 3, lambda row, k: ["NA", "nan", "N/A", "?", "null", "1"][(row + k) % 6]),
    "a cell beyond the limit": table(50, 2, lambda row, k: "0." + "0" * 140_000 if row == 40 and k else "1"),
    "numbers beyond 2^53": table(50, 2, lambda row, k: str(2**53 + row)),
    "exponents": table(50, 2, lambda row, k: f"{row}e{k - 1}"),
}


@pytest.mark.parametrize("content", SAMPLES.values(), ids=SAMPLES.keys())
@pytest.mark.parametrize("size", [64, 1000])
def test_a_sample_is_read_the_same_in_every_way(content: bytes, size: int, scratch: Path) -> None:
    blocks, typed, records = in_three_ways(content, Dialect(), Marks(), {}, scratch, size)
    assert blocks == records
    assert typed == records


@pytest.mark.parametrize("typed", [False, True])
def test_only_the_first_block_of_a_large_file_is_left_to_the_own_reader(
    typed: bool, scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dslc.data.csv_columns.SIZE", 1000)
    monkeypatch.setattr("dslc.data.csv_polars.LARGE", 0 if typed else 1 << 40)
    cuts: list[Cut] = []

    def counted(content: bytes, cut: Cut, columns: int, dialect: Dialect) -> Block | None:
        cuts.append(cut)
        return scan(content, cut, columns, dialect)

    monkeypatch.setattr("dslc.data.csv_columns.scan", counted)
    content = table(2000, 4, lambda row, k: "" if row % 5 == k else ["true", "ab", str(row), "2026-11-23"][k])
    assert not isinstance(outcome(content, Dialect(), Marks(), {}, scratch), str)
    assert (len(cuts) == 1) == typed
