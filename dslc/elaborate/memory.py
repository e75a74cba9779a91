"""What a scan remembers while its body is elaborated: its states, and which steps count."""

from __future__ import annotations

from dataclasses import dataclass, field

from dslc.elaborate.values import Tensor
from dslc.graph.graph import NodeId
from dslc.ops.steps import State


@dataclass(slots=True)
class Memory:
    """The states of a scan while its body is elaborated: `following` has the values after the step."""

    steps: int
    valid: tuple[Tensor, ...] = ()
    leaves: dict[str, Tensor] = field(default_factory=dict)
    initial: dict[str, NodeId] = field(default_factory=dict)
    following: dict[str, NodeId] = field(default_factory=dict)

    def states(self) -> list[State]:
        return [
            State(leaf.node, self.initial[name], self.following.get(name, leaf.node))
            for name, leaf in self.leaves.items()
        ]
