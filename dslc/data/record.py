"""Schema and preparation as plain JSON values, for the model file: what predicting needs when the data are gone.

Numbers are written as JSON writes them, which Python reads back to the same float64. Everything read is
checked: a record that does not fit raises DataError and never half a value.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from math import prod
from typing import TypeAlias

import numpy as np

from dslc.data.classes import EXACT, Label
from dslc.data.column import Kind
from dslc.data.prepare import Preparation
from dslc.data.prepared import ColumnPlan
from dslc.data.recipe import AXES_LIMIT, ELEMENT_LIMIT
from dslc.data.scale import Reals, Scaling
from dslc.data.schema import InputField, Schema, TargetField
from dslc.data.table_preparation import TablePreparation
from dslc.data.target_preparation import TargetPreparation, of_input
from dslc.data.text_preparation import TextPreparation
from dslc.data.tokens import RESERVED
from dslc.diagnostics import DataError
from dslc.source import Span

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

LARGEST_EXTENT = ELEMENT_LIMIT
LARGEST = sys.float_info.max


def schema_record(schema: Schema) -> dict[str, Json]:
    return {
        "inputs": [_input_record(field) for field in schema.inputs],
        "targets": [_target_field_record(target) for target in schema.targets],
        "carried": [_input_record(field) for field in schema.carried],
    }


def _target_field_record(field: TargetField) -> dict[str, Json]:
    shape = list(field.shape)
    return {"name": field.name, "shape": shape, "classes": field.classes, "reconstructs": field.reconstructs}


def _input_record(field: InputField) -> dict[str, Json]:
    return {
        "name": field.name,
        "shape": list(field.shape),
        "columns": list(field.columns),
        "kinds": [kind.value for kind in field.kinds],
        "classes": field.classes,
    }


def schema_from(record: Json, span: Span) -> Schema:
    """The schema, its fields at `span`."""
    whole = _mapping(record, "schema")
    inputs, carried = (
        tuple(_input(_mapping(field, "input"), span) for field in _list(whole.get(part), part))
        for part in ("inputs", "carried")
    )
    targets = tuple(_target(_mapping(field, "target"), span) for field in _list(whole.get("targets"), "targets"))
    read = {(field.name, field.shape, field.classes) for field in inputs}
    if any(t.reconstructs and (t.name, t.shape, t.classes) not in read for t in targets):
        raise _wrong("reconstructed input")
    names = [*(field.name for field in (*inputs, *carried)), *(t.name for t in targets if not t.reconstructs)]
    if not inputs or len(set(names)) < len(names):
        raise _wrong("schema")
    return Schema(inputs, targets, span, carried)


def _input(field: Mapping[str, Json], span: Span) -> InputField:
    columns = tuple(_text(column, "column") for column in _list(field.get("columns"), "columns"))
    kinds = tuple(_kind(kind) for kind in _list(field.get("kinds"), "kinds"))
    if len(kinds) != len(columns) or len(set(columns)) < len(columns):
        raise _wrong("columns")
    name, shape, classes = _text(field.get("name"), "name"), _shape(field.get("shape")), _count_of_classes(field)
    if columns and classes is not None:
        raise _wrong("classes")
    return InputField(name, shape, span, columns, kinds, classes)


def _target(field: Mapping[str, Json], span: Span) -> TargetField:
    name, reconstructs = _text(field.get("name"), "name"), field.get("reconstructs", False)
    if not isinstance(reconstructs, bool):
        raise _wrong("target")
    return TargetField(name, _shape(field.get("shape")), _count_of_classes(field), span, reconstructs)


def _count_of_classes(field: Mapping[str, Json]) -> int | None:
    classes = field.get("classes")
    return None if classes is None else _whole(classes, "classes", 2)


def preparation_record(preparation: Preparation) -> dict[str, Json]:
    table = preparation.table
    return {
        "inputs": {name: _scaling_record(scaling) for name, scaling in preparation.inputs.items()},
        "table": [_column_record(plan) for plan in table.columns] if table else None,
        "targets": {name: _target_record(target) for name, target in preparation.targets.items()},
        "texts": {name: {"labels": list(t.labels), "limited": t.limited} for name, t in preparation.texts.items()},
    }


def _target_record(target: TargetPreparation) -> dict[str, Json]:
    weights = target.class_weights
    return {
        "scaling": _scaling_record(target.scaling) if target.scaling else None,
        "classes": list(target.classes) if target.classes is not None else None,
        "class_weights": list(weights) if weights is not None else None,
    }


def preparation_from(record: Json, schema: Schema) -> Preparation:
    """The preparation of rows of this schema."""
    whole = _mapping(record, "preparation")
    shapes = {field.name: field.shape for field in schema.inputs}
    inputs: dict[str, Scaling] = {}
    for name, scaling in _mapping(whole.get("inputs"), "inputs").items():
        if name not in shapes or name in schema.class_inputs:
            raise _wrong(f"scaling of `{name}`")
        inputs[name] = _scaling(scaling, shapes[name])
    targets = _mapping(whole.get("targets"), "targets")
    if targets.keys() != {target.name for target in schema.targets}:
        raise _wrong("targets")
    fitted = {t.name: _target_preparation(_mapping(targets[t.name], "target"), t) for t in schema.targets}
    for target in schema.targets:
        own = _target_record(of_input(target, inputs.get(target.name)))
        if target.reconstructs and _target_record(fitted[target.name]) != own:
            raise _wrong(f"scaling of `{target.name}`")
    texts = {
        name: _text_preparation(text, name, schema) for name, text in _mapping(whole.get("texts", {}), "texts").items()
    }
    return Preparation(inputs, fitted, _table(whole.get("table"), schema), schema.class_inputs, texts)


def _text_preparation(record: Json, name: str, schema: Schema) -> TextPreparation:
    """The vocabulary of an input of text, as many labels as the schema says."""
    text, fields = _mapping(record, "text"), {field.name: field for field in schema.inputs}
    labels = tuple(_text(label, "label") for label in _list(text.get("labels"), "labels"))
    limited, field = text.get("limited"), fields.get(name)
    if field is None or len(field.shape) != 1 or field.columns or field.classes != len(labels):
        raise _wrong("texts")
    if labels[: len(RESERVED)] != RESERVED or len(set(labels)) < len(labels) or not isinstance(limited, bool):
        raise _wrong("labels")
    return TextPreparation(labels, field.shape[0], limited)


def _target_preparation(record: Mapping[str, Json], target: TargetField) -> TargetPreparation:
    scaling, weights = record.get("scaling"), record.get("class_weights")
    classes = _classes(record.get("classes"), target.classes)
    by_class = _reals(weights, (len(classes),)).tolist() if weights is not None and classes else None
    if by_class is not None and min(by_class) < 0:
        raise _wrong("class_weights")
    return TargetPreparation(
        _scaling(scaling, target.shape) if scaling is not None else None,
        classes,
        tuple(by_class) if by_class is not None else None,
    )


def _table(record: Json, schema: Schema) -> TablePreparation | None:
    """The columns' plans, as many elements as the schema says."""
    field = schema.inputs[0]
    if record is None and not field.columns:
        return None
    table = TablePreparation(tuple(_named_column(column, k) for k, column in enumerate(_list(record, "table"))))
    if not field.columns or len(table.names) != field.shape[-1]:
        raise _wrong("table")
    return table


