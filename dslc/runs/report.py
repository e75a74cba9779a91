"""`report.html`: one page that stands alone, readable without scripts, in light and dark, on any width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from dslc.runs.charts import curves

STYLE = """
:root { --ink: #1c2024; --faint: #6b7280; --rule: #e3e6ea; --page: #ffffff; --panel: #f7f8fa;
  --one: #2563c9; --two: #c2540f; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --faint: #9aa3ad; --rule: #2c3138; --page: #14171a;
  --panel: #1b1f24; --one: #6ea3f5; --two: #f0965a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
p { margin: .3rem 0; color: var(--faint); }
.charts { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
figure { margin: 0; padding: .8rem; background: var(--panel); border-radius: .5rem; max-width: 100%; }
figcaption { font-weight: 600; overflow-wrap: anywhere; max-width: 25rem; }
figcaption small { display: block; font-weight: 400; color: var(--faint); }
svg { display: block; max-width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--faint); } svg .on { fill: var(--page); }
.end { text-anchor: end; } .mid { text-anchor: middle; }
path { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line-1 { stroke: var(--one); } .line-2 { stroke: var(--two); }
.mark-1 { fill: var(--one); } .mark-2 { fill: var(--two); }
.key-1::before, .key-2::before { content: "\\2014\\00a0"; font-weight: 700; }
.key-1::before { color: var(--one); } .key-2::before { color: var(--two); }
figcaption span { margin-right: .6rem; white-space: nowrap; } .grid { stroke: var(--rule); }
.best { stroke: var(--faint); stroke-dasharray: 3 3; }
.hit { fill: var(--one); } .miss { fill: var(--two); } .dot { fill: var(--one); fill-opacity: .55; }
table { border-collapse: collapse; } td, th { padding: .2rem 1.2rem .2rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule); overflow-wrap: break-word; max-width: 40rem; } .wide { overflow-x: auto; }
@media (max-width: 36rem) { table { font-size: .85rem; } td, th { padding-right: .7rem; } }
.numbers td { font-variant-numeric: tabular-nums; }
pre { background: var(--panel); padding: .8rem; border-radius: .5rem; overflow-x: auto; font-size: .85rem; }
"""


POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Whatever stood in the page, a browser would neither run it nor fetch anything for it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the page shows, as text that is not escaped yet, and `charts`, which are SVG figures.

    `epochs` are the history's rows, of which the columns `health` are neither losses nor metrics; `notes` are
    sentences about it; `parts` maps train, val and test to loss and metrics; `settings` are (name, value, origin),
    `parameters` (name, shape, count), `facts` (name, value).
    """

    model: str
    summary: str
    epochs: Sequence[Mapping[str, float]]
    health: Sequence[str]
    notes: Sequence[str]
    best_epoch: int | None
    parts: Mapping[str, Mapping[str, float]]
    charts: Sequence[str]
    settings: Sequence[tuple[str, str, str]]
    parameters: Sequence[tuple[str, str, str]]
    facts: Sequence[tuple[str, str]]
    text: str

    def to_html(self) -> str:
        sections = [
            section("Results", _results(self.parts)),
            section("Training", beside(self._curves())),
            section("Predictions", beside(self.charts)),
            section("Health", "".join(f"<p>{escape(note)}</p>" for note in self.notes) + self._health()),
            section("Settings", table(("setting", "value", "from"), self.settings)),
            section("Parameters", table(("name", "shape", "numbers"), self.parameters, "numbers")),
            section("Plan", table(("", ""), self.facts)),
            section("Model file", f"<pre>{escape(self.text)}</pre>"),
        ]
        return page(self.model, self.summary, sections)

    def _curves(self) -> list[str]:
        """The loss of both parts in one chart, then a chart for each metric."""
        columns = [
            name for name in dict.fromkeys(name for row in self.epochs for name in row) if name not in self.health
        ]
        series = {name: [row.get(name, float("nan")) for row in self.epochs] for name in columns}
        losses = {name: points for name, points in series.items() if name.endswith(".loss")}
        others = {name: points for name, points in series.items() if name not in losses}
        charts = [curves("loss", losses, self.best_epoch)]
        return charts + [curves(name, {"": points}, self.best_epoch) for name, points in others.items()]

    def _health(self) -> str:
        """A line for each layer: its norms of gradients, or shares of dead units, at the first, best and last epoch."""
        chosen = {"first epoch": 1, "best epoch": self.best_epoch or 0, "last epoch": len(self.epochs)}
        marks = {head: epoch for head, epoch in chosen.items() if epoch}
        rows = [(name, *(f"{self.epochs[epoch - 1][name]:.4g}" for epoch in marks.values())) for name in self.health]
        return table(
            ("", *(f"{head}, {epoch}" for head, epoch in marks.items())), rows if self.epochs else (), "numbers"
        )


def page(title: str, summary: str, sections: Sequence[str]) -> str:
    """The whole document; title and summary are text, sections are HTML, the empty ones left out."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        f"<h1>{escape(title)}</h1><p>{escape(summary)}</p>\n" + "\n".join(filter(None, sections)) + "\n</body></html>\n"
    )


def section(title: str, content: str) -> str:
    """HTML under a heading; nothing without content."""
    return f"<h2>{escape(title)}</h2>{content}" if content else ""


def beside(charts: Sequence[str]) -> str:
    """Charts next to one another, as many as fit; some may be empty."""
    return f'<div class="charts">{"".join(charts)}</div>' if any(charts) else ""


def _results(parts: Mapping[str, Mapping[str, float]]) -> str:
    names = list(dict.fromkeys(name for columns in parts.values() for name in columns))
    rows = [
        (part, *(f"{columns[name]:.5g}" if name in columns else "" for name in names))
        for part, columns in parts.items()
    ]
    return table(("part", *names), rows, "numbers")


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], kind: str = "") -> str:
    """Nothing without rows, and no head where all of its cells are empty."""
    if not rows:
        return ""
    head = "<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in heads) + "</tr>" if any(heads) else ""
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table class="{kind}">{head}{body}</table></div>'
