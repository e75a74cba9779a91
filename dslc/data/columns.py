"""Which of a source's columns or arrays are inputs, and whether every name in the data block exists.

Inputs are all columns but targets, weights and what is carried, in the source's order, then those of formulas; `only`
whitelists and `ignore` removes, both with patterns such as `lab_*`. Of the statements about missing cells or
scaling that meet a column, the more specific wins: one that names it, then one with a pattern, then the general.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

from dslc.data import errors
from dslc.data.formula import names_in
from dslc.data.recipe import Recipe, ScalePlan
from dslc.data.table_recipe import FillPlan
from dslc.diagnostics import Diagnostic, ModelError, in_order, nearest
from dslc.frozen import Frozen
from dslc.source import Span
from dslc.syntax import ast


class Names(Frozen):
    """What a source holds: `noun` is column, array or input; `owner` is how a sentence calls the source."""

    all: tuple[str, ...]
    noun: str
    owner: str

    def unknown(self, name: str, span: Span) -> Diagnostic:
        return errors.UnknownColumn(span, self.owner, self.noun, name, nearest(name, self.all))


def choose(names: Names, recipe: Recipe) -> tuple[str, ...]:
    """The inputs' names; ModelError for names that the source lacks, or if nothing is left."""
    faults: list[Diagnostic] = []
    faults += [names.unknown(t.name, t.span) for t in recipe.targets if t.name not in names.all]
    stratified = recipe.split.stratified if recipe.split else None
    if stratified is not None and stratified.text not in names.all:
        faults.append(names.unknown(stratified.text, stratified.span))
    own = {target.name for target in recipe.targets}
    time = recipe.split.time if recipe.split else None
    if time is not None and time.text not in names.all:
        faults.append(names.unknown(time.text, time.span))
    weight = recipe.sample_weight
    if weight is not None and weight.text not in names.all:
        faults.append(names.unknown(weight.text, weight.span))
    kept = _met(recipe.only, names, own, "only", faults) if recipe.only else set(names.all)
    dropped = _met(recipe.ignore, names, own, "ignore", faults)
    roles = {*own, *((weight.text,) if weight else ()), *_met(recipe.carry, names, own, "carry", faults)}
    if recipe.window is not None:  # which reads the target's past too
        roles -= own
        kept = _met(recipe.window.columns, names, set(), "window", faults) if recipe.window.columns else kept
    inputs = tuple(name for name in names.all if name in kept and name not in dropped and name not in roles)
    again = _met(recipe.reconstruct, names, own, "reconstruct", faults)
    faults += [
        errors.NotAnInput(pattern.span, pattern.text)
        for pattern in recipe.reconstruct
        if isinstance(pattern, ast.Name) and pattern.text in again and pattern.text not in inputs
    ]
    if not inputs and not faults:
        faults.append(errors.NoInputs(recipe.span))
    if faults:
        raise ModelError(in_order(faults))
    return inputs


def carried(names: Names, recipe: Recipe) -> dict[str, Span]:
    """What the data block carries beside the inputs, and where it says so; `choose` has found no fault in it."""
    targets = {target.name for target in recipe.targets}
    met = {name: pattern.span for pattern in recipe.carry for name in _met([pattern], names, targets, "carry", [])}
    return {name: met[name] for name in names.all if name in met}


def reconstructed(inputs: Sequence[str], recipe: Recipe) -> dict[str, Span]:
    """The inputs that are their own targets, in order, and where the data block says so."""
    met = {name: pattern.span for pattern in recipe.reconstruct for name in inputs if meets(pattern, name)}
    return {name: met[name] for name in inputs if name in met}


def meets(pattern: ast.Name | ast.Glob, name: str) -> bool:
    """Whether a name or a pattern of the data block means the column or array `name`."""
    return pattern.text == name if isinstance(pattern, ast.Name) else fnmatchcase(name, pattern.pattern)


def check_columns(names: Names, recipe: Recipe) -> None:
    """ModelError for declared columns and formulas that do not fit the file's columns, `names`."""
    faults = [names.unknown(name.text, name.span) for name in recipe.table.declared if name.text not in names.all]
    known = list(names.all)
    for formula in recipe.table.formulas:
        name = formula.name
        if name.text in names.all:
            faults.append(errors.ColumnTaken(name.span, names.owner, name.text))
        so_far = Names(tuple(known), names.noun, names.owner)
        faults += [so_far.unknown(n.text, n.span) for n in names_in(formula.value) if n.text not in known]
        known.append(name.text)
    if faults:
        raise ModelError(in_order(faults))


