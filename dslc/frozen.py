"""Frozen records for tables of a hundred classes: what `dataclass(frozen=True)` gives, without code for each of them.

`dataclass` writes and compiles half a dozen functions a class, which for the syntax tree and the diagnostics took a
third of the time of `dslc check`. Here all classes share the functions of `Frozen`, and type checkers see dataclasses
(PEP 681). Equal fields make equal records, whatever changes a record is an error, and `match` takes fields by place.

    class Label(Frozen):
        span: Span
        text: str = ""
"""

from __future__ import annotations

from typing import ClassVar, Self, dataclass_transform


@dataclass_transform(frozen_default=True)
class Frozen:
    """`FIELDS` are the names of a class's fields, those of its base first; a default stands in the class."""

    FIELDS: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        stated = vars(cls).get("__annotations__", {})
        own = [name for name, kind in stated.items() if not kind.startswith("ClassVar") and name not in cls.FIELDS]
        cls.FIELDS = (*cls.FIELDS, *own)
        for places in ("__match_args__",):  # by a name that type checkers do not look into: they know it themselves
            setattr(cls, places, cls.FIELDS)

    def __init__(self, *given: object, **named: object) -> None:
        """Raises TypeError for a field too many, given twice, unknown or missing."""
        fields = self.FIELDS
        if named or len(given) != len(fields):
            given = self._completed(given, named)
        self.__dict__.update(zip(fields, given))  # noqa: B905  # as many: `strict` would only cost time

    def _completed(self, given: tuple[object, ...], named: dict[str, object]) -> tuple[object, ...]:
        """A value for each field, in order."""
        kind, rest = type(self), self.FIELDS[len(given) :]
        missing = [name for name in rest if name not in named and not hasattr(kind, name)]
        if missing or len(given) > len(self.FIELDS) or named.keys() - set(rest):
            raise TypeError(f"{kind.__name__} has the fields {', '.join(self.FIELDS)}; given were {given} and {named}")
        return (*given, *(named[name] if name in named else getattr(kind, name) for name in rest))

    def replaced(self, **changes: object) -> Self:
        """A record with some fields changed. Raises TypeError for an unknown field."""
        if unknown := changes.keys() - self.__dict__.keys():
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        record = object.__new__(type(self))
        record.__dict__.update(self.__dict__, **changes)
        return record

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"
