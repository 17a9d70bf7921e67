"""The part of a text that says what its person is: the first sentence's predicate."""

import re

_REACH = 1500
"""Characters of a text that its first predicate must begin in."""

_COPULA = re.compile(
    r"\b(?:is|was|are|were|be|became|remains)\s+(?:also\s+|both\s+)?"
    r"(?:an?|the|one of|among)\b|^\s*\(?(?:an?)\s",
    re.IGNORECASE,
)
_END = re.compile(
    r"\b(?:who|whose|which|that|where|when|best|better|known|noted|famous|for|in|at|on|from|with|"
    r"by|of|as|to|currently|based|serving|playing|(?<![-–])born|and is|and was)\b|[;(]|\.\s|\.$|\n",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\([^()]*\)")


def opening(text: str) -> str:
    """The text's beginning without what stands in brackets (birth dates, other scripts)."""
    return _ASIDE.sub(" ", text[:_REACH])


def predicate(text: str) -> str:
    """`American film and television actress` of `Jo Bo is an American film and television
    actress best known for ...`; a kinship goes on (`the daughter of`). Empty where the text
    says nowhere near its beginning what the person is."""
    start = _COPULA.search(opening(text))
    if start is None:
        return ""
    rest = opening(text)[start.end() :]
    end = _END.search(rest)
    return (rest[: end.start()] if end else rest).strip(" ,")
