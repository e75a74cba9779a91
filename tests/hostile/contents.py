"""Model files whose sums are right and whose contents lie: facts, fitted statistics, history, text, tensors.

Each case is the file's bytes and what the refusal must say.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any

from dslc.runtime.archive import packed

from .model_files import Case, Entries

Change = Callable[[Any], object]

LARGE = 40 << 20


def edited(entries: Entries, entry: str, change: Change) -> bytes:
    """The model file with one of its JSON entries changed."""
    record = json.loads(entries[entry])
    change(record)
    return packed({**entries, entry: json.dumps(record).encode()})


def put(**facts: object) -> Change:
    return lambda record: record.update(**facts)


def of_input(**facts: object) -> Change:
    return lambda record: record["schema"]["inputs"][0].update(**facts)


def of_target(**facts: object) -> Change:
    return lambda record: record["schema"]["targets"][0].update(**facts)


def of_preparation(**facts: object) -> Change:
    """What was fitted for the only target."""
    return lambda record: next(iter(record["targets"].values())).update(**facts)


def of_column(number: int, **facts: object) -> Change:
    return lambda record: record["table"][number].update(**facts)


def of_scaling(**facts: object) -> Change:
    return lambda record: record["table"][0]["scaling"].update(**facts)


def fact_cases(entries: Entries) -> dict[str, Case]:
    """`model.json` of a model that Python feeds."""
    not_there, not_the_one = "`model.json`: the {} is not what", "is not the one of `model.dsl`"
    changes: dict[str, tuple[Change, str]] = {
        "a name with folders": (put(name="../../x"), not_there.format("name")),
        "no name": (lambda r: r.pop("name"), not_there.format("name")),
        "another element type": (put(dtype="float16"), not_there.format("dtype")),
        "an element type that is a list": (put(dtype=[]), not_there.format("dtype")),
        "the wider element type": (put(dtype="float64"), "the weight `dense.b` is [4] float32, not [4] float64"),
        "a negative epoch": (put(epoch=-1), not_there.format("epoch")),
        "half an epoch": (put(epoch=0.5), not_there.format("epoch")),
        "2^63 updates": (put(iteration=2**63), not_there.format("iteration")),
        "a setting that is a list": (put(settings={"rate": [[]]}), not_there.format("settings")),
        "a setting that is not there": (put(settings={"rat": "1"}), "rat"),
        "no schema": (put(schema=None), not_there.format("schema")),
        "no inputs": (lambda r: r["schema"].update(inputs=[]), not_there.format("schema")),
        "an input twice": (lambda r: r["schema"].update(inputs=r["schema"]["inputs"] * 2), not_there.format("schema")),
        "an extent of 2^31": (of_input(shape=[2**31]), not_the_one),
        "an extent of 2^63": (of_input(shape=[2**63]), not_there.format("shape")),
        "an extent of -1": (of_input(shape=[-1]), not_there.format("shape")),
        "an extent of 0": (of_input(shape=[0]), not_there.format("shape")),
        "an extent of 1.0": (of_input(shape=[1.0]), not_there.format("shape")),
        "an extent of true": (of_input(shape=[True]), not_there.format("shape")),
        "a hundred axes": (of_input(shape=[1] * 100), not_there.format("shape")),
        "axes that overflow": (of_input(shape=[2**31] * 8), not_there.format("shape")),
        "another width": (of_input(shape=[6]), f"the input `x` {not_the_one}"),
        "another input": (of_input(name="z"), f"the input `z` {not_the_one}"),
        "another target": (of_target(name="z"), "the targets are not those of `model.dsl`"),
        "no target": (lambda r: r["schema"].update(targets=[]), "the targets are not those of `model.dsl`"),
        "a class more": (of_target(classes=4), f"the type of `y` {not_the_one}"),
        "2^62 classes": (of_target(classes=2**62), not_there.format("classes")),
        "values for classes": (of_target(classes=None), f"the type of `y` {not_the_one}"),
        "a target of two": (of_target(shape=[2]), "`y`"),
    }
    cases = {name: (edited(entries, "model.json", change), reason) for name, (change, reason) in changes.items()}
    for name, text in {"a list": b"[]", "a name twice": b'{"name": "a", "name": "b"}', "deep": b"[" * 90_000}.items():
        cases[f"model.json: {name}"] = (packed({**entries, "model.json": text}), "`model.json`: ")
    return cases


def column_cases(entries: Entries) -> dict[str, Case]:
    """`model.json` of a model of a table."""
    changes: dict[str, tuple[Change, str]] = {
        "columns without kinds": (of_input(kinds=[]), "`model.json`: the columns is not"),
        "a column twice in the schema": (of_input(columns=["age"] * 3), "`model.json`: the columns is not"),
        "unknown kinds": (of_input(kinds=["x"] * 3), "`model.json`: the kind is not"),
        "no columns": (of_input(columns=[], kinds=[]), "`preparation.json`: the table is not"),
        "other columns": (of_input(columns=["a", "b", "c"]), "the column `age` is not one of `model.json`"),
        "values for text": (of_target(classes=None), "`preparation.json`: the classes is not"),
    }
    return {name: (edited(entries, "model.json", change), reason) for name, (change, reason) in changes.items()}


def preparation_cases(entries: Entries) -> dict[str, Case]:
    """`preparation.json` of a model of a table: age, kind, flag, twice."""
    at = "`preparation.json`: column 0: the {} is not what"
    kind = "`preparation.json`: column 1: the {} is not what"
    whole = "`preparation.json`: the {} is not what"
    changes: dict[str, tuple[Change, str]] = {
        "a spread of 0": (of_scaling(spread=0.0), at.format("spread")),
        "a negative spread": (of_scaling(spread=-1.0), at.format("spread")),
        "a center of 10^400": (of_scaling(center=10**400), at.format("number that is not finite")),
        "a center that is text": (of_scaling(center="0"), at.format("count of numbers")),
        "a center for each of two": (of_scaling(center=[0, 0]), at.format("count of numbers")),
        "a logarithm of 1": (of_scaling(log=1), at.format("scaling")),
        "a flag of 1": (of_column(0, flag=1), at.format("column")),
        "a date": (of_column(0, kind="date"), at.format("column")),
        "a label twice": (of_column(1, labels=["red", "red"]), kind.format("column")),
        "a fill beyond the labels": (of_column(1, fill=2), kind.format("fill")),
        "a fill between the labels": (of_column(1, fill=0.5), kind.format("fill")),
        "a label that is a number": (of_column(1, labels=["red", 1]), kind.format("label")),
        "a category more": (of_column(1, labels=["red", "blue", "x"]), whole.format("table")),
        "another column": (of_column(0, name="z"), "the column `z` is not one of `model.json`"),
        "a column twice": (of_column(3, name="age"), "the column `age` stands there twice"),
        "no columns prepared": (put(table=[]), whole.format("table")),
        "no table": (put(table=None), whole.format("table")),
        "classes the other way round": (
            lambda r: r["targets"]["y"]["classes"].reverse(),
            "the last class is not the positive one",
        ),
        "a label more": (lambda r: r["targets"]["y"]["classes"].append("maybe"), whole.format("classes")),
        "a class twice": (of_preparation(classes=["yes", "yes"]), whole.format("classes")),
        "classes of two kinds": (of_preparation(classes=["no", 1]), whole.format("classes")),
        "a class of 2^63": (of_preparation(classes=[0, 2**63]), whole.format("classes")),
        "negative weights of classes": (of_preparation(class_weights=[-1, 1]), whole.format("class_weights")),
        "weights of three classes": (of_preparation(class_weights=[1, 1, 1]), whole.format("count of numbers")),
        "a scaling of nothing": (put(inputs={"z": {}}), whole.format("scaling of `z`")),
    }
    cases = {name: (edited(entries, "preparation.json", change), reason) for name, (change, reason) in changes.items()}
    text = entries["preparation.json"].decode()
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        changed = text.replace('"low": 0.0', f'"low": {number}', 1).encode()
        assert changed != entries["preparation.json"]
        cases[f"a low of {number}"] = (packed({**entries, "preparation.json": changed}), "`preparation.json`: ")
    cases["nothing fitted"] = (
        packed({**entries, "preparation.json": b"null"}),
        "`preparation.json`: nothing was fitted",
    )
    cases["a preparation of text"] = (packed({**entries, "preparation.json": b'"x"'}), whole.format("preparation"))
    return cases


def history_cases(entries: Entries) -> dict[str, Case]:
    rows = json.loads(entries["history.json"])
    values = {"text": '"x"', "a list": "[]", "true": "true", "10^400": "1" + "0" * 400, "null": "null"}
    texts = {
        f"a loss that is {name}": (
            json.dumps([*rows, {"loss": 0.12345}]).replace("0.12345", value),
            "row 1: 'loss' is no",
        )
        for name, value in values.items()
    }
    texts["a history of numbers"] = ("[1]", "row 0 is no row of a history")
    texts["a history that is none"] = ("{}", "history.json is not")
    return {
        name: (packed({**entries, "history.json": text.encode()}), reason) for name, (text, reason) in texts.items()
    }


def text_cases(table: Entries, arrays: Entries) -> dict[str, Case]:
    """The model's text is another, or not all of it is there."""
    text = table["model.dsl"].decode()

    def replaced(old: str, new: str) -> bytes:
        assert old in text
        return packed({**table, "model.dsl": text.replace(old, new).encode()})

    def taken(entry: str) -> bytes:
        return packed({**table, entry: arrays[entry]})

    return {
        "text that does not parse": (packed({**table, "model.dsl": b"net {"}), "does not compile with this dslc"),
        "text that is none": (packed({**table, "model.dsl": b"\xff\xfe"}), "`model.dsl`: 'utf-8' codec"),
        "text of 40 MB": (packed({**table, "model.dsl": text.encode() + b"#" * LARGE}), "does not compile"),
        "definitions of 40 MB": (packed({**table, "definitions.dsl": b"#" * LARGE}), "defines differently"),
        "a wider net": (replaced("dense(4)", "dense(5)"), "the weight `dense.b` is [4] float32, not [5] float32"),
        "a deeper net": (replaced("| relu", "| relu | dense(4)"), "is missing"),
        "another loss": (replaced("cross_entropy", "hinge"), "defines differently"),
        "a loss of values": (replaced("cross_entropy", "huber"), "does not compile"),
        "another optimizer": (replaced("adam(1e-2)", "sgd(0.1)"), "defines differently"),
        "2^62 layers": (replaced("| relu", "| repeat 4611686018427387904 relu"), "does not compile"),
        "another source": (replaced('csv "rows.csv"', "input inputs: [4]"), "does not compile"),
        "other definitions": (packed({**table, "definitions.dsl": b"layer dense(x) = x\n"}), "defines differently"),
        "the text of another model": (taken("model.dsl"), "is not the one of `model.dsl`"),
        "the facts of another model": (taken("model.json"), "`preparation.json`: "),
        "the preparation of another model": (taken("preparation.json"), "`preparation.json`: "),
        "the weights of another model": (taken("weights.safetensors"), "`weights.safetensors`: the weight"),
        **{
            f"no {name}": (packed({other: table[other] for other in table if other != name}), f"has no `{name}`")
            for name in table
        },
    }


