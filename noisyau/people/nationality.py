"""Nationality as a text states it, and the words that stated it.

Kinds of statement, the stronger first; the first kind that a text has decides:

    stated      the description, the first sentence's predicate, a citizenship that was taken:
                `Canadian-American actor`, `an actor. She obtained Mexican citizenship`
    represents  an office or a team: `a Representative from Hawaii`, `President of Ghana`, `the
                Irish national team`
    from        `from Lagos`, `grew up in Oslo`
    born        `born in Lagos`, `Nigerian-born`
    mentioned   any demonym, where the text has those of one country alone

`of Indian descent` is no nationality; `American football` and the like are no demonyms.
`Canadian-American` is both; `Chinese American`, without the hyphen, is an American, and `British
Chinese` a Briton.

Where a pattern lists words, it has those that three or more of 2,264 biographies need (986 of the
Knowledge Graph, 878 of Congress, 400 labelled by hand), or else a class is closed (kin, heads of
state, descent, losing a citizenship) and has its members though some are rarer.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from noisyau.people.gazetteer import HISTORIC, demonyms, peoples, us_states
from noisyau.people.names import Names
from noisyau.people.places import country_names, first_place
from noisyau.people.sentences import NOT_ONE_PERSON, predicate

_REACH = 10_000
"""Characters of a text that are looked at."""

Found = tuple[str, str]
"""The words and the ISO 3166 alpha-3 code of the country that they name."""

_ASIDES = re.compile(
    r"\b(?:of|has|have|with|and)\s+(?:[\w-]+[\s,/]+(?:and\s+)?){0,5}"
    r"(?:descent|ancestry|heritage|extraction|origins?|roots)\b"
    r"|(?<=to )(?:[\w-]+ ){1,4}(?:parents|family|father|mother|immigrants)\b"
    # a citizenship that is not theirs, or no more
    r"|\b(?:denied|held|renounced|lost)\b[^.;]{0,60}(?:citizenship|nationality)\b"
    # regions of several countries, and an honour
    r"|\b(?:West|East) Indian\b|\b(?:Latin|South|North|Central) American\b|\bAll-American\b"
)
_NOT_PEOPLE = re.compile(
    r"(?:(?<=American)|(?<=Canadian))[ -]football\b|(?<=Australian) rules\b"
    r"|[ -](?:language|speaking)\b|\s+Catholic\b"
)
_TITLE = re.compile(r"\s+[A-Z]")
"""What makes a demonym in a running text the beginning of a name: `American Idol`."""
_OTHERS = re.compile(
    r"\b(?:wife|husband|widow|son|daughter|brother|sister|father|mother|parents|student|pupil)"
    r"\s+(?:of|is|was|are|were)\b[^.;]*"
)
"""Whoever else a sentence turns to: what it says from there on is not the person's."""
_OF_A_THING = re.compile(rf"(?:\s[\w-]+){{0,3}}\s(?:{'|'.join(sorted(NOT_ONE_PERSON))})\b")
"""A Canadian band's singer may come from anywhere."""
_CITIZEN = re.compile(r"\s+(?:and\s+[A-Z]\w+\s+)?(?:nationality|citizenship|citizen)\b")
_CITIZEN_OF = re.compile(r"\bcitizen(?:ship)? of\b|\bnaturali[sz]ed(?: as an?| in)?\b")
_LISTED = re.compile(r"(?:[\s,]|\band\b|\bboth\b|\bthe\b)*")
_NO_MODIFIERS = frozenset({"Jordan", "Chad"})
"""Names of countries that are people's too: none, where they stand before a noun."""


@dataclass(frozen=True)
class Statement:
    """What a text says of its person's country.

    kind       one of the kinds above, or `given` where a user's own file says it
    words      that said it
    countries  ISO 3166 alpha-3, in the order of the text
    """

    kind: str
    words: tuple[str, ...]
    countries: tuple[str, ...]


@cache
def _people_names() -> Names:
    return Names(peoples().keys() - _NO_MODIFIERS)


@cache
def _team_names() -> Names:
    return Names(peoples())


@cache
def _demonym_names() -> Names:
    return Names(demonyms())


@cache
def _state_names() -> Names:
    return Names(us_states())


