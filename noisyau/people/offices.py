"""Whom a text says to represent a country: members of Congress, heads of state, athletes."""

import re
from collections.abc import Iterator
from functools import cache

from noisyau.people.gazetteer import peoples
from noisyau.people.names import Names
from noisyau.people.places import Found, country_names, state_names
from noisyau.people.sentences import after_predicate, predicate

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
_NOT_OF_IT = re.compile(
    r"\b(?:coach|manag|train|scout|beat|defeat|against|over|score)\w*\b[^.;]*\Z", re.IGNORECASE
)
"""Before a team: not who played for it."""
_BECAME = re.compile(
    r"\b(?:served|serving|serves|reigned|ruled|elected|appointed|crowned|became)\s(?:as\s)?"
    r"(?:(?:the|an?|first|last|current|former|\d+\w\w)\s)*(?=[A-Za-z])"
)
_HAS_A_PREPOSITION = re.compile(r"\b(?:to|of|for|by|with|under)\b")
_FOR = re.compile(
    r"\b(?:(?:compet|play)(?:es|ed|ing|s)? (?:internationally )?for|(represent(?:ed|ing|s)?))"
    r"\s+(?:the\s+)?"
)
_CONTEST = re.compile(
    r"[^.;]{0,60}\b(?:Olympics?|Games|Cups?|Championships?|Eurovision|contest|competitions?|"
    r"tournaments?|internationally|matches|Miss)\b"
)


def represented(description: str, text: str, theirs: str) -> list[Found]:
    """The state or countries that the person represents; `theirs` is the text without others."""
    text = f"{description}. {text}"
    for match in _OFFICE.finditer(text[:400]):
        if state := state_names().begins(text[match.end() :]):
            return [(state, "USA")]
    known = peoples()
    found = [
        (name, known[name])
        for name, start, end in _team_names().find(theirs)
        if _TEAM.match(theirs, end) and not _NOT_OF_IT.search(theirs[max(0, start - 60) : start])
    ]
    for place in _heads_of(description, text, theirs):
        if name := country_names().begins(place[:60]):
            found.append((name, known[name]))
    for match in _FOR.finditer(theirs):
        name = country_names().begins(theirs[match.end() : match.end() + 60])
        if name and (not match[1] or _CONTEST.match(theirs, match.end())):
            found.append((name, known[name]))
    return found


def _heads_of(description: str, text: str, theirs: str) -> Iterator[str]:
    """What follows `President of the`, where it is the person who was president."""
    head = _HEAD_OF.search(description)
    if head and not _HAS_A_PREPOSITION.search(description[: head.start()]):
        yield description[head.end() :]
    said, after = predicate(text), after_predicate(text)
    phrase = said.rsplit(",", 1)[-1] + after[:80]
    head = _HEAD_OF.search(phrase) if after.startswith((" of ", "of ")) else None
    if head and not _HAS_A_PREPOSITION.search(phrase[: head.start()]):
        yield phrase[head.end() :]
    for became in _BECAME.finditer(theirs):
        if head := _HEAD_OF.match(theirs, became.end(), became.end() + 120):
            yield theirs[head.end() :]


@cache
def _team_names() -> Names:
    return Names(peoples())
