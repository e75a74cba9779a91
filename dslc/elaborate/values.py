"""What an expression of the language may stand for while a model file is elaborated.

A tensor is per example: its shape leaves the batch axis out, and `batched` says whether the node has it.
Everything else is known before training: numbers, sizes, texts, and callables, which wait for their input.
`Poison` stands for what has been reported already and silences whatever depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from dslc.elaborate.base_model import Base
from dslc.elaborate.draft import Draft
from dslc.elaborate.numbers import Number
from dslc.frozen import Frozen
from dslc.graph.graph import Array, NodeId
from dslc.scalar.types import DType
from dslc.source import Span
from dslc.syntax import ast

if TYPE_CHECKING:
    from dslc.elaborate.frame import Frame


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A node of `home` with `shape` per example.

    `holes` are the places, counted from the right in the shape before the reduction, of axes that were reduced by
    name: the value still meets the tensor that has them. `maker` is the layer or formula that made it, for messages.
    `classes` counts the classes of a target that holds ids; `zero_one`: a definition declares them to be 0 and 1, or
    values of the target are shares, which lie between.
    """

    home: Draft
    node: NodeId
    shape: tuple[int, ...]
    batched: bool
    span: Span
    holes: tuple[int, ...] = ()
    maker: str = ""
    classes: int | None = None
    zero_one: bool = False

    @property
    def dtype(self) -> DType:
        return self.home.builder.type(self.node).dtype


class Tensors(Frozen):
    """A list such as `weights`; a function of it sums over its members."""

    members: tuple[Tensor, ...]


class SizeOf(Frozen):
    """`3x3`, `shape(x)`."""

    dims: tuple[int, ...]


class Words(Frozen):
    """A text."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What a weight begins with, from the file at `path`."""

    value: Array
    path: str


class Poison(Frozen):
    """Already reported."""


POISON = Poison()


class Bound(Frozen):
    """An argument with its value."""

    name: str | None
    value: Value
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Builtin:
    """A function that Python knows, of arguments by place. `run` gets the frame, the arguments, the names after `over`
    and the call's span.

    `piped`: its first argument may come through a pipe; `of_tensor`: a call whose first argument is no tensor still
    waits for it, as a layer does.
    """

    name: str
    run: Callable[[Frame, tuple[Bound, ...], Axes, Span], Value]
    least: int = 1
    most: int = 1
    over: bool = False
    piped: bool = True
    of_tensor: bool = False


Axes: TypeAlias = tuple[ast.Name | ast.Leading, ...]
"""What stands after `over`: names, and `..` for the leading axes."""

Callee: TypeAlias = ast.Definition | Builtin


class Stage(Frozen):
    """A definition or function with the arguments it has so far, waiting for its input."""

    callee: Callee
    arguments: tuple[Bound, ...]
    span: Span
    over: Axes = ()


class Composition(Frozen):
    """`dense(64) | relu`."""

    stages: tuple[Callable_, ...]
    span: Span


class Repeated(Frozen):
    """`repeat 4 block(8)`: each repetition owns its weights."""

    count: int
    stage: Callable_
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """`load "base.dslm" until flatten`: a saved model's net, waiting for its input; `path` is as it is written."""

    base: Base
    path: str
    until: ast.Name | None
    span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """A use of an instance in one graph."""

    shape: tuple[int, ...]
    span: Span
    draft: Draft


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """A callable bound to a name: every use shares its weights, which live below `path`."""

    path: str
    stage: Stage | Composition | Repeated | Loaded
    span: Span
    uses: list[Use] = field(default_factory=list)


Callable_: TypeAlias = Stage | Composition | Repeated | Loaded | Instance
Value: TypeAlias = Tensor | Tensors | Number | SizeOf | Words | Kept | Callable_ | Poison


def kind_of(value: Value) -> str:
    """What a message calls it."""
    match value:
        case Tensor(shape=shape):
            return f"a tensor of shape {shape_of(shape)}"
        case Tensors():
            return "a list of tensors"
        case Number(value=bool()):
            return "a condition"
        case Number(value=number):
            return f"the number {number}"
        case SizeOf(dims=dims):
            return f"the size {'x'.join(map(str, dims))}"
        case Words(text=text):
            return f'the text "{text}"'
        case Kept(path=path):
            return f"the vectors of `{path}`"
        case Stage(callee=ast.Definition() as definition):
            article = "an" if definition.kind.value[0] in "aeiou" else "a"
            return f"{article} {definition.kind.value}"
        case Stage():
            return "a function"
        case Composition() | Repeated() | Loaded() | Instance():
            return "a layer without its input"
        case Poison():
            return "a faulty value"


def shape_of(shape: tuple[int, ...]) -> str:
    """`[8, 8]`."""
    return "[" + ", ".join(map(str, shape)) + "]"
