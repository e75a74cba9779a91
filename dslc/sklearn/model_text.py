"""An estimator's parameters as the text of a model file.

Every text that a user gives is parsed alone first, as the one item that it is to become, so that a fault is shown
in the user's own words and no text can end its block and begin another. Everything else is a number.

    let rate = 0.001
    data { input x: [4]; target y: class(3); scale zscore }
    net { x | dense(64) | relu | dense(outputs) }
    loss cross_entropy
    train { adam(rate); batch 32; epochs 200; stop when val.loss stalls 10 epochs; keep best }
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dslc.source import Source
from dslc.syntax import ast
from dslc.syntax.parse import parse


@dataclass(frozen=True, slots=True)
class Pieces:
    """The parameters that make a model. `target` is a type of the language, as in `target y: class(3)`.

    `batch` None is `batch all`; `patience` None trains all epochs.
    """

    features: int
    target: str
    net: str
    loss: str
    definitions: str
    optimizer: str
    rate: float
    batch: int | None
    epochs: int
    scale: str | None
    scale_target: bool
    patience: int | None


def dense_net(hidden: Sequence[int], activation: str) -> str:
    """`x | dense(64) | relu | dense(outputs)`; without hidden layers a linear model."""
    layers = [f"dense({units}) | {activation}" for units in hidden]
    return " | ".join(["x", *layers, "dense(outputs)"])


def model_text(pieces: Pieces) -> str:
    """The model file. Raises ModelError for a text that does not parse, ValueError for one that is something else."""
    scale = "\n".join(
        f"  scale {what}{pieces.scale}"
        for what, wanted in (("", True), ("target ", pieces.scale_target))
        if pieces.scale and wanted
    )
    data = f"data {{\n  input x: [{pieces.features}]\n  target y: {pieces.target}\n{scale}\n}}"
    batch = "all" if pieces.batch is None else pieces.batch
    stop = f"\n  stop when val.loss stalls {pieces.patience} epochs; keep best" if pieces.patience else ""
    texts = (pieces.definitions, pieces.net, pieces.loss, pieces.optimizer)
    items = [
        f"let rate = {pieces.rate!r}" if any(re.search(r"\brate\b", text) for text in texts) else "",
        checked("definitions", pieces.definitions, (ast.Definition, ast.Let)),
        checked("scale", data, (ast.Data,)),
        checked("net", f"net {{\n  {pieces.net}\n}}", (ast.Net,)),
        checked("loss", f"loss {pieces.loss}", (ast.Objective,)),
        checked("optimizer", f"train {{\n  {pieces.optimizer}\n}}", (ast.Train,))[:-1]
        + f"  batch {batch}\n  epochs {pieces.epochs}{stop}\n}}",
    ]
    return "\n".join(item for item in items if item) + "\n"


def checked(name: str, text: str, kinds: tuple[type[ast.Item], ...]) -> str:
    """`text`, which is one item of the only kind there is, or several where there are two kinds."""
    items = parse(Source(name, text)).items
    if any(not isinstance(item, kinds) for item in items) or (len(kinds) == 1 and len(items) != 1):
        found = ", ".join(f"`{type(item).__name__.lower()}`" for item in items)
        raise ValueError(f"`{name}` is more than it is to be: it holds {found}:\n{text}")
    return text
