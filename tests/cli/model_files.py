"""Model files that the tests of the command line write to a temporary folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

FED = """\
data { input x: [4]; target y: class(3) }
net { x | dense(outputs) }
loss cross_entropy
train { adam(1e-3); batch 8; epochs 2 }
"""
"""Sound, but without rows: Python feeds them."""

POINTS = """\
let width = 8 in 4..32
let rate = 1e-2
data { npz "points.npz" { x: [2] = x; y = y }; target y; split 60/20/20 }
net { x | dense(width) | relu | dense(outputs) }
loss cross_entropy
train { adam(rate); batch 16; epochs 3; seed 1; keep best val.accuracy; watch accuracy }
"""
"""Two classes of points, left and right; `write_points` writes their rows."""


def write_points(folder: Path, text: str = POINTS, rows: int = 100) -> Path:
    """`points.dsl` with `text`, and `points.npz` beside it."""
    x = np.random.default_rng(0).normal(size=(rows, 2))
    np.savez(folder / "points.npz", x=x, y=(x[:, 0] > 0).astype(np.int64))
    path = folder / "points.dsl"
    path.write_text(text, encoding="utf-8")
    return path
