"""The names that others rely on: there, documented and typed."""

from __future__ import annotations

import inspect
import pydoc
from typing import get_type_hints

import pytest

import dslc
from dslc.opening import compile, load

METHODS = (
    "fit", "predict", "predict_proba", "forward", "generate", "evaluate", "set_weights", "loss", "gradients",
    "summary", "save", "reset", "status", "request_stop", "evaluate_file", "evaluate_part", "read_rows", "objective",
    "predictions",
)  # fmt: skip
PROPERTIES = (
    "weights", "plan", "source", "graph", "classes", "compile_seconds", "experiment", "peak_bytes", "program", "rows",
    "session",
)  # fmt: skip


def test_the_model_has_these_names_and_no_others() -> None:
    public = {name for name in vars(dslc.Model) if not name.startswith("_")}
    assert public == {*METHODS, *PROPERTIES}


@pytest.mark.parametrize("name", [*METHODS, *PROPERTIES])
def test_each_says_what_it_does_and_is_typed(name: str) -> None:
    found = inspect.getattr_static(dslc.Model, name)
    function = found.fget if isinstance(found, property) else found
    assert function.__doc__ and function.__doc__.rstrip().endswith(".")
    parameters = inspect.signature(function).parameters
    assert all(p.annotation is not p.empty for key, p in parameters.items() if key != "self")
    assert inspect.signature(function).return_annotation is not inspect.Signature.empty


@pytest.mark.parametrize("function", [compile, load, dslc.check, dslc.format])
def test_functions_say_what_they_do_and_are_typed(function: object) -> None:
    assert inspect.getdoc(function)
    assert "return" in get_type_hints(function) or "return" in inspect.get_annotations(function)


def test_help_shows_the_arguments_and_not_what_checks_them() -> None:
    text = pydoc.plain(pydoc.render_doc(dslc.Model))
    assert "fit(self, x: 'Inputs | None' = None, y: 'Truth | None' = None, *, validation:" in text
    assert "kwargs" not in text and "checked(" not in text
    assert "Calls from several threads take turns" in text


def test_every_public_name_is_listed_and_found() -> None:
    assert set(dslc.__all__) >= {"Model", "check", "compile", "format", "load", "DataError", "ModelError"}
    with pytest.raises(AttributeError, match="module `dslc` has no attribute `optimise`"):
        _ = dslc.optimise
