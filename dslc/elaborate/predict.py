"""What a trained net says about an example: the raw prediction, after the link, and the decision."""

from __future__ import annotations

from dataclasses import replace

from dslc.data.schema import Schema
from dslc.elaborate.arguments import meeting
from dslc.elaborate.builtins import decide, probability
from dslc.elaborate.frame import Frame
from dslc.elaborate.values import Tensor
from dslc.graph.graph import NodeId
from dslc.source import Span
from dslc.syntax.ast import DefinitionKind


def predict_outputs(frame: Frame, schema: Schema, prediction: Tensor, span: Span) -> dict[str, NodeId]:
    """`prediction` as the net yields it; `probability` and `decision` of the target's shape where a [1] trails.

    Under softmax the probability is [rows, .., classes] and the decision a class id [rows, ..]; under sigmoid and
    `none` the decision is 0 or 1; of values it is the value.
    """
    inner = replace(frame.at(""), kinds=(DefinitionKind.ACTIVATION,))
    inner.locate(span)
    met = meeting(prediction, schema.target.shape) if schema.target and frame.link.name != "softmax" else prediction
    outputs = {"prediction": prediction.node}
    for name, value in (("probability", probability(inner, met, span)), ("decision", decide(inner, met, span))):
        if isinstance(value, Tensor):
            outputs[name] = value.node
    return outputs
