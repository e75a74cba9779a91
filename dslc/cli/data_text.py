"""The text view of a data block's rows, for `dslc data`.

It is at most 80 characters wide, and of however many columns the data have it lists `MOST_ROWS`.

    penguins: 344 rows of data/penguins.csv

    numbers            missing         range   mean    std  values
    bill_length_mm           2  32.1 to 59.6  43.92  5.452  ▂▆█▇▇██▃▁▁
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor, log10

from dslc.data.overview import ArrayView, ColumnView, Overview, Prepared, TargetView
from dslc.data.spread import Spread
from dslc.plan import short, table
from dslc.scalar.types import shape_text

MOST_ROWS = 40
"""Lines of a table; the JSON form has all."""

WIDTH = 80

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII = " .:-=+*#@"
"""Heights of a histogram's bars, the first for none."""


def to_text(name: str, view: Overview, blocks: bool) -> str:
    """The view; `blocks` says that the terminal has block characters."""
    bars = BLOCKS if blocks else ASCII
    parts = [
        [f"{shown(name, 24)}: {view.rows:,} rows of {shown(view.source, 36)}"],
        _numbers([column for column in view.columns if column.spread or not column.counts], bars),
        _categories([column for column in view.columns if column.counts]),
        _arrays(view.arrays, bars),
        _parts(view),
        *(_target(target, view.parts, bars) for target in view.targets),
        _preparation(view),
    ]
    return "\n\n".join("\n".join(line.rstrip() for line in part) for part in parts if part)


