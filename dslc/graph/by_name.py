"""Graphs by name, each made when it is first asked for: whoever predicts pays for no gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dslc.graph.graph import Graph


class GraphsByName(Mapping[str, Graph]):
    """`make` gives the graph of a name and is called once for each."""

    def __init__(self, names: Sequence[str], make: Callable[[str], Graph]) -> None:
        self._names = tuple(names)
        self._make = make
        self._made: dict[str, Graph] = {}

    def __getitem__(self, name: str) -> Graph:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
