"""Small model files that together use every activation, loss, optimizer, schedule and initializer of the library."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dslc.data.schema import Schema, TargetField
from dslc.runtime.rows import Rows

ROWS = 23
"""Two batches of 8 and a rest of 7."""

ACTIVATIONS = (
    "relu", "leaky_relu", "prelu", "sigmoid", "tanh", "gelu", "step", "linear(2, 0.5)", "softmax", "log_softmax",
    "softplus", "dropout(30%)", "hard_sigmoid", "relu6", "elu", "selu", "gelu_tanh", "silu", "hard_swish", "mish",
    "softsign", "glu", "layernorm", "rmsnorm", "groupnorm(2)", "gaussian_noise", "spatial_dropout(30%)",
    "residual(dense(6) | tanh)",
)  # fmt: skip

LOSSES = {
    "squared_error": ("target y", "outputs"),
    "absolute_error": ("target y", "outputs"),
    "huber": ("target y", "outputs"),
    "huber(delta = 0.3)": ("target y", "outputs"),
    "hinge": ("target y: class(2)", "outputs"),
    "binary_cross_entropy": ("target y: class(2)", "outputs"),
    "cross_entropy": ("target y: class(4)", "outputs"),
    "kl_divergence": ("target y: [4]", "outputs"),
    "soft_cross_entropy": ("target y: [4]", "outputs"),
    "log_cosh": ("target y", "outputs"),
    "pinball(q = 0.8)": ("target y", "outputs"),
    "poisson": ("target y", "outputs"),
    "gaussian_nll": ("target y: [1]", "2"),
    "cosine": ("target y: [4]", "outputs"),
    "squared_hinge": ("target y: class(2)", "outputs"),
    "binary_focal": ("target y: class(2)", "outputs"),
    "focal": ("target y: class(4)", "outputs"),
    "cross_entropy(smoothing = 0.1)": ("target y: class(4)", "outputs"),
    "dice": ("target y: class(2)", "outputs"),
    "cross_entropy + 1e-2 * l1(weights) + 1e-2 * l2(parameters)": ("target y: class(3)", "outputs"),
}

OPTIMIZERS = (
    "gradient_descent(0.1)", "sgd(0.1)", "sgd(cosine(0.1, 0.01), momentum = 0.9)", "momentum(step_decay(0.1))",
    "nesterov(0.05)", "adagrad(0.1)", "rmsprop(1e-2)", "adam(constant(1e-2))", "adamw(1e-2)", "adadelta", "adamax",
    "nadam", "amsgrad", "lion(1e-2, decay = 0.1)", "lamb(1e-2)", "sgd(exponential(0.1, 0.01))",
    "adam(warmup(cosine(1e-2, 1e-3), 4))", "adam(one_cycle(1e-2))", "sgd(plateau(0.1, patience = 1))",
)  # fmt: skip


INITIALIZERS = (
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "normal(0, 0.3)",
    "orthogonal",
)


def _model(target: str, net: str, loss: str, optimizer: str) -> str:
    return (
        f"data {{ input x: [5]; {target} }}\nnet {{ x | dense(6) | {net} }}\nloss {loss}\n"
        f"train {{ {optimizer}; {'' if optimizer.startswith('gradient') else 'batch 8; '}epochs 3; seed 4 }}\n"
    )


LIBRARY: dict[str, str] = {
    **{a: _model("target y: class(3)", f"{a} | dense(outputs)", "cross_entropy", "sgd(0.1)") for a in ACTIVATIONS},
    **{
        loss: _model(target if ":" in target else f"{target}: [1]", f"tanh | dense({width})", loss, "adam(1e-2)")
        for loss, (target, width) in LOSSES.items()
    },
    **{o: _model("target y: class(3)", "gelu | dense(outputs)", "cross_entropy", o) for o in OPTIMIZERS},
    **{
        i: f"layer begun(x: [c], units: count) {{ weight w: [c, units] = {i};  x @ w }}\n"
        + _model("target y: class(3)", "begun(5) | tanh | dense(outputs)", "cross_entropy", "adam(1e-2)")
        for i in INITIALIZERS
    },
    "three codes": """
        data { input x: [5]; input y: [5]; input z: [5] }
        net { code = dense(6) | tanh; a = code(x); b = code(y); c = code(z); a }
        loss triplet(a, b, c)
        train { adam(1e-2); batch 8; epochs 3; seed 4 }
    """,
    "ids": """
        data { input word: [3] class(7); input x: [5]; target y: [3] class(4) }
        net { table = embed(6); concat(table(word), x @ filled(0.1, 5, 3) | reshape(3, 1)) | dense(outputs) }
        loss cross_entropy
        train { adam(1e-2); batch 8; epochs 3; seed 4 }
    """,
    "recurrent": """
        data { input x: [9, 5]; target y: class(3) }
        net { x | lstm(6) | gru(4) | bidirectional(rnn(3)) | dropout(20%) | last | dense(outputs) }
        loss cross_entropy
        train { adam(1e-2); batch 8; epochs 3; seed 4 }
    """,
    "attention": """
        layer block(x: [time, c]) {
          a = x + attention(layernorm(x), 2, causal = true)
          a + (a | layernorm | dense(2 * c) | gelu | dense(c))
        }
        data { input word: [7] class(5); target y: [7] class(5) }
        net { token = embed(6);  token(word) + positions(6) | block | dense(outputs) }
        loss cross_entropy
        train { sgd(0.02); batch 8; epochs 3; seed 4; watch perplexity }
    """,
    "parts of a net": """
        data { input x: [5]; target y: class(3) }
        net {
          body = x | dense(6) | tanh | dense(5, bias = false) | batchnorm | tanh
          body | dense(outputs)
        }
        loss cross_entropy
        train {
          adam(plateau(1e-2, patience = 1)); sgd(0.1, momentum = 0.9) on body; unfreeze body after 1 epoch
          freeze `body.dense_2`; clip norm 0.5; average 0.9; prune 40% after 2 epochs; batch 8; epochs 3; seed 4
        }
    """,
    "two objectives": """
        data { input x: [5] }
        net {
          maker = dense(6) | tanh | dense(5)
          judge = dense(6) | tanh | dense(1)
          drawn = maker(random_normal([3]))
        }
        loss d = softplus(-judge(x)) + softplus(judge(drawn)) + 1e-2 * l2(weights)
        loss g = softplus(-judge(drawn)) + 0.1 * mean((drawn - x)^2)
        train {
          minimize d over judge with sgd(plateau(0.05, patience = 1), momentum = 0.9)
          minimize g over maker with adam(1e-2)
          unfreeze `maker.dense` after 1 epoch; clip norm 0.5; average 0.9; prune 40% of judge after 2 epochs
          batch 8; epochs 3; seed 4
        }
    """,
    "two heads and a carried column": """
        data { input x: [5]; input amount: [1]; carry amount; target y: class(3); target z: [2] }
        net { trunk = x | dense(6) | tanh; predict y = trunk | dense(outputs); predict z = trunk | dense(outputs) }
        loss cross_entropy(y) + 0.5 * huber(z) * (1 + sum(amount^2))
        train { adam(1e-2); batch 8; epochs 3; seed 4; watch accuracy(y), rmse(z) }
    """,
}


def rows_for(schema: Schema) -> Rows:
    """Rows of normal numbers and random classes or, for a target of several values, distributions."""
    draw = np.random.default_rng(11)
    inputs = {
        field.name: draw.integers(0, field.classes, (ROWS, *field.shape))
        if field.classes is not None
        else draw.normal(size=(ROWS, *field.shape))
        for field in schema.inputs
    }
    carried = {field.name: draw.normal(size=(ROWS, *field.shape)) for field in schema.carried}
    return Rows(inputs, {target.name: _target(draw, target) for target in schema.targets} | carried)


def _target(draw: np.random.Generator, target: TargetField) -> NDArray[np.generic]:
    if target.classes is not None:
        return draw.integers(0, target.classes, (ROWS, *target.shape))
    values = draw.normal(size=(ROWS, *target.shape))
    if target.shape and target.shape[-1] > 1:
        values = np.exp(values) / np.exp(values).sum(-1, keepdims=True)
    return values
