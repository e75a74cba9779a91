"""How a model comes to be: compiled from a model file or a text, or loaded as it was saved.

Everything is read and checked at once; code is generated and compiled when something first runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dslc.arguments import strict
from dslc.backends import get_backend
from dslc.driver import Compilation
from dslc.model import Model
from dslc.program.program import Element
from dslc.saved import read_saved
from dslc.source import Source
from dslc.syntax.read import read_source

NOUNS = {
    "path": "path", "text": "text", "settings": "mapping from names to values", "data": "path, or a mapping of paths",
}  # fmt: skip


Place = (str, os.PathLike)


@strict
def compile(
    path: str | Path | None = None,
    *,
    text: str | None = None,
    backend: str = "cpu",
    settings: Mapping[str, object] | None = None,
    threads: int | None = None,
    dtype: str = "float32",
    data: str | Path | Mapping[str, str | Path] | None = None,
) -> Model:
    """A model from a model file, or from `text`, whose paths start at the working directory.

    `settings` override `let`s; `data` replaces the file's data path (a mapping replaces several, by their text);
    `threads` None lets the program's size decide; `dtype` is `float32` or `float64`. Raises ModelError with all
    diagnostics, DataError, BackendUnavailable, OSError for a file that cannot be read.
    """
    if (path is None) == (text is None):
        raise TypeError("give either a path or text=")
    kinds = (
        (path, Place, "path"),
        (text, str, "text"),
        (settings, Mapping, "settings"),
        (data, (*Place, Mapping), "data"),
    )
    for given, kind, name in kinds:
        if given is not None and not isinstance(given, kind):
            raise TypeError(f"`{name}` is a {NOUNS[name]}, not a {type(given).__name__}")
    real = {"float32": Element.F32, "float64": Element.F64}.get(dtype)
    if real is None:
        raise ValueError(f"dtype is float32 or float64, not {dtype!r}")
    chosen = get_backend(backend)
    source = Source("model.dsl", text) if text is not None else read_source(Path(str(path)))
    folder = Path() if path is None else Path(path).parent
    paths = {"": Path(data)} if isinstance(data, Place) else {name: Path(p) for name, p in (data or {}).items()}
    written = {name: _written(value) for name, value in (settings or {}).items()}
    return Model(Compilation.of_text(source, folder, written, paths), chosen, real, threads)


@strict
def load(path: str | Path, *, backend: str = "cpu", threads: int | None = None) -> Model:
    """The model that `Model.save` wrote: weights, optimizer state and preparation included, its data not.

    `path` is a model file, or the folder of a run, which holds `model.dslm`. Raises DataError where the file is damaged
    or does not fit this dslc, BackendUnavailable, OSError.
    """
    file = Path(path) / "model.dslm" if Path(path).is_dir() else Path(path)
    chosen, saved = get_backend(backend), read_saved(file)
    return Model(saved.compilation, chosen, saved.real, threads, saved)


def _written(value: object) -> str:
    """A setting's value as a model file writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, float) else str(value)
