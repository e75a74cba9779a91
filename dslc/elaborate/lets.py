"""`let rate = 1e-3 in 1e-5..1e-1 log`: the file's settings, and what `--set` makes of them.

A number stays changeable at run time unless a size, a count or a condition needed it; anything else (a size,
a text, a definition's name) decides the structure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TypeAlias

from dslc.diagnostics import nearest
from dslc.elaborate.errors import BadLet, Fault, Unexpected, UnknownLet
from dslc.elaborate.experiment import Setting
from dslc.elaborate.frame import Frame
from dslc.elaborate.numbers import FromLet, Number
from dslc.elaborate.values import POISON, Builtin, Poison, SizeOf, Stage, Value, Words, kind_of
from dslc.frozen import Frozen
from dslc.source import Span
from dslc.syntax import ast

Override: TypeAlias = str | int | float | bool | tuple[int, ...]


class Chosen(Frozen):
    """A let's value as a record, before it is known whether it decided the structure."""

    name: str
    value: float | int | str | bool | tuple[int, ...]
    origin: str
    span: Span

    def setting(self, fixed: set[str]) -> Setting:
        structural = self.name in fixed or isinstance(self.value, bool | str | tuple)
        return Setting(self.name, self.value, structural, self.origin, self.span)


def evaluate_lets(frame: Frame, lets: tuple[ast.Let, ...], overrides: Mapping[str, Override]) -> list[Chosen]:
    """Binds every let in the frame's scope; the overrides of lets that do not exist are reported."""
    names = [let.name.text for let in lets]
    for name in sorted(overrides.keys() - set(names)):
        start = Span(frame.session.source, 0, 0)
        frame.report(Fault(UnknownLet(start, name, nearest(name, names))))
    chosen: list[Chosen] = []
    for let in lets:
        try:
            value, record = _let(frame, let, overrides.get(let.name.text))
        except Fault as fault:
            value, record = frame.report(fault), None
        try:
            frame.scope.introduce(let.name.text, value, let.name.span)
        except Fault as fault:
            frame.report(fault)
        chosen += [record] if record else []
    return chosen


def _let(frame: Frame, let: ast.Let, override: Override | None) -> tuple[Value, Chosen | None]:
    name = let.name.text
    value = frame.evaluate(let.value)
    if isinstance(value, Poison):
        return POISON, None
    if isinstance(let.choices, ast.ListOf):
        _listed(let, let.value.span.text, let.choices)
    if isinstance(let.choices, ast.Between):
        _between(let, value, let.choices)
    if override is not None:
        value = _overridden(frame, let, value, override)
    origin = "file" if override is None else "--set"
    text = let.value.span.text if override is None else str(override)
    record = Chosen(name, _plain(value, text, let), origin, let.span)
    if isinstance(value, Number):
        value = Number(value.value, FromLet(name), value.lets | {name})
    return value, record


def _plain(value: Value, text: str, let: ast.Let) -> float | int | str | bool | tuple[int, ...]:
    match value:
        case Number(value=number):
            return number
        case SizeOf(dims=dims):
            return dims
        case Words(text=words):
            return words
        case Stage(callee=Builtin() as builtin):
            return builtin.name
        case Stage(callee=ast.Definition() as definition, arguments=()):
            return definition.name.text
        case Stage():
            return text
        case _:
            raise Fault(Unexpected(let.value.span, kind_of(value), "a number, a size, a text or a definition"))


def _listed(let: ast.Let, text: str, choices: ast.ListOf) -> None:
    """The let's value must be one of the list that `in` gives."""
    items = [item.span.text for item in choices.items]
    if not any(_same(text, item) for item in items):
        reason = f"cannot be `{text}`: its choices are {', '.join(items)}"
        raise Fault(BadLet(let.value.span, let.name.text, reason, nearest(text, items)))


def _between(let: ast.Let, value: Value, choices: ast.Between) -> None:
    """The let's value must lie in the range that `in` gives, and the range must be one."""
    name, low, high = let.name.text, choices.low, choices.high
    if low >= high or (let.log and low <= 0):
        reason = f"needs a range that rises{' from above 0' * let.log}, not `{choices.span.text}`"
        raise Fault(BadLet(choices.span, name, reason))
    if not isinstance(value, Number) or isinstance(value.value, bool):
        raise Fault(BadLet(let.value.span, name, f"has a range, and is {kind_of(value)}"))
    if not low <= value.value <= high:
        reason = f"cannot be `{let.value.span.text}`: its range is {choices.span.text}"
        raise Fault(BadLet(let.value.span, name, reason))


def _same(text: str, item: str) -> bool:
    if text == item:
        return True
    numbers = [_number(part) for part in (text, item)]
    return None not in numbers and numbers[0] == numbers[1]


def _overridden(frame: Frame, let: ast.Let, value: Value, override: Override) -> Value:
    """The override as a value of the let's own kind. Raises Fault."""
    text = str(override).lower() if isinstance(override, bool) else str(override)
    if isinstance(override, tuple):
        text = "x".join(map(str, override))
    if isinstance(let.choices, ast.ListOf):
        _listed(let, text, let.choices)
    found: Value | None = None
    match value:
        case Number(value=bool()):
            found = Number(text == "true") if text in ("true", "false") else None
        case Number(value=number):
            parsed = _number(text)
            found = None if parsed is None else Number(parsed if isinstance(number, int) else float(parsed))
        case SizeOf():
            dims = re.fullmatch(r"\d{1,9}(x\d{1,9})*", text)
            found = SizeOf(tuple(int(part) for part in text.split("x"))) if dims else None
        case Words():
            found = Words(text)
        case _ if re.fullmatch(r"\w+", text):
            found = frame.evaluate(ast.Name(let.value.span, text))
        case _:
            found = None
    if found is None:
        raise Fault(BadLet(let.value.span, let.name.text, f"cannot be `{text}`: it is {kind_of(value)}"))
    return found


def _number(text: str) -> int | float | None:
    """The number that a text writes, a share (`20%`) included; None if it writes none."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return number / 100 if text.endswith("%") else number


def aliases(lets: tuple[ast.Let, ...], overrides: Mapping[str, Override]) -> dict[str, str]:
    """The lets that stand for a name, and that name."""
    named = {let.name.text: let.value.text for let in lets if isinstance(let.value, ast.Name)}
    return {name: str(overrides.get(name, value)) for name, value in named.items()}
