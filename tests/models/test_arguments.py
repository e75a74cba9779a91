"""Arguments that a model cannot be compiled with are refused at once, and named."""

from __future__ import annotations

import pytest

from dslc.opening import compile

TEXT = "data { input x: [2]; target y: [1] }\nnet { x | dense(1) }\nloss squared_error\n"


@pytest.mark.parametrize("dtype", ["float16", "bool", "int64", ""])
def test_a_dtype_that_cannot_be_trained_in(dtype: str) -> None:
    with pytest.raises(ValueError, match="float32 or float64"):
        compile(text=TEXT, dtype=dtype)


@pytest.mark.parametrize("threads", [0, -1])
def test_a_number_of_threads_below_one(threads: int) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        compile(text=TEXT, threads=threads)


def test_no_model_or_two() -> None:
    for paths in ({}, {"path": "model.dsl", "text": TEXT}):
        with pytest.raises(TypeError, match="either a path or text"):
            compile(**paths)
