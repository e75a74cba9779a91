"""Names and what they stand for at one place of a model file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dslc.elaborate.errors import Duplicate, Fault, Taken
from dslc.elaborate.values import Value
from dslc.source import Span

MEANINGS: Mapping[str, str] = {
    "outputs": "the width that target and loss need",
    "prediction": "what the net yields",
    "target": "what the net is to predict",
    "weights": "the trained tensors of two or more axes",
    "parameters": "all trained tensors",
    "training": "whether the net is being trained",
    "pi": "3.14159...",
    "true": "a condition",
    "false": "a condition",
}
"""Names that nothing in a file may hide."""


class Scope:
    """A block's names; those it does not have it looks for in `parent`."""

    def __init__(self, parent: Scope | None = None) -> None:
        self._parent = parent
        self._names: dict[str, tuple[Value, Span]] = {}

    def find(self, name: str) -> Value | None:
        if name in self._names:
            return self._names[name][0]
        return self._parent.find(name) if self._parent else None

    def bind(self, name: str, value: Value, span: Span) -> None:
        """Raises Fault if this block has the name."""
        if name in self._names:
            raise Fault(Duplicate(span, f"`{name}`", self._names[name][1]))
        self._names[name] = value, span

    def introduce(self, name: str, value: Value, span: Span) -> None:
        """Binds a name of the file's own. Raises Fault if it would hide another that is visible here."""
        if name in MEANINGS:
            raise Fault(Taken(span, name, MEANINGS[name]))
        first = self.place(name)
        if first is not None:
            raise Fault(Duplicate(span, f"`{name}`", first))
        self._names[name] = value, span

    def place(self, name: str) -> Span | None:
        """Where the name was bound."""
        if name in self._names:
            return self._names[name][1]
        return self._parent.place(name) if self._parent else None

    def update(self, name: str, value: Value) -> None:
        """A new value for a name of this block."""
        self._names[name] = value, self._names[name][1]

    def own(self, name: str) -> bool:
        return name in self._names

    def names(self) -> Iterator[str]:
        """Every name that is visible here."""
        yield from self._names
        if self._parent:
            yield from self._parent.names()
