"""dslc: a static-graph compiler that trains neural networks.

A model file describes data, net, loss and training; `compile` turns it into one compiled program that
runs the whole training loop. Importing this package loads neither NumPy nor Numba: `compile` and `check`
bring what they need when they are first asked for.

    model = dslc.compile("models/digits.dsl")
    history = model.fit()
    model.evaluate()
"""

from __future__ import annotations

TYPE_CHECKING = False  # not typing's own, which takes time to import

if TYPE_CHECKING:
    from dslc.diagnostics import BackendUnavailable, DataError, DataWarning, ModelError, TrainingDiverged
    from dslc.findings import check
    from dslc.model import Model
    from dslc.opening import compile, load
    from dslc.syntax.format import format

    __version__: str

__all__ = [
    "BackendUnavailable",
    "DataError",
    "DataWarning",
    "Model",
    "ModelError",
    "TrainingDiverged",
    "__version__",
    "check",
    "compile",
    "format",
    "load",
]


def __getattr__(name: str) -> object:
    """The public names whose modules cost time to import (PEP 562)."""
    match name:
        case "compile":
            from dslc.opening import compile

            return compile
        case "Model":
            from dslc.model import Model

            return Model
        case "load":
            from dslc.opening import load

            return load
        case "check":
            from dslc.findings import check

            return check
        case "format":
            from dslc.syntax.format import format

            return format
        case "BackendUnavailable" | "DataError" | "DataWarning" | "ModelError" | "TrainingDiverged":
            from dslc import diagnostics

            exception: object = getattr(diagnostics, name)
            return exception
        case "__version__":
            from importlib.metadata import version

            return version("dslc")
        case _:
            raise AttributeError(f"module `dslc` has no attribute `{name}`")
