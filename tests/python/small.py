"""Small models that Python feeds, and rows for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import dslc

TEXT = """
data { input x: [5]; target y: class(3); scale zscore }
net { x | dense(8) | relu | dropout(20%) | dense(outputs) }
loss cross_entropy + 1e-3 * l2(weights)
train { adam(1e-2); batch 16; epochs 2; seed 3; watch accuracy }
"""
VALUES = """
data { input x: [5]; target y: [2]; scale zscore; scale target zscore }
net { x | dense(8) | tanh | dense(outputs) }
loss huber
train { adam(1e-2); batch 16; epochs 2; seed 3; watch mae }
"""

Reals = npt.NDArray[np.float64]


def rows(count: int = 70, seed: int = 5) -> tuple[Reals, npt.NDArray[np.int64]]:
    x = np.random.default_rng(seed).normal(3, 2, (count, 5))
    return x, np.argmax(x[:, :3], axis=1)


def fitted(text: str = TEXT, **options: str) -> dslc.Model:
    model = dslc.compile(text=text, **options)
    x, y = rows()
    model.fit(x, y if "class" in text else x[:, :2])
    return model


def state(model: dslc.Model) -> dict[str, bytes]:
    """Every bit that training has changed so far."""
    session = model.session
    return {name: value.tobytes() for name, value in (session.parameters | session.states).items()} | {
        "counters": repr(session.counters).encode(),
        "epochs": repr(model.epochs).encode(),
    }
