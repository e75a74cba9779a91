"""Which of a source's columns or arrays are inputs, and whether every name in the data block exists.

Inputs are all columns but the target, in the source's order; `only` whitelists and `ignore` removes, both
with patterns such as `lab_*`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dslc.data import errors
from dslc.data.recipe import Recipe
from dslc.diagnostics import Diagnostic, ModelError, in_order, nearest
from dslc.source import Span
from dslc.syntax import ast


@dataclass(frozen=True, slots=True)
class Names:
    """What a source holds: `noun` is column, array or input; `owner` is how a sentence calls the source."""

    all: tuple[str, ...]
    noun: str
    owner: str

    def unknown(self, name: str, span: Span) -> Diagnostic:
        return errors.UnknownColumn(span, self.owner, self.noun, name, nearest(name, self.all))


def choose(names: Names, recipe: Recipe) -> tuple[str, ...]:
    """The inputs' names; ModelError for names that the source lacks, or if nothing is left."""
    faults: list[Diagnostic] = []
    target = recipe.target
    if target is not None and target.name not in names.all:
        faults.append(names.unknown(target.name, target.span))
    stratified = recipe.split.stratified if recipe.split else None
    if stratified is not None and stratified.text not in names.all:
        faults.append(names.unknown(stratified.text, stratified.span))
    own = target.name if target else None
    kept = _met(recipe.only, names, own, "only", faults) if recipe.only else set(names.all)
    dropped = _met(recipe.ignore, names, own, "ignore", faults)
    inputs = tuple(name for name in names.all if name in kept and name not in dropped and name != own)
    if not inputs and not faults:
        faults.append(errors.NoInputs(recipe.span))
    if faults:
        raise ModelError(in_order(faults))
    return inputs


def _met(
    patterns: Sequence[ast.Name | ast.Glob], names: Names, target: str | None, verb: str, faults: list[Diagnostic]
) -> set[str]:
    """The names that a list of names and patterns meets; a pattern passes over the target, a name may not be it."""
    met: set[str] = set()
    for pattern in patterns:
        match pattern:
            case ast.Name(text=text) if text == target:
                faults.append(errors.TargetAsInput(pattern.span, text, verb))
            case ast.Name(text=text) if text not in names.all:
                faults.append(names.unknown(text, pattern.span))
            case ast.Name(text=text):
                met.add(text)
            case ast.Glob(pattern=text):
                found = {name for name in names.all if fnmatchcase(name, text)}
                met |= found
                if not found:
                    faults.append(errors.EmptyGlob(pattern.span, names.owner, names.noun, text))
    return met
