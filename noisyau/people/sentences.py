"""Whom a text speaks of: the first predicate that is its person's, and the text without others."""

import re
from functools import lru_cache
from itertools import pairwise

_REACH = 1500
"""Characters of a text that its first predicate must begin in."""

KIN = (
    r"(?:(?:grand|step|half-|god)?(?:father|mother|son|daughter|brother|sister|parent|child)s?|"
    r"(?:grand)?children|wife|wives|husband|spouse|widow|widower|niece|nephew|uncle|aunt|cousin|"
    r"siblings?|twin|family|fiancée?|girlfriend|boyfriend)"
)
_TO_THE_END = r"(?:(?!,\s(?:and\s)?(?:he|she|they)\b)(?:[^.;]|\.(?!\s)))*"
_OTHERS = re.compile(
    rf"(?<!\band\s)(?<!\bwith\s)(?:\b(?:[Hh]is|[Hh]er|[Tt]heir)|['’]s)\s(?:[\w-]+\s){{0,2}}?{KIN}\b{_TO_THE_END}"
    rf"|\b(?:[Hh]is|[Hh]er)\s{KIN}\s(?:[A-Z]\w+\s?){{0,3}},\s(?:an?|the|who)\b{_TO_THE_END}"
    rf"|\b(?:{KIN}|[Ww]ife|[Ss]tudent|[Pp]upil)\s(?:of|is|was|are|were|came|comes)\b{_TO_THE_END}"
    rf"|\b(?:married|studied (?:under|with)|taught by)\s{_TO_THE_END}"
)
_COPULA = re.compile(
    r"\b(?:is|was|are|were)\s+(?:also\s+)?"
    r"(?:(?:an?|the|one of|among)\b|(?=(?-i:[A-Z])))|^\s*\(?an?\s",
    re.IGNORECASE,
)
_APPOSITION = re.compile(r",\s+(?:an?|the)\s")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Þ])|\n")
_OF_ANOTHER = re.compile(
    rf"(?:\b(?:who|whom|whose|which|that|where|{KIN})\b|['’]s\s|s['’]\s)[^,]*\Z"
)
"""Before a verb, not closed by a comma: it is not the person of whom the verb tells."""
_LATER_SUBJECT = re.compile(
    r"(?:He|She|They|(?!The|An?\b|It|This|His|Her|Their)(?:[A-ZÀ-Þ]\S*\s*){1,4})\s*"
)
_VERBLESS = re.compile(r"(?:[^a-z\s]\S*|of|the|de|da|di|del|la|le|van|von|bin|ibn|al|y|e|\s+)*")
"""Names alone, particles included."""
_END = re.compile(
    # relative words, prepositions, and participles that a text goes on with
    r"\b(?:who|whose|which|that|for|in|at|on|from|with|by|(?<!professor )of|as|to|under|during|"
    r"after|before|best|better|known|noted|famous|currently|\w+ed(?=\s(?:by|in)\b)|(?<![-–])born|"
    r"and is|and was)\b|[;(]|\.\s|\.$|\n|,\s+(?:he|she|they)\b",
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


def own(text: str) -> str:
    """The text without what it says of relatives, of whom the person married, and of teachers:
    from such words (`his son was`, `Bo's father`, `married a`) to the end of the clause."""
    return _OTHERS.sub(" ", text)


def predicate(text: str) -> str:
    """`American film and television actress` of `Jo Bo is an American film and television
    actress best known for ...`, or of `Jo Bo, an American film and television actress, ...`; a
    kinship goes on (`the daughter of`). Empty where the text says nowhere near its beginning
    what the person is."""
    return _predicate(text)[0]


def after_predicate(text: str) -> str:
    """What follows it: `best known for ...`; empty where there is no predicate."""
    return _predicate(text)[1]


@lru_cache(maxsize=1)  # gender and nationality ask for the same text, one after the other
def _predicate(text: str) -> tuple[str, str]:
    beginning = opening(text)
    start = _start(beginning)
    if start is None:
        return "", ""
    rest = beginning[start:]
    end = _END.search(rest)
    length = end.start() if end else len(rest)
    return rest[:length].strip(" ,"), rest[length:]


def _start(beginning: str) -> int | None:
    """Where the predicate of the first sentence that has one begins."""
    ends = [0, *(match.end() for match in _SENTENCE.finditer(beginning)), len(beginning)]
    for start, end in pairwise(ends):
        for copula in _COPULA.finditer(beginning, start, end):
            lead = beginning[start : copula.start()]
            own_subject = start == 0 or _LATER_SUBJECT.fullmatch(lead)
            if own_subject and not _OF_ANOTHER.search(lead):
                return copula.end()
        apposition = _APPOSITION.search(beginning, 0, end) if start == 0 else None
        if apposition and _VERBLESS.fullmatch(beginning, 0, apposition.start()):
            return apposition.end()
    return None


NOT_ONE_PERSON = frozenset({
    "band", "bands", "duo", "trio", "quartet", "quintet", "group", "supergroup", "ensemble",
    "orchestra", "choir",
    "team", "club", "company", "label", "brand", "organisation", "organization", "film", "movie",
    "series", "sitcom", "show", "novel", "book", "album", "song", "single", "game", "episode",
    "play", "character", "superhero", "supervillain", "family", "brothers", "sisters", "twins",
})  # fmt: skip
"""What is a band, a film, a character or a family."""


def not_one_person(description: str, text: str) -> str | None:
    """The word by which the predicate speaks of a band, a film, a character or a family, and so of
    nobody whose gender could be told; None where it speaks of a person. The description is asked
    where there is no predicate, and whether it calls them a character; elsewhere it may be a band
    (`American band`) to which the person of the text belongs."""
    said = predicate(text)
    found = _thing(description)
    if found in ("fictional", "character") or not said:
        return found
    return _thing(said)


def _thing(phrase: str) -> str | None:
    words = re.findall(r"[\w'-]+", phrase.lower())
    if "fictional" in words:
        return "fictional"
    if len(words) > 1 and words[-1].endswith("ing"):
        words.pop()  # `a choral group singing in ...`
    return words[-1] if words and words[-1] in NOT_ONE_PERSON else None
