"""Definitions by kind and name: the file's own, then the standard library's, which goes on using its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dslc.diagnostics import Diagnostic
from dslc.elaborate import prelude
from dslc.elaborate.errors import Redefined
from dslc.syntax.ast import Definition, DefinitionKind, Module

ACTIVATION, LAYER, LOSS = DefinitionKind.ACTIVATION, DefinitionKind.LAYER, DefinitionKind.LOSS
METRIC, SCHEDULE, INITIALIZER = DefinitionKind.METRIC, DefinitionKind.SCHEDULE, DefinitionKind.INITIALIZER

INSIDE: Mapping[DefinitionKind, tuple[DefinitionKind, ...]] = {
    ACTIVATION: (ACTIVATION,),
    LAYER: (LAYER, ACTIVATION),
    LOSS: (LOSS, ACTIVATION),
    METRIC: (METRIC, LOSS, ACTIVATION),
    DefinitionKind.OPTIMIZER: (ACTIVATION, SCHEDULE),
    SCHEDULE: (SCHEDULE, ACTIVATION),
    INITIALIZER: (INITIALIZER, ACTIVATION),
}
"""The kinds of definitions that a definition's body may call: one name means one of them there."""


class Library:
    """What a module may call by name."""

    def __init__(self, module: Module | None = None) -> None:
        items = module.items if module else ()
        self._own: dict[tuple[DefinitionKind, str], Definition] = {}
        self.faults: list[Diagnostic] = []
        for item in items:
            if isinstance(item, Definition):
                self._add(item)

    def _add(self, definition: Definition) -> None:
        name, span = definition.name.text, definition.name.span
        meeting = [kinds for kinds in (*INSIDE.values(), (definition.kind,)) if definition.kind in kinds]
        rivals = [(kind, name) for kind in DefinitionKind if any(kind in kinds for kinds in meeting)]
        others = [key for key in rivals if key in prelude.index() and key[0] is not definition.kind]
        library = others[0][0].value if others else None
        own = next((self._own[key] for key in rivals if key in self._own), None)
        if library:
            self.faults.append(Redefined(span, library, name, " by the standard library"))
        elif own:
            self.faults.append(Redefined(span, own.kind.value, name, "", own.name.span))
        self._own.setdefault((definition.kind, name), definition)

    def find(self, name: str, kinds: Sequence[DefinitionKind], own: bool) -> Definition | None:
        """The first of `kinds` that has the name; the file's own definitions only if `own`."""
        for kind in kinds:
            if own and (kind, name) in self._own:
                return self._own[kind, name]
            if (kind, name) in prelude.index():
                return prelude.index()[kind, name].parsed()
        return None

    def kinds_of(self, name: str) -> tuple[DefinitionKind, ...]:
        """The kinds under which a definition has this name."""
        return tuple(kind for kind, known in (*self._own, *prelude.index()) if known == name)

    def is_own(self, definition: Definition) -> bool:
        return self._own.get((definition.kind, definition.name.text)) is definition

    def names(self, kinds: Sequence[DefinitionKind]) -> Iterator[str]:
        return (name for kind, name in (*self._own, *prelude.index()) if kind in kinds)
