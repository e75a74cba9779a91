"""The elaborated experiment: six graphs and what the loop around them needs.

All tensors of `forward`, `evaluate` and `predict` are batched (axis 0 is ROWS) where they depend on an
example. Leaves are found by role and name (dslc/ops/leaf.py):

    INPUT name            [rows, *shape] real          TARGET name    [rows, *shape] int or real
    EXAMPLE_WEIGHT ""     [rows] real                  ROW_ID ""      [rows] int
    PARAMETER dense.w     [fan_in, units] real         STATE m.dense.w
    SETTING rate          [] real                      CLOCK iteration, progress, rows, stalled: [] real;
                                                                             seed, epoch: [] int
    GRADIENT dense.w      (in `updates` only)          TOTAL k: real (in `finish` only)
    PREDICTION HEAD       [rows, *shape] real: `prediction.HEAD` of `predict` (in `whole` only)

Outputs, by name:

    forward   objective: [] (what is differentiated: data loss + penalties); sums.weight, sums.loss: []; update.NAME
              for every state of a layer; of objectives with names, whose sum these are, objective.NAME: [] and in their
              order sums.1, sums.2 ...: []
    updates   update.NAME for every other parameter, and state of the optimizer, that changes
    evaluate  sums.weight, sums.loss: [], sums.1, sums.2 ...: sums over the rows present of weight * quantity
    finish    loss and each metric that is made of sums, from TOTAL leaves weight, loss, 1, 2 ...
    whole     each metric that ranks rows among one another: [], and each that is a table: its shape; here ROWS are
              all rows of a part, of which it sees predictions, targets and weights. No program has this graph: it is
              evaluated by its meaning
    predict   prediction.HEAD: the net's raw output; probability.HEAD: after the loss's link; decision.HEAD: id or value
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from dslc.data.schema import Schema
from dslc.diagnostics import Diagnostic
from dslc.frozen import Frozen
from dslc.graph.graph import Array, Graph, NodeId
from dslc.source import Span


class Setting(Frozen):
    """A `let`. A structural one decided a shape or a condition and cannot change without compiling anew."""

    name: str
    value: float | int | str | bool | tuple[int, ...]
    structural: bool
    origin: str  # `default`, `file`, `--set`
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """The initial value of a weight that was loaded, whatever the seed."""

    value: Array


class Tensor(Frozen):
    """A parameter or an optimizer state: `initial` is a graph without inputs but CLOCK seed, output `value`, or stored.

    A parameter that is not `trained` is a layer's state: the training graph itself says its new value.
    """

    name: str
    shape: tuple[int, ...]
    initial: Graph | Stored
    span: Span
    trained: bool = True


class Metric(Frozen):
    """A column of the history beside the loss: `accuracy`; `higher` is better or not. A table is no column."""

    name: str
    higher: bool
    span: Span


class Objective(Frozen):
    """An objective with a name, and the weights that it moves: those of the groups that it is minimized over.

    `span` is that of its `minimize`, which may be one of several of the same objective.
    """

    name: str
    weights: tuple[str, ...]
    span: Span


OBJECTIVE = "objective."
"""Before the name of an objective: what is differentiated for its weights."""

GRADIENT = "gradient."
"""Before the path of a layer: the norm of the gradient of its weights."""

DEAD = "dead."
"""Before the path of an activation: the share of its units that are 0 for every row of a part."""

MASK = "mask."
"""Before a weight's name: the state that says, with 1 and 0, which of its elements are left."""

AVERAGE = "average."
"""Before a weight's name: the parameter that is its moving average, and predicts in its place."""

LARGEST_BATCH = 2**31
"""The most rows that `batch` takes."""


class StopRule(Frozen):
    """Ends training after an epoch: when `column` has not improved for `patience` epochs, or has passed `threshold`.

    `column` is `train.loss`, `val.loss`, `val.accuracy`, ...; exactly one of patience and threshold is given.
    With a threshold, `higher` says that passing means rising above it.
    """

    column: str
    higher: bool
    patience: int | None
    threshold: float | None
    span: Span


class KeepBest(Frozen):
    column: str
    higher: bool
    span: Span


class Pruning(Frozen):
    """Before epoch `epoch`, from 0 over the model's life, `share` of each weight's elements become 0 for good."""

    share: float
    weights: tuple[str, ...]
    epoch: int
    span: Span


class Loop(Frozen):
    """The train block's settings; all run-time values but `batch` (None: all training rows at once) and `health`."""

    batch: int | None
    epochs: int
    seed: int
    shuffle: bool
    health: bool
    stop: StopRule | None
    keep: KeepBest | None
    time_limit: float | None  # seconds


THRESHOLD = "threshold"
"""The weight that is the chosen threshold."""


class Threshold(Frozen):
    """What `threshold best f1` asks for: the weight THRESHOLD, above which the head's second class is decided.

    It is chosen when training has ended: of the probabilities of the validation rows the one that makes the metric
    best. `graph` is like `whole`, reads the weight and has the metric as output `value`.
    """

    head: str
    metric: str
    higher: bool
    graph: Graph
    span: Span


@dataclass(frozen=True, slots=True)
class Experiment:
    name: str
    schema: Schema
    settings: tuple[Setting, ...]
    parameters: tuple[Tensor, ...]
    states: tuple[Tensor, ...]
    metrics: tuple[Metric, ...]
    loop: Loop
    forward: Graph
    updates: Graph
    evaluate: Graph
    finish: Graph
    predict: Graph
    whole: Graph
    loss_span: Span
    prunings: tuple[Pruning, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    tensors: Mapping[str, NodeId] = field(default_factory=dict)
    """Nodes of `predict` by name: what `net` binds, and the layers' outputs by their path."""
    threshold: Threshold | None = None
    objectives: tuple[Objective, ...] = ()
    """What moves which weights, where objectives have names; otherwise one moves all."""
    named: tuple[str, ...] = ()
    """The objectives' names, in the file's order: columns `train.NAME` and `val.NAME` of the history."""

    @property
    def heads(self) -> tuple[str, ...]:
        """What the net predicts: the schema's heads, or nothing, where it has no target and the net no value."""
        return tuple(name for name in self.schema.heads if f"prediction.{name}" in self.predict.outputs)

    @property
    def size(self) -> int:
        """The numbers of the net: of its weights and its layers' states; averages stand in their weights' place."""
        return sum(prod(tensor.shape) for tensor in self.parameters if not tensor.name.startswith(AVERAGE))
