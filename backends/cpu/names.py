"""Names for generated source: what a model file calls things never reaches it as it stands."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable

_KERNEL = re.compile(r"_[0-9a-f]{10}$")
"""How the names end that kernels have from their content."""


_QUOTES = '"\\'


class Names:
    """Unique identifiers of a-z, 0-9 and _ for arbitrary texts, none of them reserved.

    >>> names = Names(["rows"])
    >>> [names.add(text) for text in ("dense.w", "dense w", "rows", "class", "7", "Größe", "")]
    ['dense_w', 'dense_w_2', 'rows_2', 'class_2', 'n_7', 'gr_e', 'n']
    """

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = {*reserved, *keyword.kwlist, *keyword.softkwlist}

    def add(self, text: str) -> str:
        """The identifier for one more text."""
        stem = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:48]
        if not stem or stem[0].isdigit():
            stem = f"n_{stem}".rstrip("_")
        if _KERNEL.search(stem):
            stem += "_buffer"
        name, number = stem, 1
        while name in self._taken:
            number += 1
            name = f"{stem}_{number}"
        self._taken.add(name)
        return name


def comment(text: str) -> str:
    """Any text as one line of printable ASCII, fit to stand after `# ` or between quotes."""
    return "".join(c if " " <= c <= "~" and c not in _QUOTES else "?" for c in text)[:160]
