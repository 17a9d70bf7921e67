"""Gender as a text's own pronouns and gendered nouns state it.

Pronouns are counted through the whole text; nouns only where they say what the person is, in
the description and in the first sentence's predicate (`was an English actress`). `actor`, like
all nouns that both genders bear, says nothing. A pronoun with a capital inside a sentence is
part of a title (`She Bangs`) and does not count.
"""

import re
from typing import Literal

from noisyau.people.sentences import predicate

FEMALE = frozenset({"she", "her", "hers", "herself"})
MALE = frozenset({"he", "him", "his", "himself"})

_PRONOUN = re.compile(
    r"(?<![\w&'’.-])(he|him|his|himself|she|her|hers|herself)(?![\w-])(?!/)", re.IGNORECASE
)
_STARTS_A_SENTENCE = re.compile(r"(?:^|[.!?:;)\n]['\"”’)]*)\s*['\"“‘(]*\Z")

_FEMALE_NOUN = re.compile(
    r"\b(actress|comedienne|songstress|heiress|hostess|poetess|authoress|duchess|countess|"
    r"baroness|princess|queen|empress|dame|woman|girl|lady|ballerina|nun|"
    r"(?:business|sports|spokes|congress|police|chair|noble|states|horse)woman|"
    r"female|wife|widow|mother|daughter|sister|niece|grandmother|granddaughter)\b",
    re.IGNORECASE,
)
_MALE_NOUN = re.compile(
    r"\b(king|prince|duke|baron|emperor|priest|monk|man|boy|"
    r"(?:business|sports|spokes|congress|police|chair|noble|states|horse|sales)man|"
    r"frontman|male|husband|widower|father|son|brother|nephew|grandfather|grandson)\b",
    re.IGNORECASE,
)
_NEITHER = re.compile(
    r"\bnon-?binary\b|\bgender-?queer\b|\bgender-?fluid\b|\bagender\b|\bthey/them\b|"
    r"\bgender-neutral pronouns\b",
    re.IGNORECASE,
)
_MAJORITY = 2
"""Where both occur, one needs twice the other's count: texts also speak of wives and sons."""


def gender_of(description: str, text: str) -> tuple[Literal["female", "male"] | None, str | None]:
    """The gender, and the counted words that say so (`she 2, her 1; actress 1`).

    The gender is null where no word says it, where both are said about as often, and where the
    text calls the person non-binary; the evidence then tells which. It is null with the gender
    where no such word occurs at all.
    """
    counts: dict[str, int] = {}
    for match in _PRONOUN.finditer(text):
        word = match[1]
        if word.islower() or (word.istitle() and _starts_a_sentence(text, match.start())):
            counts[word.lower()] = counts.get(word.lower(), 0) + 1
    says = f"{description}. {predicate(text)}"
    nouns: dict[str, int] = {}
    female = sum(counts.get(word, 0) for word in FEMALE)
    male = sum(counts.get(word, 0) for word in MALE)
    for noun, sign in ((_FEMALE_NOUN, 1), (_MALE_NOUN, 0)):
        for match in noun.finditer(says):
            nouns[match[1].lower()] = nouns.get(match[1].lower(), 0) + 1
            female, male = female + sign, male + 1 - sign

    evidence = "; ".join(
        ", ".join(f"{word} {count}" for word, count in sorted(group.items()))
        for group in (counts, nouns)
        if group
    )
    if neither := _NEITHER.search(text):
        return None, "; ".join(filter(None, (neither[0], evidence)))
    if female > 0 and female >= _MAJORITY * male:
        return "female", evidence
    if male > 0 and male >= _MAJORITY * female:
        return "male", evidence
    return None, evidence or None


def _starts_a_sentence(text: str, start: int) -> bool:
    return bool(_STARTS_A_SENTENCE.search(text[max(0, start - 12) : start]))
