"""Every setting of an experiment: its value, and who gave it.

    train.batch      64      digits.dsl:19
    train.shuffle    true    default

`default` is the language's or the library's word, a place is the model file's, `--set` the command line's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from dslc.elaborate.experiment import Experiment, Loop
from dslc.elaborate.prelude import defaults, index
from dslc.source import Span
from dslc.syntax import ast

DEFAULT = "default"

STATEMENTS = (
    ("clip", ast.Clip),
    ("freeze", ast.Freeze),
    ("prune", ast.Prune),
    ("stop", ast.StopWhen | ast.StopAfter),
    ("keep", ast.KeepBest),
    ("threshold", ast.ThresholdBest),
    ("watch", ast.Watch),
)
"""What a train block may leave out, and then does not do."""


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    value: str
    origin: str


WIDTH = 80
"""Columns of a line, as long as names and origins leave a value the room that it needs at least."""

LEAST = 24


def to_text(rows: Sequence[Row]) -> str:
    """The rows as a table; a value that is too long for its line goes on below itself."""
    names, origins = max(len(row.name) for row in rows), max(len(row.origin) for row in rows)
    room = min(max(len(row.value) for row in rows), max(LEAST, WIDTH - names - origins - 4))
    lines: list[str] = []
    for row in rows:
        first, *rest = wrap(row.value, room, break_on_hyphens=False) or [""]
        lines.append(f"{row.name:<{names}}  {first:<{room}}  {row.origin}")
        lines += [f"{'':<{names}}  {more}" for more in rest]
    return "\n".join(lines)


def settings_of(module: ast.Module, experiment: Experiment) -> list[Row]:
    """The lets, then the data block's, the loop's and the optimizer's settings."""
    train = [statement for item in module.items if isinstance(item, ast.Train) for statement in item.statements]
    data = [statement for item in module.items if isinstance(item, ast.Data) for statement in item.statements]
    usual = [statement for statement in defaults().statements if isinstance(statement, ast.Optimize)]
    optimizers = [statement for statement in train if isinstance(statement, ast.Optimize | ast.Minimize)]
    return [
        *_lets(experiment),
        *(Row("data", _words(statement.span), _place(statement.span)) for statement in data),
        *_loop(experiment.loop, train),
        *(row for statement in optimizers or usual for row in _optimizer(module, statement)),
    ]


def _lets(experiment: Experiment) -> Iterator[Row]:
    for setting in experiment.settings:
        origin = _place(setting.span) if setting.origin in ("file", DEFAULT) else setting.origin
        yield Row(f"let {setting.name}", _value(setting.value), origin)


def _loop(loop: Loop, train: Sequence[ast.TrainStatement]) -> Iterator[Row]:
    given = {s.name.text: _place(s.span) for s in train if isinstance(s, ast.Setting)}
    values: tuple[tuple[str, str], ...] = (
        ("batch", "all" if loop.batch is None else str(loop.batch)),
        ("epochs", str(loop.epochs)),
        ("seed", str(loop.seed)),
        ("shuffle", _value(loop.shuffle)),
        ("average", _setting("average", train)),
        ("health", _value(loop.health)),
    )
    for name, value in values:
        yield Row(f"train.{name}", value, given.get(name, DEFAULT))
    for name, kinds in STATEMENTS:
        statements = [s for s in train if isinstance(s, kinds)]
        for statement in statements:
            yield Row(f"train.{name}", _words(statement.span).removeprefix(name).strip(), _place(statement.span))
        if not statements:
            yield Row(f"train.{name}", "nothing", DEFAULT)


def _setting(name: str, train: Sequence[ast.TrainStatement]) -> str:
    """The value as it is written, in the file or among the defaults."""
    *_, value = (
        s.value for s in (*defaults().statements, *train) if isinstance(s, ast.Setting) and s.name.text == name
    )
    return _words(value.span) if value else ""


def _optimizer(module: ast.Module, statement: ast.Optimize | ast.Minimize) -> Iterator[Row]:
    """The optimizer and its parameters: positional and named arguments, then the defaults of the rest."""
    called = statement.optimizer
    name, arguments = (called, ()) if isinstance(called, ast.Name) else (called.callee, called.arguments)
    groups = ", ".join(group.text for group in statement.groups)
    if isinstance(statement, ast.Minimize):
        of = f" of {statement.objective.span.text}" + (f" over {groups}" if groups else "")
    else:
        of = f" on {groups}" if groups else ""
    yield Row(
        "train.optimizer", name.text + of, DEFAULT if statement in defaults().statements else _place(statement.span)
    )
    definition = _definition(module, name.text)
    if definition is None:
        return
    named = {argument.name.text: argument.value for argument in arguments if argument.name}
    positional = [argument.value for argument in arguments if not argument.name]
    for position, parameter in enumerate(definition.parameters):
        value = positional[position] if position < len(positional) else named.get(parameter.name.text)
        if value is not None:
            yield Row(f"{name.text}.{parameter.name.text}", _words(value.span), _place(value.span))
        elif parameter.default is not None:
            yield Row(f"{name.text}.{parameter.name.text}", _words(parameter.default.span), DEFAULT)


def _definition(module: ast.Module, name: str) -> ast.Definition | None:
    for item in module.items:
        if isinstance(item, ast.Definition) and (item.kind, item.name.text) == (ast.DefinitionKind.OPTIMIZER, name):
            return item
    entry = index().get((ast.DefinitionKind.OPTIMIZER, name))
    return entry.parsed() if entry else None


def _value(value: float | int | str | bool | tuple[int, ...]) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple():
            return "x".join(map(str, value))
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _words(span: Span) -> str:
    return " ".join(span.text.split())


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.line}"
