"""What a history says of the net's health: norms of gradients and shares of dead units, layer by layer.

gradient.body.dense   of the epoch's first batch, at the weights that the epoch came to
val.dead.body.relu    of the validation rows
"""

from __future__ import annotations

from collections.abc import Iterator

from dslc.diagnostics import Diagnostic
from dslc.elaborate.experiment import DEAD, GRADIENT, Experiment
from dslc.runtime.errors import DeadUnits
from dslc.runtime.history import History

MANY = 0.5
"""The share of dead units from which on it is told."""


def is_health(column: str) -> bool:
    """Whether a column of a history is about the net's health: neither loss nor metric."""
    return column.startswith((GRADIENT, f"val.{DEAD}"))


def health_notes(experiment: Experiment, history: History) -> Iterator[Diagnostic]:
    """A note for each activation of which more than half of the units are dead at the weights that training left."""
    if not history.epochs:
        return
    row = history.epochs[(history.best_epoch or len(history)) - 1]
    for column, share in row.items():
        name = column.removeprefix("val.")
        if name.startswith(DEAD) and share > MANY:
            place = experiment.finish.nodes[experiment.finish.outputs[name]].origin.span
            yield DeadUnits(place, name.removeprefix(DEAD), f"{share:.0%}")
