"""The text view of each stage that a model file passes through; see `dslc show`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dslc.backends import get_backend
from dslc.cli.model_file import read_source
from dslc.driver import Compilation
from dslc.graph import text as graph_text
from dslc.graph.graph import Graph
from dslc.program import text as program_text
from dslc.program.backend import Executable
from dslc.program.program import Element, Program
from dslc.sessions import TRAINING
from dslc.syntax import text as syntax_text
from dslc.syntax.parse import parse


def view(path: Path, stage: str | None, settings: Mapping[str, str], data: Mapping[str, Path], backend: str) -> str:
    """The view of `stage`: ast, graph, grad, passes, program or source. Raises what compiling raises."""
    source = read_source(path)
    if stage == "ast":
        return syntax_text.to_text(parse(source))
    compilation = Compilation.of_text(source, path.parent, settings, data)
    experiment = compilation.experiment
    match stage:
        case "graph":
            graphs = {
                "forward": experiment.forward,
                "updates": experiment.updates,
                "evaluate": experiment.evaluate,
                "finish": experiment.finish,
                "predict": experiment.predict,
            }
            graphs |= {"whole": experiment.whole} if experiment.whole.outputs else {}
            graphs |= {"threshold": experiment.threshold.graph} if experiment.threshold else {}
            return _sections(graphs)
        case "grad":
            return _sections({"gradients": compilation.graphs["gradients"]})
        case "passes":
            return _sections(compilation.optimised)
        case "program":
            return program_text.to_text(_program(compilation))
        case _:
            executable: Executable = get_backend(backend).compile(_program(compilation))
            return executable.source


def _program(compilation: Compilation) -> Program:
    """The program that trains."""
    return compilation.program(Element.F32, TRAINING, len(compilation.dataset.train))


def _sections(graphs: Mapping[str, Graph]) -> str:
    """Each graph under its name."""
    return "\n\n".join(f"graph {name}\n{graph_text.to_text(graph).rstrip()}" for name, graph in graphs.items())
