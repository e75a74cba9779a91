"""Groups of weights: what `freeze body`, `unfreeze body after 5 epochs` and `sgd(1e-2) on head` are about.

    net { body = x | dense(8) | relu;  body | dense(outputs) }

    body            a name that `net` binds or predicts: the weights whose path begins with it, body.dense.w, ...
    `body.dense`    a path in backticks: a layer's weights, or one weight

Two groups are apart, or one lies within the other: a weight goes by the statement about the longest path that it has.
A layer that is bound to a name has its weights there, whoever uses it; another name for it is the same group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from dslc.diagnostics import Diagnostic, nearest
from dslc.elaborate.errors import Cascade, Duplicate, Fault
from dslc.elaborate.frame import Frame, Session
from dslc.elaborate.group_errors import EmptyGroup, SeveralLayers, UnknownGroup
from dslc.elaborate.survey import references
from dslc.frozen import Frozen
from dslc.syntax import ast
from dslc.syntax.ast import DefinitionKind

S = TypeVar("S")
T = TypeVar("T")

LISTED = 6
"""Groups that a message lists at most."""


class Named(Frozen):
    """A name of a net, what it is bound to, and where the weights of that are."""

    name: ast.Name
    value: ast.Expression
    path: str


class Groups:
    """The groups of a net. `sure`: all of its weights are known, so that what has none now has none at all."""

    def __init__(self, net: ast.Net | None, session: Session, sure: bool) -> None:
        self.sure = sure
        self._library = session.library
        self._weights = tuple(p.name for p in session.parameters.values() if p.trained)
        self._named = {named.name.text: named for named in _named(net)}
        self._paths = {path for weight in self._weights for path in _paths(weight)}

    def find(self, name: ast.Name) -> str:
        """The path of a group. Raises Fault where the net has no such weights, Cascade where that is not sure."""
        path = self._path(name.text)
        if path not in self._paths:
            raise Cascade if self._may_be_later(name.text) else Fault(self._missing(name))
        first = "." not in path and name.text not in self._named
        if first and f"{path}_2" in self._paths and f"{path}_2" not in self._named:
            weight = next(weight for weight in self._weights if within(weight, path))
            raise Fault(SeveralLayers(name.span, name.text, weight))
        return path

    def _path(self, name: str) -> str:
        """Where the weights of a name are: another name's where it is bound to that."""
        for _ in self._named:
            named = self._named.get(name)
            if named is None:
                return name
            if not isinstance(named.value, ast.Name) or named.value.text not in self._named:
                return named.path
            name = named.value.text
        return name

    def _may_be_later(self, name: str) -> bool:
        """Whether a net that has a fault may be about to have the group: its name, or a call of a layer."""
        layer = self._library.find(re.sub(r"_\d+$", "", name), (DefinitionKind.LAYER,), True)
        return not self.sure and (name in self._named or "." in name or layer is not None)

    def _missing(self, name: ast.Name) -> Diagnostic:
        named = self._named.get(name.text)
        if named is not None:
            used = references(named.value)
            owners = [f"`{other}`" for other in self._named if other in used and self._path(other) in self._paths]
            return EmptyGroup(name.span, name.text, " and ".join(owners) or None, named.name.span)
        groups = [text for text in self._named if self._path(text) in self._paths]
        meant = nearest(name.text, {*groups, *self._paths})
        if meant:
            return UnknownGroup(name.span, name.text, f"did you mean `{meant}`?")
        if not groups or len(groups) > LISTED:
            return UnknownGroup(name.span, name.text, "bind a part of the net to a name, as in `body = x | dense(8)`")
        known = ", ".join(f"`{text}`" for text in groups)
        return UnknownGroup(
            name.span, name.text, f"the net's {'groups are' if len(groups) > 1 else 'group is'} {known}"
        )


def _named(net: ast.Net | None) -> Iterator[Named]:
    for statement in net.statements if net else ():
        match statement:
            case ast.Binding(target=ast.Name() as name) | ast.Binding(target=ast.Read(value=ast.Name() as name)):
                yield Named(name, statement.value, name.text)
            case ast.Predict(name=name):  # a dot in its name is none between the steps of a path
                yield Named(name, statement.value, name.text.replace(".", "_"))
            case _:
                pass


def _paths(weight: str) -> Iterator[str]:
    """The paths that a weight's begins with, the longest first: `body.dense.w`, `body.dense`, `body`."""
    while weight:
        yield weight
        weight = weight.rpartition(".")[0]


def within(weight: str, path: str) -> bool:
    """Whether the weight belongs to the group."""
    return path in _paths(weight)


def most_specific(by_group: Mapping[str, T], weight: str) -> T | None:
    """What is stated of the longest path that the weight's begins with."""
    return next((by_group[path] for path in _paths(weight) if path in by_group), None)


def by_group(
    frame: Frame, groups: Groups, stated: Iterable[tuple[Sequence[ast.Name], S]], make: Callable[[S], T], what: str
) -> dict[str, T]:
    """By path what is stated of a group; faults are reported. `what` is how a message calls it: `` `freeze {}` ``.

    The groups of one statement share what is made of it, and the states that this adds.
    """
    found: dict[str, T] = {}
    first: dict[str, ast.Name] = {}
    for names, statement in stated:
        paths = list(_stated_once(frame, groups, names, first, what))
        try:
            found |= dict.fromkeys(paths, make(statement)) if paths else {}
        except Cascade:
            continue
        except Fault as fault:
            frame.report(fault)
    return found


def _stated_once(
    frame: Frame, groups: Groups, names: Iterable[ast.Name], first: dict[str, ast.Name], what: str
) -> Iterator[str]:
    """The paths of the groups that are named here for the first time; the other names' faults are reported."""
    for name in names:
        try:
            path = groups.find(name)
            if path in first:
                raise Fault(Duplicate(name.span, what.format(name.text), first[path].span))
        except Cascade:
            continue
        except Fault as fault:
            frame.report(fault)
        else:
            first[path] = name
            yield path
