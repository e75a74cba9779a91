"""A first look at a module: which items it has, what its names refer to, and what its loss says about the task.

All of it is syntax: nothing is evaluated, so that it serves before the data is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dslc.data.schema import NEXT, ONLY, Schema
from dslc.diagnostics import Diagnostic
from dslc.elaborate.errors import Duplicate, MissingItem, Unused
from dslc.elaborate.group_errors import MixedObjectives
from dslc.elaborate.heads import IDENTITY, Link
from dslc.elaborate.library import Library, definitions
from dslc.frozen import Frozen
from dslc.source import BUILT_IN, Span
from dslc.syntax import ast
from dslc.syntax.ast import BinaryOp, DefinitionKind, Syntax


class Survey(Frozen):
    """The items by kind; the first one where an item is stated twice, None where it is missing.

    Of objectives with names, which are `named`, `objective` is the sum. `faults` leaves out what is wrong with `data`:
    reading it tells.
    """

    lets: tuple[ast.Let, ...]
    data: ast.Data | None
    net: ast.Net | None
    objective: ast.Objective | None
    train: ast.Train | None
    faults: tuple[Diagnostic, ...]
    named: tuple[ast.Objective, ...] = ()


def survey(module: ast.Module) -> Survey:
    faults: list[Diagnostic] = []
    first: dict[type[ast.Item], ast.Item] = {}
    for item in module.items:
        match item:
            case ast.Use():
                faults += [fault for used in definitions(item) for fault in _twice(used.parameters)]
            case ast.Objective(name=ast.Name()):
                pass
            case ast.Definition(parameters=parameters):
                faults += _twice(parameters)
            case ast.Net() | ast.Objective() | ast.Train() if type(item) in first:
                faults.append(Duplicate(_head(item), f"`{_word(item)}`", _head(first[type(item)])))
            case _:
                first.setdefault(type(item), item)
    data, net, objective, train = (first.get(kind) for kind in (ast.Data, ast.Net, ast.Objective, ast.Train))
    named = tuple(item for item in module.items if isinstance(item, ast.Objective) and item.name is not None)
    faults += [MixedObjectives(_head(objective), _head(named[0]))] if objective and named else []
    objective = _sum(named) or objective
    start = Span(module.span.source, 0, 0)
    faults += [] if net else [MissingItem(start, "net")]
    faults += [] if objective else [MissingItem(start, "loss")]
    return Survey(
        tuple(item for item in module.items if isinstance(item, ast.Let)),
        data if isinstance(data, ast.Data) else None,
        net if isinstance(net, ast.Net) else None,
        objective if isinstance(objective, ast.Objective) else None,
        train if isinstance(train, ast.Train) else None,
        tuple(faults),
        named,
    )


def _sum(named: Sequence[ast.Objective]) -> ast.Objective | None:
    """The sum of objectives, at the first one's place; None of none."""
    if not named:
        return None
    total, span = named[0].value, named[0].value.span
    for objective in named[1:]:
        total = ast.Binary(span, BinaryOp.ADD, total, objective.value)
    return ast.Objective(span, None, total)


def _twice(parameters: tuple[ast.Parameter, ...]) -> Iterator[Diagnostic]:
    first: dict[str, Span] = {}
    for parameter in parameters:
        name = parameter.name.text
        if name in first:
            yield Duplicate(parameter.name.span, f"the parameter `{name}`", first[name])
        first.setdefault(name, parameter.name.span)


def _word(item: ast.Item) -> str:
    return {ast.Net: "net", ast.Objective: "loss", ast.Train: "train"}.get(type(item), "item")


def _head(item: ast.Item) -> Span:
    """The item's keyword."""
    return Span(item.span.source, item.span.start, item.span.start + len(_word(item)))


# --- what names refer to --------------------------------------------------------------------------


def walk(node: Syntax, uses: bool = True) -> Iterator[Syntax]:
    """The node and everything below it, in the order of the text; `uses`: what other files say as well."""
    pending: list[object] = [node]
    while pending:
        here = pending.pop()
        if isinstance(here, tuple):
            pending.extend(reversed(here))
        elif isinstance(here, Syntax):
            yield here
            if isinstance(here, ast.Use) and not uses:
                continue
            pending.extend(getattr(here, name) for name in reversed(here.FIELDS))


def references(node: Syntax) -> set[str]:
    """The names that are used, as opposed to stated, in `node`, and not in files that it uses."""
    names: list[ast.Name] = []
    stated: set[int] = set()
    for part in walk(node, uses=False):
        if isinstance(part, ast.Name):
            names.append(part)
        else:
            stated.update(map(id, _stated(part)))
    return {name.text for name in names if id(name) not in stated}


def _stated(node: Syntax) -> tuple[Syntax, ...]:
    match node:
        case ast.Binding(target=ast.Read(value=target)) | ast.Binding(target=target):
            return (target,)
        case ast.Argument(name=name) if name is not None:
            return (name,)
        case (
            ast.Predict(name=name)
            | ast.Let(name=name)
            | ast.Definition(name=name)
            | ast.Parameter(name=name)
            | ast.Weight(name=name)
            | ast.State(name=name)
            | ast.Setting(name=name)
        ):
            return (name,)
        case _:
            return ()


