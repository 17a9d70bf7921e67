"""Nationality as a text states it, and the words that stated it.

Four kinds of statement, the stronger kind first; the first kind that a text has decides:

    stated      the description and the first sentence's predicate: `Canadian-American actor`
    represents  an office or a team: `a Representative from Hawaii`, `the Irish national team`
    from        `from Lagos`, `a native of Cuba`
    born        `born in Lagos`, `Nigerian-born`
    mentioned   any demonym, where the text has those of one country alone

`of Indian descent` is no nationality; `American football` and the like are no demonyms.
`Canadian-American` is both; `Chinese American`, without the hyphen, is an American.
"""

import re
from dataclasses import dataclass
from functools import cache

from noisyau.people.gazetteer import US_SHORT, alternatives, countries, demonyms, places, us_states
from noisyau.people.sentences import predicate

_ASIDES = re.compile(
    r"(?:of|has|have|with|and)\s+(?:[\w-]+[\s,/]+(?:and\s+)?){0,5}"
    r"(?:descent|ancestry|heritage|parentage|extraction|origins?|background|roots)\b"
    r"|(?<=to )(?:[\w-]+ ){1,4}parents\b"
    # regions of several countries
    r"|\b(?:West|East) Indian\b|\b(?:Latin|South|North|Central) American\b"
)
_NOT_PEOPLE = (
    r"(?:(?:(?<=American)|(?<=Canadian))[ -]football\b"
    r"|[ -](?:language|speaking)\b|\s+(?:literature|horn|medicine|cuisine|food|bulldog|shepherd|"
    r"[Rr]evolution|Civil War|War|Idol|Pie|Beauty|Hustle|Psycho|Horror|Gods|Graffiti|League|"
    r"Basketball|Airlines|Bandstand|Music Awards|studies|history|Open|Premier|Broadcasting)\b)"
)


@dataclass(frozen=True)
class Statement:
    """What a text says of a person's country.

    countries  ISO 3166 alpha-3, in the order of the text
    core       those that the description names too, where there is one; else all
    evidence   kind and words: `stated: Canadian, American`
    """

    countries: tuple[str, ...]
    core: tuple[str, ...]
    evidence: str


@cache
def _demonym() -> re.Pattern[str]:
    names = alternatives(demonyms() | countries())
    return re.compile(rf"(?<![\w.])(?<!New )(?P<name>{names})(?![\w])(?!{_NOT_PEOPLE})")


@cache
def _origin() -> re.Pattern[str]:
    return re.compile(rf"\b(?P<name>{alternatives(demonyms())})[- –]born\b")


@cache
def _place() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.])(?P<name>{alternatives(places() | {'Georgia': 'GEO'})})(?!\w)")


@cache
def _office() -> re.Pattern[str]:
    states = alternatives(dict.fromkeys(us_states(), "USA"))
    return re.compile(
        r"\b(?:Representative|Senator|Delegate|Resident Commissioner|Congress(?:man|woman))\s+"
        rf"(?:\([^()]*\)\s*)?(?:and an? \w+\s+)?from\s+(?:the\s+)?(?P<name>{states})\b"
    )


@cache
def _team() -> re.Pattern[str]:
    names = alternatives(demonyms() | countries())
    return re.compile(
        rf"\b(?P<name>{names})(?:\s+(?:men's|women's|junior|senior|under-\d+|[a-z]+)){{0,3}}\s+"
        r"(?:national\b|[Pp]arliament\b)"
        rf"|\b(?:represent(?:ed|ing|s)?|(?:compet|play)(?:es|ed|ing|s)? (?:internationally )?for)"
        rf"\s+(?:the\s+)?(?P<name2>{alternatives(countries())})\b"
    )