def figure(value: float) -> str:
    """At most nine characters: four digits, whole numbers below a million entire."""
    size = abs(value)
    if value == int(value) and size < 1e6:
        return str(int(value))
    if not 1e-3 <= size < 1e6:
        return f"{value:.3g}"
    text = f"{value:.{max(0, 3 - floor(log10(size)))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def histogram(spread: Spread, bars: str) -> str:
    """A character for each bin, as high as its count among the largest; what is not empty shows."""
    most = max(spread.bins)
    return "".join(bars[-(-count * (len(bars) - 1) // most)] for count in spread.bins)


def shown(text: str, width: int) -> str:
    """A name of the data, in so many characters, none of which a terminal obeys."""
    return short(printable(text), width)


def printable(text: str) -> str:
    """The text with a blank for what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def _numbers(columns: Sequence[ColumnView], bars: str) -> list[str]:
    rows = [(column.name, f"{column.missing:,}", *_spread(column.spread, bars)) for column in columns]
    return _fitted(("numbers", "missing", "range", "mean", "std", "values"), rows, {0, 5})


def _spread(spread: Spread | None, bars: str) -> tuple[str, str, str, str]:
    """Range, mean, deviation and histogram; of no numbers nothing."""
    if spread is None:
        return ("", "", "", "")
    least, greatest = figure(spread.least), figure(spread.greatest)
    return f"{least} to {greatest}", figure(spread.mean), figure(spread.deviation), histogram(spread, bars)


def _categories(columns: Sequence[ColumnView]) -> list[str]:
    rows = [(c.name, c.kind, f"{c.missing:,}", f"{len(c.counts or ()):,}", _labels(c)) for c in columns]
    return _fitted(("categories", "kind", "missing", "labels", "the most frequent"), rows, {0, 1, 4})


def _labels(column: ColumnView) -> str:
    """`Biscoe 168, Dream 124 and 3 more`, in what is left of a line."""
    counts = column.counts or ()
    for most in range(min(len(counts), 8), 0, -1):
        told = ", ".join(f"{shown(label, 16)} {count:,}" for label, count in counts[:most])
        more = f" and {len(counts) - most:,} more" if len(counts) > most else ""
        if len(told + more) <= 38:
            return told + more
    return f"{len(counts):,} labels"


def _arrays(arrays: Sequence[ArrayView], bars: str) -> list[str]:
    rows = [(f"{a.name} {shape_text(a.shape)}", a.stored, *_spread(a.spread, bars)) for a in arrays]
    return _fitted(("arrays", "of", "range", "mean", "std", "values"), rows, {0, 1, 5})


def _parts(view: Overview) -> list[str]:
    """Sizes and shares, and what is in no part."""
    whole = sum(view.parts.values())
    rows = [("split", "rows", "share"), *((p, f"{n:,}", f"{n / whole:.1%}") for p, n in view.parts.items())]
    lines = [*table(rows, left=1), *(shown(line, WIDTH) for line in (view.split, *view.left_out))]
    dropped = [column.name for column in view.columns if column.prepared is None]
    if dropped:
        lines.append(f"dropped for their gaps: {shown(', '.join(dropped[:3]), 44)}{_more(len(dropped) - 3)}")
    if view.ignored:
        lines.append(shown(f"ignored: {', '.join(view.ignored[:8])}{_more(len(view.ignored) - 8)}", WIDTH))
    return lines + ([f"rows weigh as column {shown(view.weighted, 40)} says"] if view.weighted else [])


def _target(target: TargetView, parts: Mapping[str, int], bars: str) -> list[str]:
    title = shown(target.name, 20)
    if target.spreads is not None:
        spreads = [(part, f"{s.count:,}", *_spread(s, bars)) for part, s in target.spreads.items()]
        return _fitted((f"target {title}", "count", "range", "mean", "std", "values"), spreads, {0, 5})
    heads = (f"target {title}", *(head for part in parts for head in (part, "")))
    rows = []
    for one in target.classes or ():
        cells = [cell for part in parts for cell in (f"{one.rows[part]:,}", f"{one.share[part]:.1%}")]
        rows.append((one.label, *cells, *([f"weighs {one.weight:.4g}"] if one.weight is not None else [])))
    return _fitted((*heads, "") if len(rows[0]) > len(heads) else heads, rows, {0})


def _preparation(view: Overview) -> list[str]:
    """What becomes of each column or array, and how wide a prepared row is."""
    rows = [
        (column.name, _gap(column.prepared), column.prepared.encoding, f"{column.prepared.elements:,}")
        for column in view.columns
        if column.prepared
    ]
    arrays = [(array.name, array.encoding) for array in view.arrays]
    targets = [(f"target {target.name}", target.encoding) for target in view.targets]
    lines = [f"preparation, fitted on {view.parts['train']:,} training rows"]
    lines += _fitted(("column", "gap", "encoding", "elements"), rows, {0, 1, 2})
    if rows:
        lines.append(f"in all, {view.elements:,} elements a row")
    return [*lines, *_fitted(("", ""), [*arrays, *targets], {0, 1})[1:]]


def _gap(prepared: Prepared) -> str:
    """What a missing cell is replaced by, or leads to."""
    if prepared.fill is None:
        return prepared.gap
    return shown(prepared.fill, 16) + (", flagged" if prepared.flag else "")


def _more(count: int) -> str:
    return f" and {count:,} more" if count > 0 else ""


def _fitted(heads: Sequence[str], rows: Sequence[Sequence[str]], left: set[int]) -> list[str]:
    """A table of at most `WIDTH`, whose first column gives way; of many rows the first, and how many there are."""
    if not rows:
        return []
    some = rows[:MOST_ROWS]
    widths = [max(map(len, column)) for column in zip(heads[1:], *(row[1:] for row in some), strict=True)]
    first = max(8, min(max(len(row[0]) for row in (heads, *some)), WIDTH - sum(widths) - 2 * len(widths)))
    lines = list(_lines([heads, *some], [first, *widths], left))
    if len(rows) > len(some):
        lines.append(f"and {len(rows) - len(some):,} more (--format json lists all)")
    return lines


def _lines(rows: Sequence[Sequence[str]], widths: Sequence[int], left: set[int]) -> Iterator[str]:
    for row in rows:
        cells = (shown(row[0], widths[0]), *row[1:])
        placed = zip(range(len(cells)), cells, widths, strict=True)
        yield "  ".join(cell.ljust(width) if k in left else cell.rjust(width) for k, cell, width in placed).rstrip()
