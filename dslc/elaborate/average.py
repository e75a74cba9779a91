"""`average 0.999`: a moving average of every weight, which predicts in the weight's place.

    average <- d * average + (1 - d) * weight      after every update;  d = min(decay, (1 + n) / (10 + n)) of update n

Polyak & Juditsky 1992; the smaller decay of the first updates is that of TensorFlow's `ExponentialMovingAverage`
with `num_updates`. Keras: `use_ema`, `ema_momentum`, without it; PyTorch: `AveragedModel` with `get_ema_multi_avg_fn`.
An average begins as its weight does. Training goes on with the weights themselves; validation, `keep best`, saving
and prediction use the averages. Frozen weights, and the states of layers, have none.
"""

from __future__ import annotations

from dslc.elaborate import batching
from dslc.elaborate.arithmetic import as_tensor
from dslc.elaborate.experiment import AVERAGE
from dslc.elaborate.experiment import Tensor as Parameter
from dslc.elaborate.frame import Frame
from dslc.elaborate.numbers import Number
from dslc.elaborate.optimizer import Change, leaf_of
from dslc.elaborate.train import Plan, stated_number, wrong_setting
from dslc.elaborate.values import Tensor
from dslc.ops.leaf import LeafRole
from dslc.scalar import functions


def read_decay(frame: Frame, plan: Plan) -> Number | None:
    """The decay, None where it is 0: no averages. Raises Fault, or Cascade."""
    setting = plan.settings["average"]
    decay = stated_number(frame, setting.value)
    if decay is None or isinstance(decay.value, bool) or not 0 <= decay.value < 1:
        raise wrong_setting(setting, "a number from 0, and below 1", decay)
    if not decay.value:
        frame.session.fixed.update(decay.lets)
    return decay if decay.value else None


def average_of(weight: Parameter) -> Parameter:
    """The average of a weight: among the parameters, and not trained."""
    return weight.replaced(name=AVERAGE + weight.name, trained=False)


def averaged(frame: Frame, decay: Number, iteration: Tensor, change: Change, average: Parameter) -> Change:
    """The average after the weight's change; `iteration` is the update's number, from 1."""
    span = average.span
    frame.locate(span)
    before = leaf_of(frame.draft, LeafRole.PARAMETER, average, span)
    one, ten = (batching.constant(frame.draft, value, span) for value in (1, 10))
    above, below = (batching.map_(functions.add, (number, iteration), span) for number in (one, ten))
    early = batching.map_(functions.divide, (above, below), span)
    kept = batching.map_(functions.minimum, (as_tensor(frame.draft, decay, span), early), span)
    moved = batching.map_(functions.subtract, (before, change.after), span)
    after = batching.map_(functions.add, (change.after, batching.map_(functions.multiply, (kept, moved), span)), span)
    return Change(average.name, before, after)
