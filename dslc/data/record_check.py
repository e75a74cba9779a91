"""Records of a model file held against the data block of the same file: a schema and a preparation that it can have.

The sums of a model file say that it is as it was written, not who wrote it; what its entries say of one another is
checked before anything uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dslc.data.classes import text_of
from dslc.data.columns import meets, reach, reconstructed
from dslc.data.prepare import Preparation
from dslc.data.recipe import PythonSource, Recipe, TextSource
from dslc.data.schema import NEXT, Schema
from dslc.diagnostics import DataError


@contextmanager
def entry(name: str) -> Iterator[None]:
    """DataError of what is read inside names the model file's entry."""
    try:
        yield
    except DataError as error:
        raise DataError(f"`{name}`: {error}") from None


def check_schema(recipe: Recipe, schema: Schema) -> None:
    """DataError where the schema is not one that the data block of the same model file can have."""
    plans = {plan.name: plan for plan in recipe.source.fields} if isinstance(recipe.source, PythonSource) else {}
    if recipe.window is not None and any(field.shape[:1] != (recipe.window.length,) for field in schema.inputs):
        raise DataError("the windows are not those of `model.dsl`")
    for field in schema.inputs:
        plan = plans.get(field.name)
        if plans and (plan is None or (plan.shape or ()) != field.shape or plan.classes != field.classes):
            raise DataError(f"the input `{field.name[:80]}` is not the one of `model.dsl`")
    source, again = recipe.source, reconstructed([field.name for field in schema.inputs], recipe)
    stated = [(name, False) for name in _target_names(recipe)] + [(name, True) for name in again]
    if [(target.name, target.reconstructs) for target in schema.targets] != stated:
        raise DataError("the targets are not those of `model.dsl`")
    if isinstance(source, TextSource):
        _check_text(source, schema)
    for target, plan in zip(schema.targets[: len(recipe.targets)], recipe.targets, strict=True):
        if plan.shape not in (None, target.shape) or plan.classes not in (None, target.classes):
            raise DataError(f"the type of `{target.name}` is not the one of `model.dsl`")
    for field in schema.carried:
        if not any(meets(pattern, field.name) for pattern in recipe.carry):
            raise DataError(f"`{field.name[:80]}` is not carried in `model.dsl`")


def _target_names(recipe: Recipe) -> list[str]:
    return [NEXT] if isinstance(recipe.source, TextSource) else [plan.name for plan in recipe.targets]


def _check_text(source: TextSource, schema: Schema) -> None:
    """DataError where input and target are not the windows of one text."""
    field, target = schema.inputs[0], schema.targets[0]
    if len(schema.inputs) > 1 or field.name != source.plan.unit.value or schema.carried:
        raise DataError("the input is not the text of `model.dsl`")
    if field.classes is None or (target.shape, target.classes) != (field.shape, field.classes):
        raise DataError("the target is not the text of `model.dsl`")


def check_preparation(recipe: Recipe, schema: Schema, preparation: Preparation | None) -> None:
    """DataError where what was fitted is not what the data block of the same model file fits."""
    if preparation is None:
        if not isinstance(recipe.source, PythonSource):
            raise DataError("nothing was fitted, but the model was made from a file")
        return
    if isinstance(recipe.source, TextSource) != bool(preparation.texts):
        raise DataError("the vocabulary is not the one of `model.dsl`")
    for target, positive in recipe.positives.items():
        classes = preparation.targets[target].classes
        if not classes or text_of(classes[-1]) != positive.value:
            raise DataError("the last class is not the positive one of `model.dsl`")
    names = [column.name for column in preparation.table.columns] if preparation.table else []
    known = {*schema.inputs[0].columns, *(formula.name.text for formula in recipe.table.formulas)}
    for k, name in enumerate(names):
        if name in names[:k]:
            raise DataError(f"the column `{name[:80]}` stands there twice")
    for name in reach(names, recipe.table.formulas):
        if name not in known:
            raise DataError(f"the column `{name[:80]}` is not one of `model.json`")
