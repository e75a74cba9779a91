"""`load`: a saved model's net within another, with its weights, alone and after its file is gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dslc
from dslc.diagnostics import ModelError

BASE = """let width = 5
activation bent(x) = where(x > 0, x, 0.1 * x)
layer block(x: [c], units: count) = x | dense(units) | batchnorm | bent
data { input x: [4]; target y: class(2) }
net { hidden = x | block(width) | dropout(20%);  hidden | block(6) | dense(outputs) }
loss cross_entropy
train { adam(1e-2); batch 8; epochs 3; seed 1 }
"""
USER = """data {{ input z: [4]; target kind: class(3) }}
net {{ {net} }}
loss cross_entropy
train {{ sgd(0.1); batch 8; epochs 2; seed {seed}; shuffle false{more} }}
"""
UNTIL = 'body = load "base.dslm" until block;  z | body | dense(outputs)'


def data(classes: int, rows: int = 24) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(5).normal(0, 2, (rows, 4))
    return x, np.argmax(x[:, :classes], 1)


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dslc.Model:
    """Trained, and saved in the working directory."""
    monkeypatch.chdir(tmp_path)
    model = dslc.compile(text=BASE, settings={"width": 7})
    model.fit(*data(2))
    model.save("base.dslm")
    return model


def using(net: str = UNTIL, more: str = "", seed: int = 3, backend: str = "cpu") -> dslc.Model:
    return dslc.compile(text=USER.format(net=net, more=more, seed=seed), backend=backend)


@pytest.mark.parametrize("backend", ["cpu", "reference"])
def test_it_is_the_saved_net_up_to_the_tensor_and_nothing_after(base: dslc.Model, backend: str) -> None:
    model = using(backend=backend)
    x, _ = data(3)
    np.testing.assert_allclose(model.forward(x, at=["body"])["body"], base.forward(x, at=["block"])["block"], atol=1e-6)
    loaded = {name.removeprefix("body."): value for name, value in model.weights.items() if name.startswith("body.")}
    kept = {name: value for name, value in base.weights.items() if name.startswith(("hidden.", "block."))}
    assert loaded.keys() == kept.keys()
    for name, value in kept.items():
        np.testing.assert_array_equal(loaded[name], value)
    assert set(model.weights) - {f"body.{name}" for name in kept} == {"dense.w", "dense.b"}


def test_without_until_it_is_the_raw_prediction(base: dslc.Model) -> None:
    x, _ = data(3)
    model = using('z | load "base.dslm" | dense(outputs)')
    assert {name.split(".")[0] for name in model.weights} == {"load", "dense"}
    np.testing.assert_allclose(model.forward(x, at=["load"])["load"], base.forward(x), atol=1e-6)


def test_a_name_of_its_net_and_a_path_within_a_layer_are_tensors(base: dslc.Model) -> None:
    x, _ = data(3)
    for until in ("hidden", "`block.dense`"):
        model = using(f'body = load "base.dslm" until {until};  z | body | dense(outputs)')
        name = until.strip("`")
        np.testing.assert_allclose(model.forward(x, at=["body"])["body"], base.forward(x, at=[name])[name], atol=1e-6)


def test_seed_and_reset_leave_the_loaded_weights(base: dslc.Model) -> None:
    one, two = using(seed=3), using(seed=4)
    assert (one.weights["dense.w"] != two.weights["dense.w"]).any()
    name = "body.hidden.block.dense.w"
    one.fit(*data(3))
    assert (one.weights[name] != base.weights["hidden.block.dense.w"]).any()
    one.reset(5)
    for model in (one, two):
        np.testing.assert_array_equal(model.weights[name], base.weights["hidden.block.dense.w"])


def test_it_is_a_group_that_can_be_frozen(base: dslc.Model) -> None:
    model = using(more="; freeze body")
    before = model.weights
    model.fit(*data(3))
    for name, value in model.weights.items():
        if "running" not in name:
            assert (value == before[name]).all() == name.startswith("body.")


def test_a_shared_use_shares_the_weights(base: dslc.Model) -> None:
    model = using('body = load "base.dslm" until hidden;  body(z) + body(2 * z) | dense(outputs)')
    assert sum(name.endswith("dense.w") for name in model.weights) == 2
    x, y = data(3)
    found = model.forward(x)
    one = base.forward(x, at=["hidden"])["hidden"] + base.forward(2 * x, at=["hidden"])["hidden"]
    np.testing.assert_allclose(found, one @ model.weights["dense.w"] + model.weights["dense.b"], atol=1e-5)
    model.fit(x, y)


def test_a_saved_model_stands_alone(base: dslc.Model) -> None:
    model = using()
    x, y = data(3)
    model.fit(x, y)
    model.save("user.dslm")
    Path("base.dslm").unlink()
    again = dslc.load("user.dslm")
    np.testing.assert_array_equal(again.forward(x), model.forward(x))
    model.fit(x, y)
    again.fit(x, y)
    for name, value in model.weights.items():
        np.testing.assert_array_equal(again.weights[name], value)
    again.reset(3)
    np.testing.assert_array_equal(again.weights["body.hidden.block.dense.w"], base.weights["hidden.block.dense.w"])


def test_a_base_may_load_another(base: dslc.Model) -> None:
    x, y = data(3)
    middle = using()
    middle.fit(x, y)
    middle.save("middle.dslm")
    Path("base.dslm").unlink()
    model = using('z | load "middle.dslm" until body | dense(outputs)')
    expected = middle.forward(x, at=["body"])["body"]
    np.testing.assert_allclose(model.forward(x, at=["load"])["load"], expected, atol=1e-6)
    assert "load.body.hidden.block.dense.w" in model.weights
    model.save("user.dslm")
    Path("middle.dslm").unlink()
    np.testing.assert_array_equal(dslc.load("user.dslm").forward(x), model.forward(x))


@pytest.mark.parametrize("until", ["body", "body.hidden", "body.block", "body.block.dense"])
def test_until_may_name_a_tensor_of_what_the_base_loads(base: dslc.Model, until: str) -> None:
    x, y = data(3)
    middle = using()
    middle.fit(x, y)
    middle.save("middle.dslm")
    model = using(f'q = load "middle.dslm" until `{until}`;  z | q | dense(outputs)')
    expected = middle.forward(x, at=[until])[until]
    np.testing.assert_allclose(model.forward(x, at=["q"])["q"], expected, atol=1e-6)
    assert "q.dense.w" not in model.weights  # it comes after
    assert ("q.body.block.dense.w" in model.weights) == (until != "body.hidden")


def test_a_weight_that_is_missing_is_one_error(base: dslc.Model) -> None:
    from dslc.runtime.archive import read_archive, write_archive

    entries = dict(read_archive(Path("base.dslm")))
    text = bytes(entries["model.dsl"]).replace(b"block(6)", b"block(8)")
    write_archive(Path("base.dslm"), {**entries, "model.dsl": text})
    with pytest.raises(ModelError) as raised:
        using()
    (found,) = raised.value.diagnostics
    assert found.text == "`base.dslm` cannot be loaded: it has no weight `block.dense.w` of shape [7, 8]"


def test_of_averaged_weights_the_averages_are_loaded(base: dslc.Model) -> None:
    text = BASE.replace("seed 1 }", "seed 1; average 0.9 }")
    averaged = dslc.compile(text=text)
    averaged.fit(*data(2))
    averaged.save("base.dslm")
    model = using()
    np.testing.assert_array_equal(
        model.weights["body.hidden.block.dense.w"], averaged.weights["average.hidden.block.dense.w"]
    )


def test_nothing_of_a_base_is_seen_outside(base: dslc.Model) -> None:
    with pytest.raises(ModelError, match="bent"):
        using('z | load "base.dslm" | bent | dense(outputs)')
    with pytest.raises(ModelError, match="width"):
        using('z | load "base.dslm" | dense(width) | dense(outputs)')
    assert [setting.name for setting in using().compilation.experiment.settings] == []


def test_what_cannot_be_loaded_is_said_in_its_place(base: dslc.Model, golden: Callable[[Path, str], None]) -> None:
    Path("text.dslm").write_text("no model file")
    whole = Path("base.dslm").read_bytes()
    Path("damaged.dslm").write_bytes(whole.replace(b"hidden", b"hiddem", 1))
    dslc.compile(text=BASE.replace("x: [4];", "x: [4]; input w: [2];").replace("x | block", "w | block")).save(
        "two.dslm"
    )
    nets = (
        'body = load "base.dslm" until block_3;  z | body | dense(outputs)',
        'z | dense(3) | load "base.dslm" | dense(outputs)',
        'z | load "text.dslm" | dense(outputs)',
        'z | load "damaged.dslm" | dense(outputs)',
        'z | load "bass.dslm" | dense(outputs)',
        'z | load "../base.dslm" | dense(outputs)',
        'z | load "two.dslm" | dense(outputs)',
        'body = load "base.dslm" until hidden;  body(z) + body(z | dense(3)) | dense(outputs)',
    )
    found = []
    for net in nets:
        with pytest.raises(ModelError) as raised:
            using(net)
        found.append(str(raised.value))
    golden(Path(__file__).parent / "load.expected", "\n\n".join(found))


def test_a_library_that_has_changed_is_told(base: dslc.Model) -> None:
    from dslc.runtime.archive import read_archive, write_archive

    entries = dict(read_archive(Path("base.dslm")))
    changed = bytes(entries["definitions.dsl"]).replace(b"weight w:", b"weight  w:")
    write_archive(Path("base.dslm"), {**entries, "definitions.dsl": changed})
    with pytest.raises(ModelError, match="this dslc defines `dense` differently"):
        using()


def test_an_entry_for_no_load_is_refused(base: dslc.Model) -> None:
    from dslc.runtime.archive import read_archive, write_archive

    model = using()
    model.save("user.dslm")
    entries = dict(read_archive(Path("user.dslm")))
    write_archive(Path("user.dslm"), {name: value for name, value in entries.items() if name != "base0.dslm"})
    with pytest.raises(dslc.DataError, match=r"it has no `base0\.dslm`"):
        dslc.load("user.dslm")
    write_archive(Path("user.dslm"), {**entries, "base7.dslm": entries["base0.dslm"]})
    with pytest.raises(dslc.DataError, match=r"base7\.dslm"):
        dslc.load("user.dslm")
