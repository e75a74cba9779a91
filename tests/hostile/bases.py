"""Model files that hold other models, which they load, and lie about those: not there, too many, too deep, no models.

Each case is the file's bytes and what the refusal must say.
"""

from __future__ import annotations

import json
from pathlib import Path

import dslc
from dslc.base_models import MOST
from dslc.runtime.archive import packed

from .contents import LARGE
from .model_files import ARRAYS, Case, Entries

BASE = "base0.dslm"

NET = "net { x | dense(4) | relu | dense(outputs) }"
LOADS = 'net { body = load "arrays.dslm" until relu;  x | body | dense(outputs) }'


def loading_model(folder: Path) -> Path:
    """A model that loads `arrays.dslm`, which the folder has."""
    (folder / "loading.dsl").write_text(ARRAYS.replace(NET, LOADS), "utf-8")
    model = dslc.compile(folder / "loading.dsl", backend="reference")
    model.save(folder / "loading.dslm")
    return folder / "loading.dslm"


def nested(entries: Entries, innermost: bytes, depth: int) -> bytes:
    """A model that loads a model that loads .. a file of these bytes: so many models around it."""
    content = innermost
    for _ in range(depth):
        content = packed({**entries, BASE: content})
    return content


def base_cases(entries: Entries, base: Entries) -> dict[str, Case]:
    """`entries` are those of a model that loads one with the entries `base`."""

    def holding(content: bytes) -> bytes:
        return packed({**entries, BASE: content})

    def changed(**contents: bytes) -> bytes:
        named = {name.replace("_", "."): content for name, content in contents.items()}
        return holding(packed({**base, **named}))

    def facts(**changes: object) -> bytes:
        return changed(model_json=json.dumps({**json.loads(base["model.json"]), **changes}).encode())

    whole = packed(base)
    text = base["model.dsl"].decode()
    wider = text.replace("dense(4)", "dense(5)").encode()
    many = {f"base{number}.dslm": whole for number in range(MOST + 1)}
    loads = " ".join(f'b{number} = load "{number}.dslm"; ' for number in range(MOST + 1))
    many_text = entries["model.dsl"].decode().replace("net {", "net { " + loads).encode()
    schema = json.loads(base["model.json"])["schema"]
    other = {**schema, "inputs": [{**schema["inputs"][0], "shape": [6]}]}
    cannot = "`arrays.dslm` cannot be loaded: "
    return {
        "no base": (packed({name: entries[name] for name in entries if name != BASE}), f"it has no `{BASE}`"),
        "a base for no load": (packed({**entries, "base1.dslm": whole}), "`base1.dslm` is what no `load`, `from`"),
        "a base of a number too high": (packed({**entries, "base16.dslm": whole}), "`'base16.dslm'` is no entry of a"),
        "a base of an odd number": (packed({**entries, "base00.dslm": whole}), "`'base00.dslm'` is no entry of a"),
        "a base in a folder": (packed({**entries, "../base1.dslm": whole}), "`'../base1.dslm'` is no entry of a"),
        "17 bases": (packed({**entries, "model.dsl": many_text, **many}), "`'base16.dslm'` is no entry of a"),
        "17 loads": (packed({**entries, "model.dsl": many_text}), "cannot be loaded"),
        "an empty base": (holding(b""), f"{cannot}it is not a model file"),
        "a base that is a pickle": (holding(b"cos\nsystem\n(S'true'\ntR."), f"{cannot}it is not a model file"),
        "a base that is cut": (holding(whole[:-100]), f"{cannot}it is not a model file"),
        "a base that is damaged": (holding(whole.replace(b"dense", b"dance", 1)), f"{cannot}it is damaged"),
        "a base with code": (
            holding(packed({**base, "setup.py": b"raise SystemExit"})),
            "`'setup.py'` is no entry of it",
        ),
        "a base with a base": (holding(packed({**base, BASE: whole})), f"`'{BASE}'` is no entry of it"),
        "a base of settings that are lists": (facts(settings={"rate": [[]]}), f"{cannot}`model.json`: the settings"),
        "a base of settings for no let": (facts(settings={"rate": "1"}), f"{cannot}the file has no `let` named `rate`"),
        "a base without schema": (facts(schema=None), f"{cannot}`model.json`: the schema"),
        "a base of another width": (facts(schema=other), "was trained on `x` of shape [6], and gets [5]"),
        "a base whose facts are a list": (changed(model_json=b"[]"), f"{cannot}`model.json` is not what"),
        "a base of text that does not parse": (changed(model_dsl=b"net {"), f"{cannot}`{{` is not closed"),
        "a base of no text": (changed(model_dsl=b"\xff\xfe"), f"{cannot}`model.dsl`: 'utf-8' codec"),
        "a base of other definitions": (
            changed(definitions_dsl=b"layer dense(x) = x\n"),
            f"{cannot}this dslc defines `relu` differently",
        ),
        "a base with a wider net": (changed(model_dsl=wider), f"{cannot}it has no weight `dense.w` of shape [5, 5]"),
        "a base of weights that are a pickle": (changed(weights_safetensors=b"\x80\x04cos\nsystem\n" * 9), cannot),
        **{
            f"a base without {name}": (
                holding(packed({other: base[other] for other in base if other != name})),
                f"{cannot}it has no `{name}`",
            )
            for name in base
        },
        "17 models deep": (nested(entries, whole, MOST + 1), "cannot be loaded"),
        "200 models deep": (nested(entries, whole, 200), "cannot be loaded"),
        "40 MB, 12 models deep": (
            nested(entries, packed({**base, "junk": b"x" * LARGE}), 12),
            "cannot be loaded",
        ),
        "40 MB of definitions, 12 models deep": (
            nested(entries, packed({**base, "definitions.dsl": b"#" * LARGE}), 12),
            "cannot be loaded",
        ),
    }