def _column_record(plan: ColumnPlan) -> dict[str, Json]:
    return {
        "name": plan.name,
        "kind": plan.kind.value,
        "labels": list(plan.labels),
        "fill": plan.fill,
        "flag": plan.flag,
        "scaling": _scaling_record(plan.scaling) if plan.scaling else None,
    }


def _named_column(record: Json, number: int) -> ColumnPlan:
    try:
        return _column(_mapping(record, "plan"))
    except DataError as error:
        raise DataError(f"column {number}: {error}") from None


def _column(record: Mapping[str, Json]) -> ColumnPlan:
    kind, fill, flag = _kind(record.get("kind")), record.get("fill"), record.get("flag")
    labels = tuple(_text(label, "label") for label in _list(record.get("labels"), "labels"))
    value = float(_reals(fill, ())) if fill is not None else None
    places = range(len(labels)) if kind is Kind.CATEGORY else range(2)
    if kind is Kind.DATE or len(set(labels)) < len(labels) or not isinstance(flag, bool):
        raise _wrong("column")
    if kind is not Kind.NUMBER and value is not None and value not in places:
        raise _wrong("fill")
    scaling = record.get("scaling")
    scaled = _scaling(scaling, ()) if scaling is not None else None
    return ColumnPlan(_text(record.get("name"), "name"), kind, labels, value, flag, scaled)


