"""Charts as SVG text, without a library: curves over epochs, a confusion matrix, predicted against true, counts.

Colours are CSS variables of the page (`--ink`, `--faint`, `--one` ...), so that a chart follows its theme. Every
text is escaped. Sizes are those of a phone's screen, on which text stays readable.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

from dslc.runs.axis import round_numbers, short

WIDTH, HEIGHT = 400, 230
LEFT, RIGHT, TOP, BOTTOM = 56, 22, 12, 32

MOST_PIECES = 400
"""Pieces of a curve, about one for each pixel; of a longer history each piece shows its least and its greatest."""

LONGEST_LABEL = 14
DIGIT = 7
"""Width of a character at the charts' size of text."""


def curves(title: str, series: Mapping[str, Sequence[float]], marked: int | None = None) -> str:
    """A line for each series over the epochs 1, 2, ..., with gaps where it is not finite; `marked`: the best epoch."""
    values = [v for points in series.values() for v in points if math.isfinite(v)]
    count = max((len(points) for points in series.values()), default=0)
    if not values:
        return ""
    ticks = round_numbers(min(values), max(values))
    low, high = min(ticks[0], *values), max(ticks[-1], *values)

    def x(epoch: float) -> float:
        return LEFT + (epoch - 1) / max(1, count - 1) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - _share(value, low, high) * (HEIGHT - TOP - BOTTOM)

    parts = [_grid(ticks, y), _epochs(count, x)]
    best = marked if marked is not None and 1 <= marked <= count else None
    if best is not None:
        parts.append(f'<line class="best" x1="{x(best):.1f}" x2="{x(best):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
    keys = []
    for number, (name, points) in enumerate(series.items(), 1):
        parts.append(f'<path class="line-{number}" d="{_path(points, x, y)}"/>')
        value = points[best - 1] if best is not None and best <= len(points) else math.nan
        if best is not None and math.isfinite(value):
            parts.append(f'<circle class="mark-{number}" cx="{x(best):.1f}" cy="{y(value):.1f}" r="3.5"/>')
        at_best = f" {short(value)}" if math.isfinite(value) else ""
        keys.append(f'<span class="key-{number}">{escape(name)}{at_best}</span>')
    noted = f"<span>at best epoch {best}</span>" if best is not None else ""
    return _figure(title, "".join(keys) + noted, parts, WIDTH, HEIGHT)


def confusion(title: str, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Rows are the true classes, columns the predicted ones; a cell is the darker the larger its share of the row."""
    names = [escape(_cut(label)) for label in labels]
    widest = DIGIT * max((len(_cut(label)) for label in labels), default=1)
    cell = max(16, min(34, 340 // max(1, len(labels))))
    upright = widest > cell - 4
    left, top = 12 + widest, (10 + widest if upright else 24)
    size = cell * len(labels)
    parts = []
    for i, row in enumerate(counts):
        middle = top + i * cell + cell / 2
        parts.append(f'<text class="end" x="{left - 6}" y="{middle + 4:.0f}">{names[i]}</text>')
        parts.append(_above(names[i], left + i * cell + cell / 2, top - 7, upright))
        for j, count in enumerate(row):
            share = count / max(1, sum(row))
            kind, depth = "hit" if i == j else "miss", 0.15 + 0.85 * share if count else 0
            box = f'x="{left + j * cell}" y="{top + i * cell}" width="{cell - 1}" height="{cell - 1}"'
            hover = f"<title>true {names[i]}, predicted {names[j]}: {count}</title>"
            parts.append(f'<rect class="{kind}" {box} fill-opacity="{depth:.2f}">{hover}</rect>')
            if count and DIGIT * len(str(count)) < cell - 3:
                ink = "mid on" if depth > 0.5 else "mid"
                x = left + j * cell + cell / 2
                parts.append(f'<text class="{ink}" x="{x:.0f}" y="{middle + 4:.0f}">{count}</text>')
    return _figure(title, "<span>rows: true, columns: predicted</span>", parts, left + size + 8, top + size + 8)


def scatter(title: str, true: Sequence[float], predicted: Sequence[float]) -> str:
    """Predicted against true values, with the diagonal on which they agree."""
    points = [(t, p) for t, p in zip(true, predicted, strict=True) if math.isfinite(t) and math.isfinite(p)]
    if not points:
        return ""
    low, high = min(map(min, points)), max(map(max, points))
    side = 320

    def x(value: float) -> float:
        return LEFT + _share(value, low, high) * (side - LEFT - RIGHT)

    def y(value: float) -> float:
        return side - BOTTOM - _share(value, low, high) * (side - TOP - BOTTOM)

    parts = [f'<line class="best" x1="{x(low):.1f}" y1="{y(low):.1f}" x2="{x(high):.1f}" y2="{y(high):.1f}"/>']
    parts += [f'<circle class="dot" cx="{x(t):.1f}" cy="{y(p):.1f}" r="2.5"/>' for t, p in points]
    for tick in round_numbers(low, high):
        if low <= tick <= high:
            parts.append(f'<text class="mid" x="{x(tick):.1f}" y="{side - BOTTOM + 16}">{short(tick)}</text>')
            parts.append(f'<text class="end" x="{LEFT - 6}" y="{y(tick) + 4:.1f}">{short(tick)}</text>')
    return _figure(title, "<span>across: true, up: predicted</span>", parts, side, side)


def histogram(title: str, note: str, counts: Sequence[int], least: float, greatest: float) -> str:
    """A bar for each of the equal parts of the range from `least` to `greatest`."""
    width, height, base = 240, 110, 88
    step, most = (width - 16) / max(1, len(counts)), max(1, *counts)
    parts = []
    for k, count in enumerate(counts):
        tall = count / most * (base - 8)
        box = f'x="{8 + k * step:.1f}" y="{base - tall:.1f}" width="{step - 1:.1f}" height="{tall:.1f}"'
        parts.append(f'<rect class="hit" {box}><title>{count:,}</title></rect>')
    parts.append(f'<text x="8" y="{base + 16}">{short(least)}</text>')
    parts.append(f'<text class="end" x="{width - 8}" y="{base + 16}">{short(greatest)}</text>')
    return _figure(title, escape(note), parts, width, height)


def bars(title: str, note: str, counts: Sequence[tuple[str, int]]) -> str:
    """A lying bar for each label, with its count."""
    width, line, left = 240, 18, 12 + DIGIT * max((len(_cut(label)) for label, _ in counts), default=1)
    most = max(1, *(count for _, count in counts)) if counts else 1
    parts = []
    for k, (label, count) in enumerate(counts):
        told = f"{count:,}"
        long = count / most * max(1, width - left - 10 - DIGIT * len(f"{most:,}"))
        parts.append(f'<text class="end" x="{left - 6}" y="{k * line + 14}">{escape(_cut(label))}</text>')
        parts.append(f'<rect class="hit" x="{left}" y="{k * line + 3}" width="{long:.1f}" height="{line - 4}"/>')
        parts.append(f'<text x="{left + long + 4:.1f}" y="{k * line + 14}">{told}</text>')
    return _figure(title, escape(note), parts, width, line * len(counts) + 4)


def _figure(title: str, legend: str, parts: Sequence[str], width: float, height: float) -> str:
    head = f"<figcaption>{escape(title)} <small>{legend}</small></figcaption>"
    box = f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{escape(title)}">'
    return f"<figure>{head}{box}{''.join(parts)}</svg></figure>"


def _share(value: float, low: float, high: float) -> float:
    """Where a value stands between two others, 0 to 1; halves keep the extent of the largest numbers finite."""
    extent = high / 2 - low / 2
    return (value / 2 - low / 2) / extent if extent > 0 else 0.0


def _above(name: str, x: float, y: float, upright: bool) -> str:
    """A column's name, turned where it is wider than the column."""
    if upright:
        return f'<text transform="translate({x + 4:.0f} {y}) rotate(-90)">{name}</text>'
    return f'<text class="mid" x="{x:.0f}" y="{y}">{name}</text>'


def _cut(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…"


def _grid(ticks: Sequence[float], y: Callable[[float], float]) -> str:
    lines = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        f'<text class="end" x="{LEFT - 6}" y="{y(tick) + 4:.1f}">{short(tick)}</text>'
        for tick in ticks
    ]
    return "".join(lines)


def _epochs(count: int, x: Callable[[float], float]) -> str:
    ticks = [tick for tick in round_numbers(0, count) if tick == int(tick) and 1 <= tick <= count]
    shown = [1, *ticks] if not ticks or ticks[0] > max(1, count / 10) else ticks
    return "".join(f'<text class="mid" x="{x(epoch):.1f}" y="{HEIGHT - 10}">{epoch:.0f}</text>' for epoch in shown)


def _path(points: Sequence[float], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    """Line segments; the pen is lifted over values that are not finite."""
    parts: list[str] = []
    joined = False
    for epoch, value in _thinned(points):
        if not math.isfinite(value):
            joined = False
            continue
        parts.append(f"{'L' if joined else 'M'}{x(epoch):.1f} {y(value):.1f}")
        joined = True
    return " ".join(parts)


def _thinned(points: Sequence[float]) -> list[tuple[int, float]]:
    """(epoch, value); of a long history, the least and the greatest value of each piece, and a gap if it has one."""
    numbered = list(enumerate(points, 1))
    if len(numbered) <= 2 * MOST_PIECES:
        return numbered
    size = -(-len(numbered) // MOST_PIECES)
    kept: list[tuple[int, float]] = []
    for first in range(0, len(numbered), size):
        piece = numbered[first : first + size]
        finite = sorted((value, epoch) for epoch, value in piece if math.isfinite(value))
        gaps = [(epoch, value) for epoch, value in piece if not math.isfinite(value)]
        ends = [(epoch, value) for value, epoch in {*finite[:1], *finite[-1:]}]
        kept += sorted([*ends, *gaps[:1]])
    return kept