_BORN_IN = re.compile(r"[- –]born\b")
_LIVING_IN = re.compile(r"[- –]based\b")
_OFFICE = re.compile(
    r"\b(?:Representative|Senator|Delegate|Resident Commissioner|Congress(?:man|woman))\s+"
    r"(?:\([^()]*\)\s*)?(?:and an? \w+\s+)?from\s+(?:the\s+)?"
)
_HEAD_OF = re.compile(
    r"\b(?:[Pp]resident|[Pp]rime [Mm]inister|[Cc]hancellor|[Kk]ing|[Qq]ueen|[Ee]mperor|[Ss]ultan|"
    r"[Pp]rince|[Pp]rincess)\b[^.;,]{0,40}?\bof\s+(?:the\s+)?"
)
_TEAM = re.compile(
    r"(?:\s+(?:men's|women's|junior|senior|under-\d+|[a-z]+)){0,3}\s+"
    r"(?:national|international)\b"
)
_FOR = re.compile(
    r"\b(?:represent(?:ed|ing|s)?|(?:compet|play)(?:es|ed|ing|s)? (?:internationally )?for)"
    r"\s+(?:the\s+)?"
)
_FROM = re.compile(r"(?<!graduated )\b(?:from|raised in|grew up in)\s+(?:the\s+)?")
"""Universities are called by their cities, hence not `graduated from`."""
_BORN = re.compile(r"\b[Bb]orn\b(?:[^.;]|\.(?!\s[A-Z])){0,120}")
_IN = re.compile(r"\b(?:in|at|near)\s+(?:the\s+)?|(?<=\d{4}),\s+")


def nationality_of(description: str, text: str) -> Statement | None:
    """What the text states; None where it names no country."""
    text = text[:_REACH]
    if stated := _peoples(description) + _peoples(predicate(text)) + _citizenships(text):
        return _statement("stated", stated)
    kinds: dict[str, Callable[[str], list[Found]]] = {
        "represents": _represented,
        "from": _from,
        "born": _born,
        "mentioned": _mentioned,
    }
    for kind, find in kinds.items():
        if found := find(f"{description}. {text}" if kind == "represents" else text):
            return _statement(kind, found)
    return None


def _statement(kind: str, found: list[Found]) -> Statement:
    words, codes = zip(*found, strict=True)
    return Statement(kind, tuple(dict.fromkeys(words)), tuple(dict.fromkeys(codes)))


def _peoples(phrase: str) -> list[Found]:
    """Demonyms and countries of a noun phrase, without origins and without what is no people."""
    phrase = _ASIDES.sub(" ", phrase.replace("–", "-"))
    known = peoples()
    found: list[tuple[str, int, int]] = []
    for name, start, end in _people_names().find(phrase):
        if any(other.match(phrase, end) for other in (_NOT_PEOPLE, _BORN_IN, _LIVING_IN)):
            continue
        if found and phrase[found[-1][2] : start].isspace():
            # two in a row: `Chinese American`, `British Chinese`
            if found[-1][0] == "British":
                continue
            found.pop()
        found.append((name, start, end))
    return _present([(name, known[name]) for name, _, _ in found])


def _present(found: list[Found]) -> list[Found]:
    """Without a historic state's people where a country that came after it is named as well."""
    codes = {code for name, code in found if name not in HISTORIC}
    return [
        (name, code)
        for name, code in found
        if name not in HISTORIC or codes.isdisjoint(HISTORIC[name].split())
    ]


def _citizenships(text: str) -> list[Found]:
    """`a Greek citizen`, `a dual citizen of Cuba and Spain`, `naturalized in Canada`."""
    if "citizen" not in text and "national" not in text and "natural" not in text:
        return []
    known = peoples()
    text = _ASIDES.sub(" ", text)
    found = [
        (text[start : end + len(match[0])], known[name])
        for name, start, end in _people_names().find(text)
        if (match := _CITIZEN.match(text, end))
    ]
    for lead in _CITIZEN_OF.finditer(text):
        end = lead.end()
        while name := _people_names().begins(text[(start := _after(_LISTED, text, end)) :][:60]):
            found.append((name, known[name]))
            end = start + len(name)
    return found


def _after(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _represented(text: str) -> list[Found]:
    for match in _OFFICE.finditer(text[:400]):
        if state := _state_names().begins(text[match.end() :]):
            return [(state, "USA")]
    known = peoples()
    found = [
        (name, known[name]) for name, _, end in _team_names().find(text) if _TEAM.match(text, end)
    ]
    for lead in (_HEAD_OF, _FOR):
        for match in lead.finditer(text):
            if name := country_names().begins(text[match.end() : match.end() + 60]):
                found.append((name, known[name]))
    return found


def _from(text: str) -> list[Found]:
    return first_place(text, (match.end() for match in _FROM.finditer(text)))


def _born(text: str) -> list[Found]:
    known = demonyms()
    for name, _, end in _demonym_names().find(text):
        if match := _BORN_IN.match(text, end):
            return [(name + match[0], known[name])]
    starts = (
        place.end()
        for born in _BORN.finditer(text)
        for place in _IN.finditer(text, born.start(), born.end())
    )
    return first_place(text, starts)


def _mentioned(text: str) -> list[Found]:
    # demonyms alone: names of countries are surnames too (Jordan, Ireland, Holland)
    text = _OTHERS.sub(" ", _ASIDES.sub(" ", text))
    found = [
        (name, demonyms()[name])
        for name, _, end in _demonym_names().find(text)
        if not any(other.match(text, end) for other in (_NOT_PEOPLE, _OF_A_THING, _TITLE))
    ]
    return found if len({code for _, code in found}) == 1 else []