_FROM = re.compile(r"\b(?:from|native of|citizen of|resident of|raised in)\s+(?:the\s+)?")
_BORN = re.compile(r"\b[Bb]orn\b[^.;]{0,60}?\b(?:in|at)\s+(?:the\s+)?")
_SHORT = "|".join(re.escape(word) for word in US_SHORT.split("|"))
_WORD = rf"(?:(?:[A-Z]\.)+|St\.|{_SHORT}|[A-ZÀ-Þ][\w'’-]*)"
_CHAIN = re.compile(rf"{_WORD}(?:[ ,]+(?:(?:and|of the|of|the|upon|de|do) )?{_WORD})*")


def nationality_of(description: str, text: str) -> Statement | None:
    """What the text states; None where it names no country."""
    described = _peoples(description)
    stated = described + _peoples(predicate(text))
    if stated:
        core = [code for _, code in stated if code in {c for _, c in described}]
        return _statement("stated", stated, core)
    for kind, find in (
        ("represents", _represented),
        ("from", lambda t: _chains(_FROM, t)),
        ("born", _born),
        ("mentioned", _mentioned),
    ):
        if found := find(text):
            return _statement(kind, found, [])
    return None


def _statement(kind: str, found: list[tuple[str, str]], core: list[str]) -> Statement:
    codes = tuple(dict.fromkeys(code for _, code in found))
    words = ", ".join(dict.fromkeys(word for word, _ in found))
    return Statement(codes, tuple(dict.fromkeys(core)) or codes, f"{kind}: {words}")


def _peoples(phrase: str) -> list[tuple[str, str]]:
    """Demonyms and countries of a noun phrase, without origins and without what is no people."""
    phrase = _origin().sub(" ", _ASIDES.sub(" ", phrase))
    known = demonyms() | countries()
    found = []
    for match in _demonym().finditer(phrase):
        follows = phrase[match.end() :]
        # `Chinese American`: the second word is the nationality
        if re.match(r"\s+American\b", follows):
            continue
        found.append((match["name"], known[match["name"]]))
    return found


def _represented(text: str) -> list[tuple[str, str]]:
    found = [(match["name"], "USA") for match in _office().finditer(text[:400])]
    if found:
        return found[:1]
    known = demonyms() | countries()
    names = (match["name"] or match["name2"] for match in _team().finditer(text))
    return [(name, known[name]) for name in names]


def _born(text: str) -> list[tuple[str, str]]:
    known = demonyms()
    origins = [(match[0], known[match["name"]]) for match in _origin().finditer(text)]
    return origins or _chains(_BORN, text)


def _mentioned(text: str) -> list[tuple[str, str]]:
    # demonyms alone: names of countries are surnames too (Jordan, Ireland, Holland)
    known = demonyms()
    matches = _demonym().finditer(_ASIDES.sub(" ", text))
    found = [(m["name"], known[m["name"]]) for m in matches if m["name"] in known]
    return found if len({code for _, code in found}) == 1 else []


def _chains(lead: re.Pattern[str], text: str) -> list[tuple[str, str]]:
    """The country of the first `Town, County, State` that follows the words of `lead`."""
    for start in lead.finditer(text):
        chain = _CHAIN.match(text, start.end())
        if chain and (place := _country_of_chain(chain[0], text)):
            return [place]
    return []


def _country_of_chain(chain: str, text: str) -> tuple[str, str] | None:
    """The last place of a chain whose country is known: `Paris, Texas` is in the USA."""
    parts = [part.strip() for part in chain.split(",")]
    for part in reversed(parts):
        match = _place().match(part)
        if match is None or match.end() < len(part.rstrip(".")):
            continue
        if match["name"] != "Georgia":
            return match["name"], places()[match["name"]]
        if "Tbilisi" in text or "Georgian" in text or "Soviet" in text:
            return "Georgia", "GEO"
        if _AMERICAN.search(text):
            return "Georgia", "USA"
    return None


_AMERICAN = re.compile(r"\b(?:Atlanta|Savannah|Augusta|Macon|Ga\.|U\.?S\.|United States|American)")
