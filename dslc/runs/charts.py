"""Charts as SVG text, without a library: curves over epochs, a confusion matrix, predicted against true.

Colours are CSS variables of the page (`--ink`, `--faint`, `--line-1` ...), so that a chart follows its theme.
Every text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 490, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 32


def curves(title: str, series: Mapping[str, Sequence[float]], marked: int | None = None) -> str:
    """A line for each series over the epochs 1, 2, ..., with gaps where it is not finite; `marked`: the best epoch."""
    values = [v for points in series.values() for v in points if math.isfinite(v)]
    count = max((len(points) for points in series.values()), default=0)
    if not values or count < 1:
        return ""
    ticks = _ticks(min(values), max(values))
    low, high = min(ticks[0], *values), max(ticks[-1], *values)

    def x(epoch: float) -> float:
        return LEFT + (epoch - 1) / max(1, count - 1) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low or 1) * (HEIGHT - TOP - BOTTOM)

    parts = [_grid(ticks, y), _epochs(count, x)]
    if marked is not None:
        parts.append(
            f'<line class="best" x1="{x(marked):.1f}" x2="{x(marked):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        )
    for number, points in enumerate(series.values(), 1):
        parts.append(f'<path class="line-{number}" d="{_path(points, x, y)}"/>')
    legend = "".join(f'<span class="key-{k}">{escape(name)}</span>' for k, name in enumerate(series, 1))
    return _figure(title, legend, parts, WIDTH, HEIGHT)


def confusion(title: str, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    """Rows are the true classes, columns the predicted ones; a cell is the darker the larger its share of the row."""
    cell = 34 if len(labels) <= 12 else max(10, 400 // len(labels))
    left = 12 + 7 * max(map(len, labels), default=1)
    size = cell * len(labels)
    parts = []
    for i, row in enumerate(counts):
        y = 24 + i * cell
        parts.append(f'<text class="end" x="{left - 6}" y="{y + cell / 2 + 4:.0f}">{escape(labels[i])}</text>')
        parts.append(f'<text class="mid" x="{left + i * cell + cell / 2:.0f}" y="16">{escape(labels[i])}</text>')
        for j, count in enumerate(row):
            share = count / max(1, sum(row))
            x = left + j * cell
            kind = "hit" if i == j else "miss"
            box = f'x="{x}" y="{y}" width="{cell - 1}" height="{cell - 1}"'
            parts.append(f'<rect class="{kind}" {box} fill-opacity="{share:.2f}"/>')
            if count and cell >= 22:
                ink = "on" if share > 0.5 else ""
                parts.append(
                    f'<text class="mid {ink}" x="{x + cell / 2:.0f}" y="{y + cell / 2 + 4:.0f}">{count}</text>'
                )
    return _figure(title, "rows: true, columns: predicted", parts, left + size + 8, 32 + size)


def scatter(title: str, true: Sequence[float], predicted: Sequence[float]) -> str:
    """Predicted against true values, with the diagonal on which they agree."""
    points = [(t, p) for t, p in zip(true, predicted, strict=True) if math.isfinite(t) and math.isfinite(p)]
    if not points:
        return ""
    low, high = min(map(min, points)), max(map(max, points))
    side = HEIGHT + 80

    def at(value: float) -> float:
        return LEFT + (value - low) / (high - low or 1) * (side - LEFT - RIGHT)

    def up(value: float) -> float:
        return side - BOTTOM - (value - low) / (high - low or 1) * (side - TOP - BOTTOM)

    parts = [f'<line class="best" x1="{at(low):.1f}" y1="{up(low):.1f}" x2="{at(high):.1f}" y2="{up(high):.1f}"/>']
    parts += [f'<circle class="dot" cx="{at(t):.1f}" cy="{up(p):.1f}" r="2.5"/>' for t, p in points]
    for tick in _ticks(low, high):
        if low <= tick <= high:
            parts.append(f'<text class="mid" x="{at(tick):.1f}" y="{side - BOTTOM + 16}">{_short(tick)}</text>')
            parts.append(f'<text class="end" x="{LEFT - 6}" y="{up(tick) + 4:.1f}">{_short(tick)}</text>')
    return _figure(title, "across: true, up: predicted", parts, side, side)


def _figure(title: str, legend: str, parts: Sequence[str], width: float, height: float) -> str:
    head = f"<figcaption>{escape(title)} <small>{legend}</small></figcaption>"
    box = f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{escape(title)}">'
    return f"<figure>{head}{box}{''.join(parts)}</svg></figure>"


def _grid(ticks: Sequence[float], y: Callable[[float], float]) -> str:
    lines = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        f'<text class="end" x="{LEFT - 6}" y="{y(tick) + 4:.1f}">{_short(tick)}</text>'
        for tick in ticks
    ]
    return "".join(lines)


def _epochs(count: int, x: Callable[[float], float]) -> str:
    step = max(1, round(count / 8))
    shown = sorted({1, *range(step, count + 1, step)})
    return "".join(f'<text class="mid" x="{x(epoch):.1f}" y="{HEIGHT - 10}">{epoch}</text>' for epoch in shown)


def _path(points: Sequence[float], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    """Line segments; the pen is lifted over values that are not finite."""
    parts: list[str] = []
    for epoch, value in enumerate(points, 1):
        if not math.isfinite(value):
            continue
        joined = epoch > 1 and math.isfinite(points[epoch - 2])
        parts.append(f"{'L' if joined else 'M'}{x(epoch):.1f} {y(value):.1f}")
    return " ".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers that span the values."""
    if high <= low:
        return [low]
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= raw)
    first = math.floor(low / step)
    return [k * step for k in range(first, math.ceil(high / step) + 1)]


def _short(value: float) -> str:
    return f"{value:.4g}"
