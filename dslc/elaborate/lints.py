"""What is legal and rarely meant: warnings about nets that train badly.

Receives the training graph with its layers' outputs by path; looks at how often a saturating activation lies on one
way from the inputs to the prediction, with trained weights behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dslc.diagnostics import Diagnostic
from dslc.elaborate.draft import Draft
from dslc.elaborate.errors import DeepSigmoids, FlippedLabels, HiddenStep, SquaredSigmoid
from dslc.elaborate.heads import Head
from dslc.elaborate.survey import MainLoss
from dslc.elaborate.values import Tensor
from dslc.graph.graph import NodeId
from dslc.ops.contract import Contract
from dslc.syntax import ast

STACKED = 3
"""Sigmoids behind one another shrink gradients to 1/64 at least: the slope of one is at most 1/4."""


WRITTEN = ("digit", "numeral", "number", "letter", "character", "char", "glyph", "symbol", "kanji", "kana")
"""Names of targets, in the singular, whose mirror image is another one or none: 2 and 5, b and d."""


def lints(draft: Draft, heads: Sequence[Head], losses: Mapping[str, MainLoss]) -> Iterator[Diagnostic]:
    """The warnings of one net."""
    steps, sigmoids = (_hidden(draft, name) for name in ("step", "sigmoid"))
    for node in steps[:1]:
        yield HiddenStep(draft.builder.nodes[node].origin.span)
    if (depth := _depth(draft, sigmoids)) >= STACKED:
        yield DeepSigmoids(draft.builder.nodes[sigmoids[-1]].origin.span, depth)
    for head in heads:
        prediction, loss = head.prediction, losses[head.name]
        if not isinstance(prediction, Tensor) or prediction.maker != "sigmoid":
            continue
        if loss.name == "squared_error" and prediction.shape in ((), (1,)):
            yield SquaredSigmoid(prediction.span, loss.span)


def flipped_labels(data: ast.Data | None) -> Iterator[Diagnostic]:
    """A warning for images that are flipped while their target is called a digit, a letter or the like."""
    statements = data.statements if data else ()
    flips = [s for a in statements if isinstance(a, ast.Augment) for s in a.settings if s.name.text == "flip"]
    targets = [name for s in statements if isinstance(s, ast.Target) for name in s.names]
    written = [name for name in targets if name.text.lower().rstrip("s") in WRITTEN]
    if flips and written:
        yield FlippedLabels(flips[0].span, written[0].text, written[0].span)


def _hidden(draft: Draft, activation: str) -> list[NodeId]:
    """The values of this activation that go on into a product, in order."""
    nodes = draft.builder.nodes
    found = {k for path, k in draft.named.items() if path.rsplit(".", 1)[-1].rstrip("0123456789_") == activation}
    behind = {k: {k} for k in found}
    multiplied: set[NodeId] = set()
    for node in nodes:
        sources = set[NodeId]().union(*(behind.get(k, ()) for k in node.inputs))
        if isinstance(node.op, Contract):
            multiplied |= sources
        elif node.id in found:
            behind[node.id] = {node.id}
        elif sources:
            behind[node.id] = sources
    return sorted(multiplied)


def _depth(draft: Draft, chosen: Sequence[NodeId]) -> int:
    """The most of these values on one way through the graph."""
    depth: dict[NodeId, int] = {}
    for node in draft.builder.nodes:
        depth[node.id] = max((depth[k] for k in node.inputs), default=0) + (node.id in chosen)
    return max(depth.values(), default=0)
