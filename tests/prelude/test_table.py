"""The library's table is closed: each name is there, has a comment, and is used somewhere.

That each has a sample, and a gradient that is its derivative, says test_gradients.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from differential.small import LIBRARY

from dslc.elaborate.builtins import BUILTINS
from dslc.elaborate.prelude import Entry, index
from dslc.syntax.ast import DefinitionKind

ROOT = Path(__file__).resolve().parents[2]

TABLE = {
    DefinitionKind.ACTIVATION: """
        step linear sigmoid hard_sigmoid tanh relu relu6 leaky_relu elu selu gelu gelu_tanh silu hard_swish mish
        softplus softsign softmax log_softmax glu
    """,
    DefinitionKind.LAYER: """
        prelu dense embed conv1d conv conv3d depthwise grouped conv_transpose maxpool minpool avgpool
        global_maxpool global_avgpool upsample flatten reshape concat pad batchnorm layernorm groupnorm
        instancenorm rmsnorm dropout spatial_dropout gaussian_noise rnn lstm gru bidirectional last attention
        positions reverse residual
    """,
    DefinitionKind.LOSS: """
        squared_error absolute_error huber log_cosh hinge squared_hinge binary_cross_entropy cross_entropy
        soft_cross_entropy kl_divergence poisson pinball gaussian_nll cosine contrastive triplet focal
        binary_focal dice l1 l2
    """,
    DefinitionKind.OPTIMIZER: """
        gradient_descent sgd momentum nesterov adagrad adadelta rmsprop adam adamw adamax nadam amsgrad lion
        lamb
    """,
    DefinitionKind.SCHEDULE: "constant step_decay exponential cosine warmup one_cycle plateau",
    DefinitionKind.METRIC: """
        accuracy balanced_accuracy top_k precision recall f1 mcc confusion roc_auc average_precision brier
        log_loss mse rmse mae mape r2 perplexity iou
    """,
    DefinitionKind.INITIALIZER: """
        zeros constant uniform normal glorot_uniform glorot_normal he_uniform he_normal lecun_uniform
        lecun_normal orthogonal
    """,
}
"""What the library is to hold, by kind."""

HELPERS = {
    "window_count", "window_start", "standardized", "batch_variance", "batch_standardized", "share_of", "per_class",
    "of_classes", "class_scores", "as_high", "of_ranked_classes", "logsumexp",
}  # fmt: skip
"""What other definitions are written with."""


def test_each_name_is_there() -> None:
    for kind, names in TABLE.items():
        assert {name for name in names.split() if (kind, name) not in index() and name not in BUILTINS} == set()


def test_nothing_is_there_that_the_table_does_not_have() -> None:
    assert {name for kind, name in index() if name not in TABLE[kind].split()} == HELPERS


@pytest.mark.parametrize("entry", index().values(), ids=lambda entry: f"{entry.kind.value}-{entry.name}")
def test_each_has_a_comment(entry: Entry) -> None:
    assert entry.comment.strip() or entry.name in ("zeros", "constant", "uniform", "normal"), entry.name


def texts() -> Iterator[str]:
    for path in sorted([*(ROOT / "models").rglob("*.dsl"), *(ROOT / "dslc" / "prelude").glob("*.dsl")]):
        yield re.sub(r"#.*", "", path.read_text("utf-8"))
    yield from LIBRARY.values()
    for case in ("models/test_layers.py", "models/test_ranks.py", "prelude/test_metrics.py"):
        yield (ROOT / "tests" / case).read_text("utf-8")


def test_each_is_used_by_a_model_or_a_case() -> None:
    """More often than where it is defined."""
    words = re.findall(r"\w+", "\n".join(texts()))
    assert {name for _, name in index() if words.count(name) < 2} == set()
