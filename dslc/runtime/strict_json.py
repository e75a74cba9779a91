"""JSON of a file that may be hostile: read only if it means one thing, and no larger in memory than in the file by far.

Refused, beside what is no JSON in UTF-8: a name given twice in an object (readers differ in which one counts),
NaN and infinities unless asked for, and so many objects, lists and strings that building them would take
many times the file's own size.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

from dslc.data.record import Json
from dslc.diagnostics import DataError

NESTS = 200_000
"""Objects and lists in one text; an empty one takes 3 bytes of text and up to 72 of memory."""

STRINGS = 1_000_000


def read_json(content: bytes | memoryview, what: str, *, nests: int = NESTS, finite: bool = True) -> Json:
    """The value; DataError that begins with `what` for a text that is not one. `finite` refuses NaN and infinities."""
    raw = bytes(content)
    if raw.count(b"{") + raw.count(b"[") > nests or raw.count(b'"') > 2 * STRINGS:
        raise DataError(f"`{what}`: holds more than a model file does")
    try:
        value: Json = json.loads(
            str(raw, "utf-8"), object_pairs_hook=_once, parse_constant=_no_number if finite else float
        )
    except (ValueError, RecursionError) as error:
        raise DataError(f"`{what}`: {error}") from None
    return value


def _once(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = sorted(name for name, _ in pairs)
        again = next(name for name, after in pairwise(names) if name == after)
        raise ValueError(f"{again[:80]!a} is given twice")
    return found


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a finite number")