def unused(module: ast.Module, used: set[tuple[DefinitionKind, str]]) -> Iterator[Diagnostic]:
    """A warning for every let, own definition, binding and weight that nothing refers to."""
    everywhere = references(module)
    for item in module.items:
        match item:
            case ast.Let(name=name) if name.text not in everywhere:
                yield Unused(name.span, "the let", name.text)
            case ast.Definition(kind=kind, name=name):
                if (kind, name.text) not in used and name.text not in everywhere:
                    yield Unused(name.span, f"the {kind.value}", name.text)
                used_here = references(item)
                for parameter in item.parameters:
                    if parameter.name.text not in {*used_here, "prediction", "target"}:
                        yield Unused(parameter.name.span, "the parameter", parameter.name.text)
                yield from _unused_bindings(item.body, used_here)
            case ast.Net(statements=statements):
                yield from _unused_bindings(statements, everywhere)
            case _:
                pass


def _unused_bindings(body: tuple[ast.Statement, ...], used: set[str]) -> Iterator[Diagnostic]:
    for statement in body:
        match statement:
            case (
                ast.Binding(target=ast.Name(text=text, span=span))
                | ast.Binding(target=ast.Read(value=ast.Name(text=text, span=span)))
            ) if text not in used:
                yield Unused(span, "the binding", text)
            case ast.Weight(name=name) | ast.State(name=name) if name.text not in used:
                yield Unused(name.span, f"the {type(statement).__name__.lower()}", name.text)
            case _:
                pass


# --- what the loss says ---------------------------------------------------------------------------


class MainLoss(Frozen):
    """The loss that a prediction is for; `name` is empty for a bare formula."""

    name: str
    span: Span
    link: Link


class Losses(Frozen):
    """The loss that each head is for; `span` is that of the only one, or of all."""

    by_head: Mapping[str, MainLoss]
    span: Span


def targets_of(data: ast.Data | None) -> tuple[str, ...]:
    """The names of the targets, as the data block states them; a text is its own."""
    statements = data.statements if data else ()
    if any(isinstance(s, ast.FileSource) and s.format.text == "text" for s in statements):
        return (NEXT,)
    stated = (s.names for s in statements if isinstance(s, ast.Target))
    return tuple(dict.fromkeys(name.text for names in stated for name in names))


def main_losses(
    targets: Sequence[str], objective: ast.Objective | None, library: Library, aliases: Mapping[str, str]
) -> Losses:
    """By head: the first loss in the objective that looks at the only target, or that is called on the head's name.

    `aliases` are the lets whose value is a name.
    """
    if len(targets) > 1:
        by_head = {name: _main_loss(name, objective, library, aliases) for name in targets}
        return Losses(by_head, objective.value.span if objective else BUILT_IN)
    only = _main_loss(None, objective, library, aliases)
    return Losses(dict.fromkeys(targets or (ONLY,), only), only.span)


def about_values(losses: Losses, schema: Schema) -> Losses:
    """The losses; whether an input that is its own target has classes is decided by the input."""
    values = {target.name for target in schema.targets if target.reconstructs and target.classes is None}
    return losses.replaced(
        by_head={
            name: loss.replaced(link=loss.link.replaced(classes=False)) if name in values else loss
            for name, loss in losses.by_head.items()
        }
    )


def _main_loss(
    head: str | None, objective: ast.Objective | None, library: Library, aliases: Mapping[str, str]
) -> MainLoss:
    for name in _losses_about(head, objective):
        definition = library.find(aliases.get(name.text, name.text), (DefinitionKind.LOSS,), True)
        if definition and _looks_at_target(definition):
            return MainLoss(definition.name.text, name.span, link_of(definition, library))
    return MainLoss("", objective.value.span if objective else BUILT_IN, IDENTITY)


def _losses_about(head: str | None, objective: ast.Objective | None) -> Iterator[ast.Name]:
    """What the objective may call on the head; every name where there is only one."""
    for part in walk(objective.value) if objective else ():
        match part:
            case ast.Name() if head is None:
                yield part
            case ast.Call(callee=callee, arguments=arguments):
                about = next((a.value for a in arguments if a.name is None or a.name.text == "prediction"), None)
                if isinstance(about, ast.Name) and about.text == head:
                    yield callee
            case _:
                pass


def _looks_at_target(definition: ast.Definition) -> bool:
    return any(parameter.name.text == "target" for parameter in definition.parameters)


def link_of(definition: ast.Definition, library: Library, depth: int = 0) -> Link:
    """What the definition states, or else the first loss that it calls; identity and values if none does."""
    links = [statement.name.text for statement in definition.body if isinstance(statement, ast.Link)]
    classes = any(
        isinstance(parameter.type, ast.Kind) and parameter.type.name.text == "class"
        for parameter in definition.parameters
        if parameter.name.text == "target"
    )
    inner = IDENTITY
    for part in walk(definition):
        if isinstance(part, ast.Call) and depth < 8:
            called = library.find(part.callee.text, (DefinitionKind.LOSS,), library.is_own(definition))
            if called and called is not definition and _looks_at_target(called):
                inner = link_of(called, library, depth + 1)
                break
    return Link(links[0] if links else inner.name, classes or inner.classes)
