"""What a trained net says about an example, by head: the raw prediction, after the link, and the decision."""

from __future__ import annotations

from dataclasses import replace

from dslc.data.schema import Schema
from dslc.elaborate.arguments import meeting
from dslc.elaborate.builtins import decide, probability
from dslc.elaborate.errors import Cascade
from dslc.elaborate.frame import Frame
from dslc.elaborate.heads import Head
from dslc.elaborate.values import Tensor
from dslc.graph.graph import NodeId
from dslc.source import Span
from dslc.syntax.ast import DefinitionKind


def predict_outputs(frame: Frame, schema: Schema, head: Head, span: Span) -> dict[str, NodeId]:
    """`prediction.NAME` as the net yields it; `probability.NAME` and `decision.NAME` of the target's shape.

    A trailing [1] is dropped where the target has none. Under softmax the probability is [rows, .., classes] and the
    decision a class id [rows, ..]; under sigmoid and `none` the decision is 0 or 1; of values it is the value.
    """
    prediction, target = head.prediction, schema.target_named(head.name)
    if not isinstance(prediction, Tensor):
        raise Cascade
    inner = replace(frame.at(""), kinds=(DefinitionKind.ACTIVATION,)).about(head)
    inner.locate(span)
    met = meeting(prediction, target.shape) if target and head.link.name != "softmax" else prediction
    outputs = {f"prediction.{head.name}": prediction.node}
    for name, value in (("probability", probability(inner, met, span)), ("decision", decide(inner, met, span))):
        if isinstance(value, Tensor):
            outputs[f"{name}.{head.name}"] = value.node
    return outputs
