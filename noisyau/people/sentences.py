"""The part of a text that says what its person is: the first sentence's predicate."""

import re
from functools import lru_cache

_REACH = 1500
"""Characters of a text that its first predicate must begin in."""

_COPULA = re.compile(
    r"\b(?:is|was|are|were)\s+(?:also\s+)?"
    r"(?:(?:an?|the|one of|among)\b|(?=(?-i:[A-Z])))|^\s*\(?an?\s",
    re.IGNORECASE,
)
_APPOSITION = re.compile(r",\s+(?:an?|the)\s")
_END = re.compile(
    # relative words, prepositions, and participles that a text goes on with
    r"\b(?:who|whose|which|that|for|in|at|on|from|with|by|of|as|to|under|during|after|before|"
    r"best|better|known|noted|famous|currently|\w+ed(?=\s(?:by|in)\b)|(?<![-–])born|and is|"
    r"and was)\b|[;(]|\.\s|\.$|\n|,\s+(?:he|she|they)\b",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\([^()]*\)|（[^（）]*）|\[[^\[\]]*\]")
_CLAUSE = re.compile(
    r",\s(?:who|whose)\s[^,.;]{1,200},(?=\s(?:is|was)\b)|"
    r"(?<=[.;]\s)(?:His|Her|Their|his|her)\s[^.;]{1,60}?\s(?:is|was|are|were)\b[^.;]*"
)


def opening(text: str) -> str:
    """The text's beginning without what stands in brackets (birth dates, other scripts), and
    without clauses about somebody or something else (`Jo, whose father was a German, is ...`, `Her
    mother is a Dane`)."""
    return _CLAUSE.sub(" ", _ASIDE.sub(" ", text[:_REACH]))


@lru_cache(maxsize=1)  # gender and nationality ask for the same text, one after the other
def predicate(text: str) -> str:
    """`American film and television actress` of `Jo Bo is an American film and television
    actress best known for ...`, or of `Jo Bo, an American film and television actress, ...`; a
    kinship goes on (`the daughter of`). Empty where the text says nowhere near its beginning
    what the person is."""
    beginning = opening(text)
    start = _COPULA.search(beginning) or _APPOSITION.search(beginning)
    if start is None:
        return ""
    rest = beginning[start.end() :]
    end = _END.search(rest)
    return (rest[: end.start()] if end else rest).strip(" ,")


NOT_ONE_PERSON = frozenset({
    "band", "bands", "duo", "trio", "quartet", "quintet", "group", "ensemble", "orchestra", "choir",
    "team", "club", "company", "label", "brand", "organisation", "organization", "film", "movie",
    "series", "sitcom", "show", "novel", "book", "album", "song", "single", "game", "episode",
    "play", "character", "superhero", "supervillain", "family", "brothers", "sisters", "twins",
})  # fmt: skip
"""What is a band, a film, a character or a family."""


def not_one_person(text: str) -> str | None:
    """The word by which the predicate speaks of a band, a film, a character or a family, and so
    of nobody whose gender could be told; None where it speaks of a person."""
    said = predicate(text).lower()
    words = re.findall(r"[\w'-]+", said)
    if "fictional" in words:
        return "fictional"
    if len(words) > 1 and words[-1].endswith("ing"):
        words.pop()  # `a choral group singing in ...`
    return words[-1] if words and words[-1] in NOT_ONE_PERSON else None
