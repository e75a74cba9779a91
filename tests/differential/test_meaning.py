"""Programs of nets over steps have the gradients that their graphs mean.

All backends print one program and agree where it is wrong: here its numbers are those of the graph in NumPy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dslc.cli.growth import model_text
from dslc.cli.workload import NETS, Decoder, Net, Recurrent, draw
from dslc.graph.evaluate import evaluate
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.opening import compile
from dslc.ops.leaf import Leaf, LeafRole
from dslc.runtime.rows import Rows

CLOSE = 1e-9
"""Of a gradient's largest element, in float64: sums are taken in another order."""

lstm, gpt = NETS["lstm"], NETS["gpt"]
assert isinstance(lstm, Recurrent) and isinstance(gpt, Decoder)
SMALL: dict[str, Net] = {
    "lstm": replace(lstm, steps=5, width=6, units=7, batch=3),
    "lstm of whole panels": replace(lstm, steps=5, width=32, units=32, batch=4),
    "gpt": replace(gpt, steps=5, width=8, blocks=1, batch=3),
    "gpt of whole panels": replace(gpt, steps=6, width=32, blocks=1, batch=4),
}


def meant(model: Model, inputs: dict[str, Array], targets: dict[str, Array], rows: int) -> dict[str, Array]:
    """Gradients by the weight's name, of the graph before any optimisation."""
    graph, weights = model.compilation.graphs["gradients"], model.weights
    fed = {
        LeafRole.PARAMETER: weights,
        LeafRole.INPUT: inputs,
        LeafRole.TARGET: targets,
        LeafRole.EXAMPLE_WEIGHT: {"": np.ones(rows)},
        LeafRole.CLOCK: {"rows": np.array(float(rows))},
    }
    leaves = {}
    for node in graph.nodes:
        if isinstance(node.op, Leaf):
            by_name = fed[node.op.role]
            leaves[node.id] = by_name[node.op.name if node.op.name in by_name else ""]
    found = evaluate(graph, leaves, rows, list(graph.outputs.values()))
    return {name: found[graph.outputs[f"gradient.{name}"]] for name in weights}


@pytest.mark.parametrize("copies", [False, True], ids=["as they stand", "copied"])
@pytest.mark.parametrize("name", SMALL)
def test_gradients_are_those_of_the_graph(name: str, copies: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with products whose operands are copied in the order in which they are read, as large ones are."""
    if copies:
        monkeypatch.setattr("dslc.lowering.panels.LONG", 1)
        monkeypatch.setattr("dslc.lowering.panels.OFTEN", 1)
    net = SMALL[name]
    model = compile(text=model_text(net), backend="reference", dtype="float64")
    draws = np.random.default_rng(5)
    model.set_weights({key: w + draws.normal(0, 0.1, w.shape) for key, w in model.weights.items()})
    inputs, targets = draw(model.experiment.schema, net.batch)
    _, gradients = model.objective(Rows(inputs, targets or {}), np.arange(net.batch))
    for key, expected in meant(model, inputs, targets or {}, net.batch).items():
        assert np.max(np.abs(gradients[key] - expected)) <= CLOSE * np.max(np.abs(expected)) + 1e-15, key
