"""Gender as a text's own pronouns and gendered nouns state it.

Pronouns are counted through the whole text; nouns only where they say what the person is, in
the description and in the first sentence's predicate (`was an English actress`), in the titles Sir
and Dame, and in `became the first woman to ...`. `actor`, like
all nouns that both genders bear, says nothing. Not counted are a pronoun with a capital inside a
sentence, which is part of a title (`She Bangs`), and one that tells a kinship after another name,
which may be that one's (`under Empress Wu, her son and her grandson`).

A text that calls its person non-binary, or that says `they` of one person and neither `he` nor
`she`, decides nothing, whatever else it counts; nor does one about a band, a film or a character.
"""

import re
from dataclasses import dataclass
from typing import Literal

from noisyau.people.sentences import not_one_person, predicate

FEMALE = frozenset({"she", "her", "hers", "herself"})
MALE = frozenset({"he", "him", "his", "himself"})

_PRONOUN = re.compile(
    r"(?<![\w&'’.-])(he|him|his|himself|she|her|hers|herself)(?![\w-])(?!/)", re.IGNORECASE
)
_STARTS_A_SENTENCE = re.compile(r"(?:^|[.!?:;)\n]['\"”’)]*)\s*['\"“‘(]*\Z")
_KIN = (
    r"(?:husband|wife|widow|widower|mother|father|daughter|son|sister|brother|niece|nephew|"
    r"grandmother|grandfather|granddaughter|grandson)"
)
_BEFORE_KIN = re.compile(rf"\s(?:\w+\s)?{_KIN}\b")
_AFTER_A_NAME = re.compile(r"[^.!?\n]\s(?:[A-ZÀ-Þ][\w'’-]*\s?)+,?\s?(?:and\s)?\Z")
"""A name inside a sentence; at its beginning it is the person's own (`Jo and her son`)."""

# closed classes, of which each word stands though few texts have it: kinship, rank, compounds of
# -man and -woman; beside them what names a gender by itself. `priest` and `chair` do not.
_FEMALE_NOUN = re.compile(
    r"\b(actress|dame|empress|(?<!drag )queen|princess|duchess|countess|baroness|lady|"
    r"(?:\w+)?woman|girl(?! (?:group|band))|female(?! impersonator)|"
    r"wife|widow|mother|daughter|sister|niece|grandmother|granddaughter)\b",
    re.IGNORECASE,
)
_MALE_NOUN = re.compile(
    r"\b(sir|emperor|(?<!drag )king|prince|duke|baron|"
    r"(?:business|states|chair|spokes|sports|congress|noble|front)?man|"
    r"boy(?! (?:group|band))|male(?! impersonator)|"
    r"husband|widower|father|son|brother|nephew|grandfather|grandson)\b",
    re.IGNORECASE,
)
_FIRST_WOMAN = re.compile(
    r"\b(?:was|is|became|becoming|as)\s(?:also\s)?(?:one of )?the\s"
    r"(?:first|second|only|lone|youngest|oldest)\s(?:[\w-]+\s){0,3}?(?:woman|female|man|male)\b"
)
"""Of whom a text has no pronoun it may still say `became the first woman to ...`."""
_TITLE = re.compile(r"\A(?:Sir|Dame)\s")
_NEITHER = re.compile(
    r"\b(?:(?:non-?binary|gender-?queer|gender-?fluid|agender)"
    r"(?!\s(?:people|characters?|roles?|rights|issues|communit|youth|students|models))|"
    r"they/them|gender-neutral pronouns)\b",
    re.IGNORECASE,
)
_THEY = re.compile(r"(?<![\w'’-])(they|them|their|theirs|themselves|themself)(?![\w-])(?!/)", re.I)
_MAJORITY = 2
"""Where both occur, one needs twice the other's count: texts also speak of wives and sons."""


@dataclass(frozen=True)
class Gender:
    """What a text says of its person's gender.

    value       None where no word says it, both are said about as often, or neither is
    confidence  of the words that say a gender, the share that says this one, with one more for
                either side: 0.67 for a single word, towards 1 the more agree; None with the value.
                It tells how much was said, and is no probability of being right: of the 1,362
                decided people whose gender readers had told as well, none was wrong
    evidence    the counted words (`she 2, her 1; actress 1`), after `non-binary: ` and the word
                that says it, after `they: `, or after `not one person: ` and the word that says
                so; None where no such word occurs
    """

    value: Literal["female", "male"] | None
    confidence: float | None
    evidence: str | None


NEITHER = ("non-binary: ", "they: ")
"""How the evidence begins where the text tells of a person in words that are neither's."""


def gender_of(description: str, text: str) -> Gender:
    """The gender that the description and the text state."""
    counts: dict[str, int] = {}
    for match in _PRONOUN.finditer(text):
        if _is_the_persons(text, match):
            counts[match[1].lower()] = counts.get(match[1].lower(), 0) + 1
    says = ". ".join([description, predicate(text), *_FIRST_WOMAN.findall(text)])
    if title := _TITLE.match(text):
        says += f". {title[0]}"
    nouns: dict[str, int] = {}
    female = sum(counts.get(word, 0) for word in FEMALE)
    male = sum(counts.get(word, 0) for word in MALE)
    for noun, sign in ((_FEMALE_NOUN, 1), (_MALE_NOUN, 0)):
        for match in noun.finditer(says):
            nouns[match[1].lower()] = nouns.get(match[1].lower(), 0) + 1
            female, male = female + sign, male + 1 - sign

    evidence = "; ".join(filter(None, map(_listed, (counts, nouns))))
    if thing := not_one_person(text):
        return Gender(None, None, "; ".join(filter(None, (f"not one person: {thing}", evidence))))
    if neither := _NEITHER.search(f"{description}. {text}"):
        return Gender(None, None, NEITHER[0] + "; ".join(filter(None, (neither[0], evidence))))
    if female > 0 and female >= _MAJORITY * male:
        return Gender("female", (female + 1) / (female + male + 2), evidence)
    if male > 0 and male >= _MAJORITY * female:
        return Gender("male", (male + 1) / (female + male + 2), evidence)
    if not evidence and (theirs := _own_they(text)):
        return Gender(None, None, NEITHER[1] + theirs)
    return Gender(None, None, evidence or None)


def _listed(group: dict[str, int]) -> str:
    return ", ".join(f"{word} {count}" for word, count in sorted(group.items()))


def _is_the_persons(text: str, pronoun: re.Match[str]) -> bool:
    word, start, end = pronoun[1], pronoun.start(), pronoun.end()
    if not word.islower():
        before = text[max(0, start - 12) : start]
        return word.istitle() and bool(_STARTS_A_SENTENCE.search(before))
    kinship = word in ("her", "his") and _BEFORE_KIN.match(text, end)
    return not (kinship and _AFTER_A_NAME.search(text[max(0, start - 60) : start]))


def _own_they(text: str) -> str:
    """`they 2, their 1`, where a sentence begins with They; a text says so of several people as
    well, which is why it decides nothing and only tells what was there."""
    counts: dict[str, int] = {}
    opens = False
    for match in _THEY.finditer(text):
        if match[1] == "They":
            before = text[max(0, match.start() - 12) : match.start()]
            opens = opens or bool(_STARTS_A_SENTENCE.search(before))
        counts[match[1].lower()] = counts.get(match[1].lower(), 0) + 1
    return _listed(counts) if opens else ""
