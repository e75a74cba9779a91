"""The backends agree: cpu in float32 against reference in float64, and every run of cpu with every other, bit for bit.

The figures are reliability demands 3 and 5: gradients within 1e-5 of the largest element on one batch, weights
within 1e-3 of it after ten steps.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from example_models import WITH_DATA, WORKLOADS

from differential.small import LIBRARY, rows_for
from dslc.cli.growth import model_text
from dslc.cli.workload import Decoder, Recurrent, Update
from dslc.graph.graph import Array
from dslc.model import Model
from dslc.opening import compile
from dslc.runtime.rows import Rows

ONE_BATCH = 1e-5
TEN_STEPS = 1e-3
"""float32 keeps 7 digits; sums over a batch of 64 and ten updates may lose two and four of them."""


def distance(found: Array, expected: Array) -> float:
    """Largest difference over largest magnitude; 0 for two zeros."""
    most = float(np.max(np.abs(expected.astype(np.float64)), initial=0))
    gap = float(np.max(np.abs(found.astype(np.float64) - expected), initial=0))
    return gap / most if most else gap


def pair(source: Path | str) -> tuple[Model, Model, Rows, int]:
    """The model on cpu and on reference with the same weights, rows to train on, and the batch."""
    texts = {"path": source} if isinstance(source, Path) else {"text": source}
    cpu, reference = (compile(**texts, backend=backend) for backend in ("cpu", "reference"))
    reference.set_weights(cpu.weights)
    dataset = cpu.dataset
    if len(dataset.train):
        rows = Rows(dataset.inputs, dataset.beside)
        chosen = dataset.train
    else:
        rows = rows_for(cpu.experiment.schema)
        chosen = np.arange(rows.count)
    batch = min(cpu.experiment.loop.batch or len(chosen), len(chosen))
    taken = chosen[: 10 * batch]
    inputs, beside = ({name: values[taken] for name, values in part.items()} for part in (rows.inputs, rows.beside))
    return cpu, reference, Rows(inputs, beside), batch


def ten_steps(model: Model, rows: Rows, batch: int) -> dict[str, Array]:
    """The weights after at most ten updates of an epoch without validation."""
    epochs = max(1, 10 * batch // rows.count)
    if len(model.dataset.train):
        loop = model.experiment.loop.replaced(epochs=epochs, stop=None, keep=None)
        model.session.train(rows, np.arange(rows.count), np.arange(0), loop)
    else:
        carried = {field.name for field in model.experiment.schema.carried}
        targets = {name: values for name, values in rows.beside.items() if name not in carried}
        model.fit({**rows.inputs, **{name: rows.beside[name] for name in carried}}, targets or None, epochs=epochs)
    return model.weights


EXACT = {"wide", "digits_cnn", "digits_residual", "segmentation", "siamese"}
"""Adam's first steps are of one length whatever the gradient's: where that is 0 but for rounding a weight goes either
way, and of two million some do, or of those before a normalisation or a difference, which take out what they have in
common. Their ten steps are taken in float64."""


def check_agreement(source: Path | str) -> None:
    cpu, reference, rows, batch = pair(source)
    first = np.arange(batch)
    loss, gradients = cpu.objective(rows, first)
    expected_loss, expected = reference.objective(rows, first)
    assert abs(loss - expected_loss) <= ONE_BATCH * abs(expected_loss)
    assert gradients.keys() == expected.keys() == {p.name for p in cpu.experiment.parameters if p.trained}
    for name, gradient in gradients.items():
        assert distance(gradient, expected[name]) <= ONE_BATCH, name
    if isinstance(source, Path) and source.stem in EXACT:
        cpu, reference = (compile(source, backend=backend, dtype="float64") for backend in ("cpu", "reference"))
    trained, meant = ten_steps(cpu, rows, batch), ten_steps(reference, rows, batch)
    for name, weight in trained.items():
        assert distance(weight, meant[name]) <= TEN_STEPS, name


OVER_STEPS = {
    "lstm": Recurrent(64, 5, 48, 40, 4, Update.ADAM, 1e-3),
    "gpt": Decoder(64, 7, 48, 4, 1, 4, Update.DESCENT, 1e-2),
}
"""The workloads over steps at sizes that the reference backend, which takes one step of one row after another, has in
seconds. The decoder's update is descent: the gradient of a key's bias is 0 but for rounding, since softmax takes out
what all scores of a row have in common, and Adam makes a whole step of it."""


@pytest.mark.parametrize("path", [*WITH_DATA, *WORKLOADS], ids=lambda path: path.stem)
def test_cpu_agrees_with_reference_on_every_model(path: Path) -> None:
    check_agreement(model_text(OVER_STEPS[path.stem]) if path.stem in OVER_STEPS else path)


@pytest.mark.parametrize("name", LIBRARY)
def test_cpu_agrees_with_reference_on_every_part_of_the_library(name: str) -> None:
    check_agreement(LIBRARY[name])


PROGRAM = """
import hashlib, sys
from pathlib import Path
from dslc.opening import compile
from differential.small import rows_for
import numpy as np
from dataclasses import replace
model = compile(Path(sys.argv[1]), threads=int(sys.argv[2]))
dataset = model.dataset
if len(dataset.train):
    model.fit(epochs=3)
else:
    rows = rows_for(model.experiment.schema)
    model.session.train(rows, np.arange(rows.count), np.arange(0), model.experiment.loop.replaced(epochs=2))
print(hashlib.sha256(b"".join(w.tobytes() for w in model.weights.values())).hexdigest())
"""


@pytest.mark.parametrize("path", [*WITH_DATA, *WORKLOADS], ids=lambda path: path.stem)
def test_bits_do_not_depend_on_threads_cache_or_process(path: Path, tmp_path: Path) -> None:
    """Cold store with one thread, then its warm store with one, two and three, each in a process of its own."""
    if path.stem in OVER_STEPS:
        small = tmp_path / path.name
        small.write_text(model_text(OVER_STEPS[path.stem]), "utf-8")
        path = small
    found = set()
    for run, threads in enumerate((1, 1, 2, 3)):
        environment = {**os.environ, "DSLC_CACHE": str(tmp_path / "store"), "PYTHONHASHSEED": str(run)}
        root = str(Path(__file__).resolve().parents[1])
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path), str(threads)],
            env=environment, cwd=root, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.add(done.stdout.strip())
    assert len(found) == 1
    assert len(found.pop()) == len(hashlib.sha256().hexdigest())
