"""Names of a list found in a text: by a name's first word, whatever the length of the list."""

import re
from collections.abc import Iterable, Iterator

_FIRST = re.compile(r"(?<![\w.])[A-ZÀ-ÞĀ-ɏḀ-Ỿ][^\W\d_]*")
"""A word with a capital, from its beginning on, up to an apostrophe, a hyphen or a stop."""


class Names:
    """Names that begin with a capital, in the order of their length."""

    def __init__(self, names: Iterable[str]) -> None:
        self._beginning_with: dict[str, list[str]] = {}
        for name in sorted(names, key=lambda name: (-len(name), name)):
            first = _FIRST.match(name)
            if first is None:
                raise ValueError(f"{name!r}: a name begins with a capital letter")
            self._beginning_with.setdefault(first[0], []).append(name)

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Each longest name with where it begins and ends; names within names are none."""
        end = 0
        for word in _FIRST.finditer(text):
            if word.start() >= end and (name := self._at(text, word.start(), word[0])):
                end = word.start() + len(name)
                yield name, word.start(), end

    def begins(self, text: str) -> str | None:
        """The longest name that the text begins with."""
        word = _FIRST.match(text)
        return self._at(text, 0, word[0]) if word else None

    def _at(self, text: str, start: int, first: str) -> str | None:
        for name in self._beginning_with.get(first, ()):
            after = text[start + len(name) : start + len(name) + 1]
            if text.startswith(name, start) and not (after.isalnum() or after == "_"):
                return name
        return None
