"""Forms of index notation that windows take in few models: the cpu's values and gradients are the reference's."""

from __future__ import annotations

import numpy as np
import pytest

import dslc

TEXT = """
layer made(x: [{axes}]) {{
  {body}
}}
data {{ input x: [{sizes}]; target y }}
net {{ x | made | flatten | dense(1) }}
loss squared_error
train {{ sgd(1e-3); batch 4; epochs 1; seed 1 }}
"""

FORMS = {
    "three spatial axes": ((4, 3, 5, 2), "h, w, d, c", """weight k: [2, 3, 1, c, 3] = normal(0, 0.5)
  z[i: 2, j: 3, l: 3, f] = sum((x[2 * i + u - 1, j + v - 1, 2 * l + q, ch] or 0) * k[u, v, q, ch, f] over u, v, q, ch)
  z"""),
    "each channel by itself": ((5, 7, 3), "h, w, c", """weight k: [3, 2, c] = normal(0, 0.5)
  z[i: h, j: 3, ch] = sum((x[i + u - 1, 2 * j + v, ch] or 0) * k[u, v, ch] over u, v)
  z"""),
    "groups": ((6, 2, 3), "h, g, c", """weight k: [3, g, c, 5] = normal(0, 0.5)
  z[i: 3, e, f] = sum((x[2 * i + u - 1, e, ch] or 0) * k[u, e, ch, f] over u, ch)
  relu(z)"""),
    "two windows on one axis": ((8, 2), "n, c", """weight k: [3, 2, c, 3] = normal(0, 0.5)
  z[i: 7, f] = sum((x[i + u + 3 * v - 2, ch] or 0) * k[u, v, ch, f] over u, v, ch)
  z"""),
    "a weight with the batch in it": ((7, 2), "n, c", """k = tanh(x)
  z[i: 4, q] = sum((x[2 * i + u - 1, ch] or 0) * (k[u - 1, q] or 0) over u: 3, ch)
  z"""),
    "a product of two windows": ((7,), "n", """z[i: 7, j: 3] = sum((x[i + u - 1] or 0) * (x[2 * j + u] or 0) over u: 3)
  z"""),
    "a bias and a bound before pooling": ((9, 2), "n, c", """weight k: [3, c, 5] = normal(0, 0.5)
  weight b: [5] = normal(0, 0.5)
  a[i: n, f] = sum((x[i + u - 1, ch] or 0) * k[u, ch, f] over u, ch)
  s = relu(a + b)
  z[i: n // 2, f] = max(s[2 * i + u, f] over u: 2)
  z"""),
    "one tap behind the end": ((4, 2, 3), "h, g, c", """weight k: [1, g, c, 1] = normal(0, 0.5)
  z[i: 5, e, f] = sum((x[i + 2 * u, e, ch] or 0) * k[u, e, ch, f] over u, ch)
  relu(z)"""),
    "a diagonal that is summed": ((3,), "n", """weight a: [6, 4] = normal(0, 0.5)
  weight b: [3, 4] = normal(0, 0.5)
  k[j, i: 3] = sum(a[i + l, l] * b[j, l] over l)
  x @ k"""),
    "the greatest along a diagonal": ((3, 4, 4), "c, n, n", """weight b: [n, n] = normal(0, 0.5)
  s = x + b
  z[i] = max(s[ch, i, i] over ch)
  z"""),
    "nothing but what lies outside": ((4,), "n", """z[i: 3] = x[2 * i + 7] or 0
  z"""),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_its_loops(name: str) -> None:
    """Batches of 1 and 3 rows, an evaluation whose last batch is part of one, gradients against differences."""
    sizes, axes, body = FORMS[name]
    text = TEXT.format(axes=axes, body=body, sizes=", ".join(map(str, sizes)))
    cpu, reference = dslc.compile(text=text), dslc.compile(text=text, backend="reference", dtype="float64")
    reference.set_weights(cpu.weights)
    draw = np.random.default_rng(0)
    for rows in (1, 3):
        x, y = draw.normal(size=(rows, *sizes)), draw.normal(size=rows)
        meant, found = (model.gradients(x, y, inputs=True) for model in (reference, cpu))
        for key, gradient in meant.items():
            assert np.abs(found[key] - gradient).max() <= 2e-5 * max(np.abs(gradient).max(), 1e-2), key
        along = draw.normal(size=x.shape)
        ends = [reference.loss(x + step * along, y) for step in (1e-6, -1e-6)]
        slope = float(np.sum(meant["inputs.x"] * along))
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(slope, rel=1e-5, abs=1e-6)
    x, y = draw.normal(size=(7, *sizes)), draw.normal(size=7)
    assert cpu.evaluate(x, y) == pytest.approx(reference.evaluate(x, y), rel=1e-4)
