"""The page that `dslc data --html` writes: one document without scripts, in the style of a run's report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dslc.cli.data_text import figure
from dslc.cli.data_view import View
from dslc.data.overview import ColumnView, Overview, TargetView
from dslc.data.spread import Spread
from dslc.runs.charts import bars, histogram
from dslc.runs.report import beside, page, section, table
from dslc.scalar.types import shape_text

MOST_CHARTS = 120
"""Columns that are drawn; the tables list up to `MOST_ROWS`."""

MOST_ROWS = 2000
MOST_BARS = 12


def to_html(view: View) -> str:
    """The document; every text of the data is escaped."""
    shown = view.overview
    sections = [
        section("Advice", table(("", ""), [(note.about, note.text) for note in view.notes])),
        section("Parts", _parts(shown)),
        *(section(f"Target {target.name}", _target(target, shown)) for target in shown.targets),
        section("Columns", beside(list(_charts(shown)))),
        section("Columns in numbers", _columns(shown.columns)),
        section("Preparation", _preparation(shown)),
    ]
    return page(view.name, f"{shown.rows:,} rows of {shown.source}", sections)


def _parts(shown: Overview) -> str:
    whole = sum(shown.parts.values())
    rows = [(part, f"{count:,}", f"{count / whole:.1%}") for part, count in shown.parts.items()]
    said = [("split", shown.split, ""), *(("left out", text, "") for text in shown.left_out)]
    return table(("part", "rows", "share"), [*rows, *said], "numbers")


def _target(target: TargetView, shown: Overview) -> str:
    if target.classes is None:
        spreads = target.spreads or {}
        charts = [_drawn(f"{target.name}, {part}", spread, 0) for part, spread in spreads.items()]
        return beside(charts) + table(SPREAD, [(part, *_spread(spread)) for part, spread in spreads.items()], "numbers")
    counts = [(one.label, sum(one.rows.values())) for one in target.classes]
    rows = [
        (one.label, *(f"{count:,} ({one.share[part]:.1%})" for part, count in one.rows.items()))
        for one in target.classes[:MOST_ROWS]
    ]
    chart = bars(target.name, "rows of all parts", _most(counts))
    return beside([chart]) + table(("class", *shown.parts), rows, "numbers")


def _charts(shown: Overview) -> Iterator[str]:
    for column in shown.columns[:MOST_CHARTS]:
        if column.spread is not None:
            yield _drawn(column.name, column.spread, column.missing)
        elif column.counts:
            yield bars(column.name, _missing(column.missing), _most(column.counts))
    for array in shown.arrays:
        yield _drawn(f"{array.name} {shape_text(array.shape)}", array.spread, 0)


def _drawn(name: str, spread: Spread, missing: int) -> str:
    note = f"mean {figure(spread.mean)}, std {figure(spread.deviation)}"
    return histogram(
        name, f"{note}, {_missing(missing)}" if missing else note, spread.bins, spread.least, spread.greatest
    )


def _missing(count: int) -> str:
    return f"{count:,} missing" if count else ""


def _most(counts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The labels as they come; of many the first, and the others together."""
    others = sum(count for _, count in counts[MOST_BARS:])
    return [*counts[:MOST_BARS], *([(f"{len(counts) - MOST_BARS:,} others", others)] if others else [])]


SPREAD = ("", "least", "mean", "std", "greatest")


def _spread(spread: Spread) -> tuple[str, str, str, str]:
    return figure(spread.least), figure(spread.mean), figure(spread.deviation), figure(spread.greatest)


def _columns(columns: Sequence[ColumnView]) -> str:
    rows = [
        (
            column.name,
            column.kind,
            f"{column.missing:,}",
            *(_spread(column.spread) if column.spread else (f"{len(column.counts or ()):,} labels", "", "", "")),
        )
        for column in columns[:MOST_ROWS]
    ]
    return table(("column", "kind", "missing", *SPREAD[1:]), rows, "numbers") + _rest(len(columns))


def _preparation(shown: Overview) -> str:
    rows = [
        (
            column.name,
            column.prepared.fill or column.prepared.gap if column.prepared else "column dropped",
            column.prepared.encoding if column.prepared else "",
            f"{column.prepared.elements:,}" if column.prepared else "0",
        )
        for column in shown.columns[:MOST_ROWS]
    ]
    rows += [(array.name, "", array.encoding, shape_text(array.shape)) for array in shown.arrays]
    rows += [(f"target {target.name}", "", target.encoding, "") for target in shown.targets]
    return table(("column", "gap", "encoding", "elements"), rows, "numbers") + _rest(len(shown.columns))


def _rest(count: int) -> str:
    return f"<p>and {count - MOST_ROWS:,} more columns</p>" if count > MOST_ROWS else ""
