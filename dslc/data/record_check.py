"""Records of a model file held against the data block of the same file: a schema and a preparation that it can have.

The sums of a model file say that it is as it was written, not who wrote it; what its entries say of one another is
checked before anything uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dslc.data.classes import text_of
from dslc.data.columns import reach
from dslc.data.prepare import Preparation
from dslc.data.recipe import PythonSource, Recipe
from dslc.data.schema import Schema
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
    for field in schema.inputs:
        if plans and (field.name not in plans or (plans[field.name].shape or ()) != field.shape):
            raise DataError(f"the input `{field.name[:80]}` is not the one of `model.dsl`")
    target, plan = schema.target, recipe.target
    if target is None and plan is None:
        return
    if target is None or plan is None or target.name != plan.name:
        raise DataError("the target is not the one of `model.dsl`")
    if plan.shape not in (None, target.shape) or plan.classes not in (None, target.classes):
        raise DataError(f"the type of `{target.name}` is not the one of `model.dsl`")


def check_preparation(recipe: Recipe, schema: Schema, preparation: Preparation | None) -> None:
    """DataError where what was fitted is not what the data block of the same model file fits."""
    if preparation is None:
        if not isinstance(recipe.source, PythonSource):
            raise DataError("nothing was fitted, but the model was made from a file")
        return
    if recipe.positive and (not preparation.classes or text_of(preparation.classes[-1]) != recipe.positive.value):
        raise DataError("the last class is not the positive one of `model.dsl`")
    names = [column.name for column in preparation.table.columns] if preparation.table else []
    known = {*schema.inputs[0].columns, *(formula.name.text for formula in recipe.table.formulas)}
    for k, name in enumerate(names):
        if name in names[:k]:
            raise DataError(f"the column `{name[:80]}` stands there twice")
    for name in reach(names, recipe.table.formulas):
        if name not in known:
            raise DataError(f"the column `{name[:80]}` is not one of `model.json`")