def check_inputs(inputs: Sequence[str], names: Names, recipe: Recipe) -> None:
    """ModelError for a formula among the inputs that reads a target, and for rules about what is no input."""
    faults: list[Diagnostic] = []
    for formula in recipe.table.formulas:
        name, read = formula.name, reach([formula.name.text], recipe.table.formulas)
        told = [t.name for t in recipe.targets if t.name in read] if name.text in inputs else []
        told = [] if recipe.window is not None else told  # a window ends before what it predicts
        if told:
            faults.append(errors.TargetInInputs(name.span, name.text, told[0]))
    plans: tuple[FillPlan | ScalePlan, ...] = (*recipe.table.fills, *recipe.column_scales)
    for pattern in (pattern for plan in plans for pattern in plan.columns):
        match pattern:
            case ast.Name(text=text) if text not in names.all:
                faults.append(names.unknown(text, pattern.span))
            case ast.Name(text=text) if text not in inputs:
                faults.append(errors.NotAnInput(pattern.span, text))
            case ast.Glob(pattern=text) if not any(fnmatchcase(name, text) for name in inputs):
                faults.append(errors.EmptyGlob(pattern.span, "the inputs", names.noun, text))
    faults += _contradictions(inputs, recipe.table.fills, "`missing`")
    faults += _contradictions(inputs, recipe.column_scales, "`scale`")
    if faults:
        raise ModelError(in_order(faults))


def reach(names: Iterable[str], formulas: Sequence[ast.ColumnFormula]) -> tuple[str, ...]:
    """The columns that these are computed from, themselves included, and formulas' results among them."""
    found = dict.fromkeys(names)
    for formula in reversed(formulas):
        if formula.name.text in found:
            found |= dict.fromkeys(name.text for name in names_in(formula.value))
    return tuple(found)


Plan = TypeVar("Plan", FillPlan, ScalePlan)


def rule_of(name: str, plans: Sequence[Plan]) -> Plan | None:
    """The most specific of the statements that meet a column."""
    met = [plan for plan in plans if _rank(name, plan)]
    return max(met, key=lambda plan: _rank(name, plan)) if met else None


def _rank(name: str, plan: FillPlan | ScalePlan) -> int:
    """3 for a statement that names the column, 2 for a pattern, 1 for all columns, 0 for none."""
    if not plan.columns:
        return 1
    named = any(isinstance(c, ast.Name) and c.text == name for c in plan.columns)
    return 3 if named else 2 * any(isinstance(c, ast.Glob) and fnmatchcase(name, c.pattern) for c in plan.columns)


def _contradictions(inputs: Sequence[str], plans: Sequence[Plan], what: str) -> list[Diagnostic]:
    """A column that two statements meet equally closely; each pair of statements is told once."""
    found: dict[tuple[int, int], Diagnostic] = {}
    for name in inputs if len(plans) > 1 else ():
        rule = rule_of(name, plans)
        for plan in plans:
            if rule is not None and plan is not rule and _rank(name, plan) == _rank(name, rule):
                told = f"{what} of `{name}`" if plan.columns else what
                found.setdefault((rule.span.start, plan.span.start), errors.GivenTwice(plan.span, told, rule.span))
    return list(found.values())


def _met(
    patterns: Sequence[ast.Name | ast.Glob], names: Names, targets: set[str], verb: str, faults: list[Diagnostic]
) -> set[str]:
    """The names that a list of names and patterns meets; a pattern passes over targets, a name may not be one."""
    met: set[str] = set()
    for pattern in patterns:
        match pattern:
            case ast.Name(text=text) if text in targets:
                faults.append(errors.TargetAsInput(pattern.span, text, verb))
            case ast.Name(text=text) if text not in names.all:
                faults.append(names.unknown(text, pattern.span))
            case ast.Name(text=text):
                met.add(text)
            case ast.Glob(pattern=text):
                found = {name for name in names.all if fnmatchcase(name, text)}
                met |= found - targets
                if not found:
                    faults.append(errors.EmptyGlob(pattern.span, names.owner, names.noun, text))
    return met
