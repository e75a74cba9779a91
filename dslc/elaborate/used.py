"""Which definitions of the standard library a module stands on: what a saved model must find again."""

from __future__ import annotations

from dslc.elaborate import prelude
from dslc.elaborate.survey import walk
from dslc.syntax.ast import Name, Syntax


def used_definitions(module: Syntax) -> tuple[prelude.Entry, ...]:
    """The library's definitions that the module names, and those that these name, in the library's order.

    A name counts wherever it stands, so that a column called `linear` brings a definition too many, never one too few;
    so does the optimizer that a train block need not name.
    """
    found: set[prelude.Entry] = set()
    waiting: list[Syntax] = [module, prelude.defaults()]
    while waiting:
        names = {node.text for node in walk(waiting.pop()) if isinstance(node, Name)}
        for entry in (entry for name in sorted(names) for entry in prelude.named(name)):
            if entry not in found:
                found.add(entry)
                waiting.append(entry.parsed())
    return tuple(entry for entry in prelude.index().values() if entry in found)
