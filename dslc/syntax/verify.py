"""Rules of form beyond the grammar: which statements a block may hold, that only its last one is a bare value, and
that a statement's word does not stand alone.

The grammar knows one list of statements for all formulas, so that a misplaced one is named as what it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from dslc.diagnostics import Diagnostic
from dslc.syntax import ast
from dslc.syntax.errors import IncompleteStatement, MisplacedStatement, ValueNotLast

_FORMULA = (ast.Evaluate, ast.Binding)
_ALLOWED: dict[str, tuple[type[ast.Syntax], ...]] = {
    "net": (*_FORMULA, ast.Scan, ast.Predict),
    "scan": (*_FORMULA, ast.Scan, ast.State, ast.Update, ast.Final),
    "activation": (*_FORMULA, ast.Gradient),
    "layer": (*_FORMULA, ast.Scan, ast.Weight, ast.State, ast.Update, ast.Gradient),
    "loss": (*_FORMULA, ast.Scan, ast.Link, ast.Gradient),
    "optimizer": (ast.Binding, ast.State, ast.Update, ast.FullBatch),
    "metric": _FORMULA,
    "schedule": (*_FORMULA, ast.State, ast.Update),
    "initializer": _FORMULA,
}
_WORDS: dict[type[ast.Syntax], str] = {
    ast.Evaluate: "a bare value",
    ast.Update: "`<-`",
    ast.Weight: "`weight`",
    ast.State: "`state`",
    ast.Scan: "`scan`",
    ast.Final: "`final`",
    ast.Link: "`link`",
    ast.FullBatch: "`batch all`",
    ast.Gradient: "`gradient`",
    ast.Predict: "`predict`",
}
_FORMS = {
    "watch": "watch accuracy",
    "keep": "keep best",
    "threshold": "threshold best f1",
    "stop": "stop when val.loss stalls 10 epochs",
    "clip": "clip norm 1",
    "freeze": "freeze body",
    "unfreeze": "unfreeze body after 5 epochs",
    "prune": "prune 50%",
    "minimize": "minimize d over critic with adam",
}
"""Words that alone would read as the name of an optimizer."""


def verify(module: ast.Module) -> list[Diagnostic]:
    """What is wrong with the blocks of a module; empty if nothing is."""
    faults: list[Diagnostic] = []
    for item in module.items:
        match item:
            case ast.Net(statements=body):
                faults += _block("net", body)
            case ast.Definition(kind=kind, body=body):
                faults += _block(kind.value, body)
            case ast.Train(statements=statements):
                faults += [fault for statement in statements for fault in _incomplete(statement)]
            case _:
                pass
    return faults


def _incomplete(statement: ast.TrainStatement) -> Iterator[Diagnostic]:
    match statement:
        case ast.Optimize(optimizer=ast.Name(text=word, quoted=False)) if word in _FORMS:
            yield IncompleteStatement(statement.span, word, _FORMS[word])
        case _:
            pass


def _requires(value: ast.Expression) -> bool:
    """Is it `require(..)`, a call for its own sake?"""
    return isinstance(value, ast.Call) and value.callee.text == "require"


def _block(name: str, body: tuple[ast.Statement, ...]) -> Iterator[Diagnostic]:
    for statement in body:
        if not isinstance(statement, _ALLOWED[name]):
            yield MisplacedStatement(statement.span, _WORDS[type(statement)], f"`{name}`")
        elif isinstance(statement, ast.Evaluate) and statement is not body[-1] and not _requires(statement.value):
            value = statement.value
            while isinstance(value, ast.Pipe):
                value = value.value
            compares = isinstance(value, ast.Binary) and value.op is ast.BinaryOp.EQUAL
            yield ValueNotLast(statement.span, "`==` compares; to define a name, write `=`" if compares else None)
        elif isinstance(statement, ast.Scan):
            yield from _block("scan", statement.body)
