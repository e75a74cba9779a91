"""What matters for speed is pinned as text: the training step of small model files after all passes.

Each file in tests/cases/passes says in its first comment what it pins; the view is that of `dslc show --stage passes`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from pathlib import Path

import pytest

from dslc.driver import Compilation
from dslc.elaborate.experiment import Setting
from dslc.graph.graph import Role
from dslc.graph.text import to_text
from dslc.ops.leaf import Leaf, LeafRole
from dslc.ops.loop import Loop
from dslc.scalar.types import ROWS, Shape
from dslc.source import Source

CASES = sorted((Path(__file__).parents[1] / "cases" / "passes").glob("*.dsl"))


def compiled(path: Path, **settings: str) -> Compilation:
    return Compilation.of_text(Source(path.name, path.read_text("utf-8")), path.parent, settings)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_step_after_all_passes(path: Path, golden: Callable[[Path, str], None]) -> None:
    golden(path.with_suffix(".expected"), to_text(compiled(path).optimised["train"]))


def test_the_backward_of_softmax_with_cross_entropy_is_one_map() -> None:
    (path,) = (path for path in CASES if path.stem == "softmax")
    step = compiled(path).optimised["train"]
    backward = [
        node
        for node in step.nodes
        if node.origin.role is Role.GRADIENT and isinstance(node.op, Loop) and node.type.shape == (ROWS, 3)
    ]
    assert [node.op.combine for node in backward if isinstance(node.op, Loop)] == [None]


OTHER_VALUES = {"rate": "0.37", "share": "35%", "beta": "0.8"}


def run_time(settings: tuple[Setting, ...]) -> list[str]:
    return [setting.name for setting in settings if not setting.structural]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_no_node_reads_a_value_that_a_setting_could_change(path: Path) -> None:
    """Other values of every run-time setting leave the very same graphs: they are read from leaves."""
    before = compiled(path)
    names = run_time(before.experiment.settings)
    assert names == [name for name in OTHER_VALUES if name in names]
    after = compiled(path, **{name: OTHER_VALUES[name] for name in names})
    for entry, graph in before.optimised.items():
        other = after.optimised[entry]
        assert [(n.op, n.inputs, n.type) for n in graph.nodes] == [(n.op, n.inputs, n.type) for n in other.nodes]
    leaves = {
        n.op.name for n in before.optimised["train"].nodes if isinstance(n.op, Leaf) and n.op.role is LeafRole.SETTING
    }
    assert leaves == set(names)


def test_no_tensor_of_windows_is_stored() -> None:
    (path,) = (path for path in CASES if path.stem == "lenet")
    for graph in compiled(path).optimised.values():
        assert max(extents(node.type.shape) for node in graph.nodes) <= 28 * 28 * 6


def extents(shape: Shape) -> int:
    """Elements of one example, or of a tensor without a batch."""
    return prod(extent for extent in shape if extent is not ROWS) if ROWS in shape else 0
