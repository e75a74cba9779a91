"""`clip`: gradients shortened before the optimizer sees them. c is a number above 0, which a `let` may state.

    clip norm c       of all gradients together: g * min(1, c / norm), norm = sqrt(sum of all g^2). Pascanu, Mikolov &
                      Bengio 2013, algorithm 1. TensorFlow `clip_by_global_norm`, Keras `global_clipnorm`, optax
                      `clip_by_global_norm`; PyTorch `clip_grad_norm_` adds 1e-6 to the norm.
    clip norm c each  of each tensor by itself, likewise. Keras `clipnorm`.
    clip value c      each element into -c .. c. Keras `clipvalue`, PyTorch `clip_grad_value_`.

Of several objectives each clips by itself: the norm is that of all gradients of the weights that it is minimized over.
Gradients of frozen weights have no part in a norm. min(1, c / norm) is computed as c / max(norm, c), which is exactly
1 where the norm is at most c, and divides by no 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from dslc.elaborate import batching
from dslc.elaborate.arithmetic import as_tensor
from dslc.elaborate.frame import Frame
from dslc.elaborate.numbers import Number
from dslc.elaborate.train import stated_number, wrong_value
from dslc.elaborate.values import Tensor
from dslc.frozen import Frozen
from dslc.ops.reduce import ReduceKind
from dslc.scalar import functions
from dslc.source import Span
from dslc.syntax import ast


class Clipping(Frozen):
    """What a clip statement says: `kind` is `norm`, `norm each` or `value`."""

    kind: str
    limit: Number
    span: Span


def read_clip(frame: Frame, clip: ast.Clip) -> Clipping:
    """Raises Fault, or Cascade."""
    limit = stated_number(frame, clip.limit)
    if limit is not None and not isinstance(limit.value, bool) and limit.value > 0:
        return Clipping(clip.kind, limit, clip.span)
    raise wrong_value(f"clip {clip.kind.partition(' ')[0]}", clip.limit, "a number above 0", limit)


def clipped(
    frame: Frame, clipping: Clipping, gradients: Mapping[str, Tensor], frozen: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The gradients by weight after clipping; `frozen` are conditions by weight: while one holds, the weight is."""
    frame.locate(clipping.span)
    limit = as_tensor(frame.draft, clipping.limit, clipping.span)
    match clipping.kind:
        case "value":
            return {name: _between(g, limit, clipping.span) for name, g in gradients.items()}
        case "norm each":
            scales = {name: _scale(_squares(g, clipping.span), limit, clipping.span) for name, g in gradients.items()}
        case _:
            scale = _scale(_total(gradients, frozen, clipping.span), limit, clipping.span)
            scales = dict.fromkeys(gradients, scale)
    return {name: batching.map_(functions.multiply, (g, scales[name]), clipping.span) for name, g in gradients.items()}


def _total(gradients: Mapping[str, Tensor], frozen: Mapping[str, Tensor], span: Span) -> Tensor:
    """The sum of squares over all gradients that count."""
    squares: list[Tensor] = []
    for name, g in gradients.items():
        own = _squares(g, span)
        if name in frozen:
            own = batching.map_(functions.where, (frozen[name], batching.constant(g.home, 0, span), own), span)
        squares.append(own)
    return reduce(lambda a, b: batching.map_(functions.add, (a, b), span), squares)


def _squares(g: Tensor, span: Span) -> Tensor:
    return batching.reduce(ReduceKind.SUM, batching.map_(functions.multiply, (g, g), span), None, span)


def _scale(squares: Tensor, limit: Tensor, span: Span) -> Tensor:
    norm = batching.map_(functions.sqrt, (squares,), span)
    return batching.map_(functions.divide, (limit, batching.map_(functions.maximum, (norm, limit), span)), span)


def _between(g: Tensor, limit: Tensor, span: Span) -> Tensor:
    below = batching.map_(functions.negate, (limit,), span)
    return batching.map_(functions.minimum, (batching.map_(functions.maximum, (g, below), span), limit), span)