def tensor_cases(entries: Entries) -> dict[str, Case]:
    """The header of the weights lies."""
    weights = entries["weights.safetensors"]
    length = int.from_bytes(weights[:8], "little")
    header, data = json.loads(weights[8 : 8 + length]), weights[8 + length :]

    def with_header(text: bytes, body: bytes = data) -> bytes:
        return packed({**entries, "weights.safetensors": struct.pack("<Q", len(text)) + text + body})

    def changed(change: Callable[[Any], object], body: bytes = data) -> bytes:
        record = json.loads(json.dumps(header))
        change(record)
        return with_header(json.dumps(record).encode(), body)

    def raw(content: bytes) -> bytes:
        return packed({**entries, "weights.safetensors": content})

    def put(**facts: object) -> Callable[[Any], object]:
        return lambda record: record["dense.b"].update(**facts)

    large = {"dtype": "F32", "shape": [LARGE // 4], "data_offsets": [len(data), len(data) + LARGE]}
    bytes_of = "does not take the bytes that its shape"
    at = "`weights.safetensors`: "
    return {
        "weights of nothing": (raw(b""), f"{at}its header is longer than itself"),
        "a header of 2^64 - 1": (raw(b"\xff" * 40), f"{at}its header is longer than itself"),
        "a header of 2^63": (raw(struct.pack("<Q", 2**63) + b"{}"), f"{at}its header is longer than itself"),
        "a header that is no JSON": (with_header(b"{"), at),
        "a header that is a list": (with_header(b"[]"), f"{at}its header is no table"),
        "a deep header": (with_header(b'{"a":' * 90_000), at),
        "a tensor twice": (with_header(b'{"a": 1, "a": 2}'), f"{at}'a' is given twice"),
        "a pickle for weights": (raw(b"\x80\x04cos\nsystem\n" * 9), f"{at}its header is longer than itself"),
        "half a tensor": (changed(put(shape=[2])), f"{at}'dense.b' {bytes_of}"),
        "a shape of 2^63": (changed(put(shape=[2**63])), f"{at}'dense.b' {bytes_of}"),
        "a negative shape": (changed(put(shape=[-4])), f"{at}'dense.b' has no shape"),
        "a shape of true": (changed(put(shape=[True, 4])), f"{at}'dense.b' has no shape"),
        "a shape of 100 axes": (changed(put(shape=[4] + [1] * 100)), f"{at}'dense.b' has no shape"),
        "offsets backwards": (changed(put(data_offsets=[16, 0])), bytes_of),
        "offsets from -16": (changed(put(data_offsets=[-16, 0])), bytes_of),
        "offsets to 2^63": (changed(put(data_offsets=[2**63, 2**63 + 16])), "overlaps another tensor, or leaves a gap"),
        "overlapping tensors": (
            changed(lambda r: r["dense_2.b"].update(data_offsets=r["state/m.dense_2.b"]["data_offsets"])),
            "overlaps another tensor, or leaves a gap",
        ),
        "a gap before the tensors": (
            changed(lambda r: [t.update(data_offsets=[o + 4 for o in t["data_offsets"]]) for t in r.values()]),
            "overlaps another tensor, or leaves a gap",
        ),
        "bytes behind the tensors": (with_header(json.dumps(header).encode(), data + b"hide"), f"{at}its tensors take"),
        "text for a tensor": (changed(lambda r: r.update(a="x")), f"{at}'a' is not described as a tensor is"),
        "objects": (changed(put(dtype="O")), f"{at}'dense.b' holds 'O', not F32 or F64"),
        "whole numbers": (changed(put(dtype="I32")), f"{at}'dense.b' holds 'I32', not F32 or F64"),
        "bfloat16": (changed(put(dtype="BF16")), f"{at}'dense.b' holds 'BF16', not F32 or F64"),
        "a dtype that is a list": (changed(put(dtype=["F32"])), f"{at}'dense.b' holds "),
        "a turned matrix": (changed(lambda r: r["dense.w"]["shape"].reverse()), "the weight `dense.w` is [4, 5]"),
        "a tensor of another name": (
            changed(lambda r: r.update(other=r.pop("dense.b"))),
            "`dense.b` is missing",
        ),
        "40 MB of a tensor that nobody asked for": (
            changed(lambda r: r.update(a=large), data + bytes(LARGE)),
            "one too many",
        ),
        "a state too many": (
            changed(lambda r: r.update({"state/x": {"dtype": "F32", "shape": [0], "data_offsets": [len(data)] * 2}})),
            "the state `x` is one too many",
        ),
    }
