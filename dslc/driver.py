"""The whole compiler on one screen, and the only file that knows every stage.

    text -> syntax tree -> experiment (graphs) -> gradients and updates -> passes -> program -> executable

Each function is one arrow. `Compilation` keeps what the arrows made, so that `dslc show --stage` can print
any of it; its later stages are made when first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dslc.autodiff import differentiate
from dslc.data.load import Raw, await_rows, data_block, load
from dslc.data.prepare import Dataset, Tasks, prepare
from dslc.data.record import Json, preparation_from, schema_from
from dslc.data.record_check import check_preparation, check_schema, entry
from dslc.diagnostics import ModelError, in_order
from dslc.elaborate.elaborate import elaborate, faults_beside_data, tasks_of
from dslc.elaborate.experiment import Experiment
from dslc.elaborate.used import used_definitions
from dslc.graph.graph import Graph
from dslc.lowering.lower import draft_program, lower
from dslc.lowering.plan import Layout
from dslc.ops.leaf import Leaf, LeafRole
from dslc.passes import AFTER_DIFFERENTIATION, BEFORE_DIFFERENTIATION, apply
from dslc.passes.fuse import fuse
from dslc.passes.join import parameter_leaves, with_parameters, with_updates
from dslc.program.program import Element, Program
from dslc.program.verify import verify
from dslc.scalar.types import DType
from dslc.source import Source
from dslc.syntax.ast import Module
from dslc.syntax.parse import parse

SMALLEST_BATCH = 64
"""Rows that `batch all` has room for before it knows its data: a saved model predicts that many at a time."""


@dataclass(frozen=True)
class Compilation:
    """A model file on its way: parsed, its data read, its graphs built. Raises nothing after it was made."""

    module: Module
    raw: Raw
    tasks: Tasks
    dataset: Dataset
    experiment: Experiment
    settings: Mapping[str, str]

    @cached_property
    def definitions(self) -> str:
        """The text of what the module stands on in the standard library."""
        return "\n".join(entry.text for entry in used_definitions(self.module))

    @cached_property
    def graphs(self) -> Mapping[str, Graph]:
        """The entries' graphs before any optimisation: the meaning."""
        return graphs_of(self.experiment)

    @cached_property
    def optimised(self) -> Mapping[str, Graph]:
        return {name: fuse(apply(graph, AFTER_DIFFERENTIATION)) for name, graph in self.graphs.items()}

    def program(
        self, real: Element, entries: Iterable[str], training_rows: int, capacity: int | None = None
    ) -> Program:
        """The program with the entries asked for, in float32 or float64.

        Its batches have room for `capacity` rows; by default for the file's `batch`, or for all `training_rows` where
        the file asks for `batch all`.
        """
        chosen = {name: self.optimised[name] for name in entries}
        capacity = capacity or self.experiment.loop.batch or max(SMALLEST_BATCH, training_rows)
        return verify(lower(chosen, self.experiment, real, capacity))

    def layout(self, real: Element, entries: Iterable[str]) -> Layout:
        """What needs a place in the arena of the program with these entries, however many rows a batch has."""
        chosen = {name: self.optimised[name] for name in entries}
        return draft_program(chosen, self.experiment, real, 1).layout


def compile_front(
    source: Source,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    data: Mapping[str, Path] | None = None,
) -> Compilation:
    """Text, and the data that it names, to an experiment. Raises ModelError or DataError.

    `settings` override `let`s by name; `data` replaces paths by their text in the file ("" for the only one).
    """
    module = parse(source)
    raw, tasks, dataset = read_data(module, folder, settings, data)
    experiment = elaborate(module, dataset.schema, settings or {}, Path(source.name).stem)
    return Compilation(module, raw, tasks, dataset, experiment, settings or {})


def read_data(
    module: Module,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    data: Mapping[str, Path] | None = None,
) -> tuple[Raw, Tasks, Dataset]:
    """The data that a module names: as they are, what the loss takes each target for, and prepared.

    Raises DataError, and ModelError with the module's faults beside those of the data block.
    """
    try:
        raw = load(module, folder, data or {})
        tasks = tasks_of(module, settings)
        return raw, tasks, prepare(raw, tasks)
    except ModelError as fault:
        raise ModelError(in_order([*fault.diagnostics, *faults_beside_data(module, settings or {})])) from None


def reopen(source: Source, settings: Mapping[str, str], schema: Json, preparation: Json) -> Compilation:
    """A saved model's text with the records of what its data were; no data is read. Raises ModelError or DataError."""
    module = parse(source)
    with entry("model.json"):
        known = schema_from(schema, data_block(module))
    raw, tasks = await_rows(module, known), tasks_of(module, settings)
    with entry("model.json"):
        check_schema(raw.recipe, known)
    with entry("preparation.json"):
        fitted = preparation_from(preparation, known) if preparation is not None else None
        check_preparation(raw.recipe, known, fitted)
    experiment = elaborate(module, known, settings, Path(source.name).stem)
    return Compilation(module, raw, tasks, prepare(raw, tasks, fitted=fitted), experiment, settings)


def graphs_of(experiment: Experiment) -> dict[str, Graph]:
    """One graph per entry: gradients from the forward graph, updates spliced onto them."""
    shapes = {parameter.name: parameter.shape for parameter in experiment.parameters}
    forward = with_parameters(apply(experiment.forward, BEFORE_DIFFERENTIATION), shapes)
    parameters = parameter_leaves(forward)
    graph, gradients = differentiate(forward, forward.outputs["objective"], list(parameters.values()))
    by_name = dict(zip(parameters, gradients, strict=True))
    return {
        "train": with_updates(graph, experiment.updates, by_name),
        "evaluate": apply(experiment.evaluate, BEFORE_DIFFERENTIATION),
        "predict": apply(experiment.predict, BEFORE_DIFFERENTIATION),
        "finish": apply(experiment.finish, BEFORE_DIFFERENTIATION),
        "gradients": Graph(
            graph.nodes,
            {"objective": graph.outputs["objective"]} | {f"gradient.{name}": g for name, g in by_name.items()},
        ),
    }


def simplified_gradients(graph: Graph, of: str) -> Graph:
    """The output `of` differentiated with respect to each real input and parameter, as outputs named like them."""
    stable = apply(graph, BEFORE_DIFFERENTIATION)
    leaves = {
        node.op.name: node.id
        for node in stable.nodes
        if isinstance(node.op, Leaf)
        and node.op.role in (LeafRole.INPUT, LeafRole.PARAMETER)
        and node.type.dtype is DType.REAL
    }
    whole, gradients = differentiate(stable, stable.outputs[of], list(leaves.values()))
    return apply(Graph(whole.nodes, dict(zip(leaves, gradients, strict=True))), AFTER_DIFFERENTIATION)
