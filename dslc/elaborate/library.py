"""Definitions by kind and name: the file's own and those of files that it uses, then the standard library's.

The library goes on using its own, and a file that is used goes on without those of its users.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dslc.diagnostics import Diagnostic
from dslc.elaborate import prelude
from dslc.elaborate.errors import Redefined
from dslc.source import Source
from dslc.syntax.ast import Definition, DefinitionKind, Module, Use

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


def definitions(item: Module | Use) -> Iterator[Definition]:
    """The module's definitions, those of the files that it uses before its own."""
    items = item.items if isinstance(item, Module) else (item.module,)
    for each in items:
        if isinstance(each, Module | Use):
            yield from definitions(each)
    yield from (each for each in items if isinstance(each, Definition))


class Library:
    """What a module may call by name."""

    def __init__(self, module: Module | None = None) -> None:
        self._own: dict[tuple[DefinitionKind, str], Definition] = {}
        self._seen: dict[Source, frozenset[Source]] = {}
        self.faults: list[Diagnostic] = []
        if module:
            self._see(module)
            for definition in {id(each): each for each in definitions(module)}.values():
                self._add(definition)

    def _see(self, module: Module) -> frozenset[Source]:
        """Keeps of the module and of what it uses from which files a definition is seen there."""
        used = (item.module for item in module.items if isinstance(item, Use) and item.module)
        self._seen[module.span.source] = frozenset({module.span.source}.union(*(self._see(each) for each in used)))
        return self._seen[module.span.source]

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

    def find(
        self, name: str, kinds: Sequence[DefinitionKind], own: bool, place: Source | None = None
    ) -> Definition | None:
        """The first of `kinds` that has the name; the file's own definitions only if `own`.

        `place` is the file that says the name: a file that is used sees nothing of those that use it.
        """
        for kind in kinds:
            found = self._own.get((kind, name)) if own else None
            if found and (place not in self._seen or found.span.source in self._seen[place]):
                return found
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
