"""The country of a place as texts write it: `Buffalo, Erie County, N.Y.`, `Kiev, Soviet Union`."""

import re
from collections.abc import Iterable
from functools import cache

from noisyau.people.gazetteer import (
    SUPERSEDED,
    US_SHORT,
    countries,
    demonyms,
    places,
    us_states,
)
from noisyau.people.names import Names

_SHORT = "|".join(re.escape(word) for word in US_SHORT.split("|"))
_WORD = rf"(?:{_SHORT}|(?:[A-Z]\.)+|St\.|(?:d['’])?[A-ZÀ-ÞĀ-Ž][\w'’-]*)"
_CHAIN = re.compile(rf"{_WORD}(?:[ ,]+(?:(?:and|of the|of|the|upon|de|do) )?{_WORD})*")
_AMERICAN = re.compile(r"\b(?:Atlanta|Savannah|Augusta|Macon|Ga\.|U\.?S\.|United States|American)")


Found = tuple[str, str]
"""The words and the ISO 3166 alpha-3 code of the country that they name."""


@cache
def state_names() -> Names:
    return Names(us_states())


@cache
def country_names() -> Names:
    return Names(countries())


@cache
def _place_names() -> Names:
    return Names({*places(), "Georgia"})


@cache
def _demonym_names() -> Names:
    return Names(demonyms())


def first_place(text: str, starts: Iterable[int], whole: str | None = None) -> list[Found]:
    """The country of the first `Town, County, State` that begins at one of these; the whole text,
    where this is a part, tells which Georgia is meant."""
    for start in starts:
        chain = _CHAIN.match(text, start, start + 200)
        if chain and (place := _country_of_chain(chain[0], whole or text)):
            return [place]
    return []


def _country_of_chain(chain: str, text: str) -> Found | None:
    """The last place of a chain whose country is known: `Paris, Texas` is in the USA. A state
    that is no more gives way to a place before it: `Kiev, Soviet Union` is in Ukraine."""
    kept: Found | None = None
    for part in reversed([part.strip() for part in chain.split(",")]):
        place = _place(part, text)
        if place and place[0] not in SUPERSEDED:
            return place
        kept = kept or place
    return kept


def _place(part: str, text: str) -> Found | None:
    name = _place_names().begins(part)
    if name is None or len(name) < len(part.rstrip(".")):
        return _ends_with(part)
    if name != "Georgia":
        return name, places()[name]
    if "Tbilisi" in text or "Georgian" in text or "Soviet" in text:
        return "Georgia", "GEO"
    return ("Georgia", "USA") if _AMERICAN.search(text) else None


def _ends_with(part: str) -> Found | None:
    """`Kiev Ukraine` by its country, `Ukrainian SSR` by its people."""
    if part.endswith(" SSR"):
        people = _demonym_names().begins(part)
        return (part, demonyms()[people]) if people else None
    for name, _, end in country_names().find(part):
        if end == len(part):
            return name, countries()[name]
    return None