def _kind(record: Json) -> Kind:
    for kind in Kind:
        if kind.value == record:
            return kind
    raise _wrong("kind")


def _classes(record: Json, expected: int | None) -> tuple[Label, ...] | None:
    if record is None and expected is None:
        return None
    labels: list[Label] = []
    for label in _list(record, "classes"):
        if not isinstance(label, int | str) or (isinstance(label, int) and abs(label) > EXACT):
            raise _wrong("classes")
        labels.append(label)
    if len(labels) != expected or len(set(labels)) < len(labels) or len({type(label) for label in labels}) > 1:
        raise _wrong("classes")
    return tuple(labels)


def _scaling_record(scaling: Scaling) -> dict[str, Json]:
    center, spread = scaling.center.tolist(), scaling.spread.tolist()
    return {"center": center, "spread": spread, "low": scaling.low, "log": scaling.log}


def _scaling(record: Json, shape: tuple[int, ...]) -> Scaling:
    whole = _mapping(record, "scaling")
    center, spread = _reals(whole.get("center"), shape[-1:]), _reals(whole.get("spread"), shape[-1:])
    if not (spread > 0).all():
        raise _wrong("spread")
    log = whole.get("log")
    if not isinstance(log, bool):
        raise _wrong("scaling")
    return Scaling(center, spread, float(_reals(whole.get("low"), ())), log)


def _reals(record: Json, shape: tuple[int, ...]) -> Reals:
    numbers = _list(record, "numbers") if shape else [record]
    found = [number for number in numbers if isinstance(number, int | float) and not isinstance(number, bool)]
    if len(found) != len(numbers) or (shape and len(found) != shape[0]):
        raise _wrong("count of numbers")
    if not all(abs(number) <= LARGEST for number in found):
        raise _wrong("number that is not finite")
    return np.array(found, np.float64).reshape(shape)


def _shape(record: Json) -> tuple[int, ...]:
    shape = tuple(_whole(extent, "shape", 1) for extent in _list(record, "shape"))
    if len(shape) > AXES_LIMIT or prod(shape) > LARGEST_EXTENT:
        raise _wrong("shape")
    return shape


def _whole(record: Json, what: str, least: int) -> int:
    if not isinstance(record, int) or isinstance(record, bool) or not least <= record <= LARGEST_EXTENT:
        raise _wrong(what)
    return record


def _text(record: Json, what: str) -> str:
    if not isinstance(record, str):
        raise _wrong(what)
    return record


def _list(record: Json, what: str) -> Sequence[Json]:
    if not isinstance(record, list):
        raise _wrong(what)
    return record


def _mapping(record: Json, what: str) -> Mapping[str, Json]:
    if not isinstance(record, dict):
        raise _wrong(what)
    return record


def _wrong(what: str) -> DataError:
    return DataError(f"the {what} is not what a model file holds")
