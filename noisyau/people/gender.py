"""Gender as a text's own pronouns and gendered nouns state it.

Pronouns are counted through the whole text; nouns only where they say what the person is, in
the description and in the first sentence's predicate (`was an English actress`), in the titles Sir
and Dame, and in `became the first woman to ...`; and not where they are part of a name (`Duke
University`, `Burger King`). `actor`, like all nouns that both genders bear, says nothing. Not
counted are a pronoun with a capital inside a sentence, which is part of a title (`She Bangs`), and
one that tells a kinship after another name, which may be that one's (`under Empress Wu, her son
and her grandson`).

A text that calls its person non-binary, or whose sentences begin with `They` and that says `he`
and `she` no more often, decides nothing, whatever else it counts; nor does one about a band, a film
or a character.
"""

import re
from dataclasses import dataclass
from typing import Literal

from noisyau.demographics import NON_BINARY
from noisyau.people.gazetteer import demonyms
from noisyau.people.sentences import KIN, not_one_person, own, predicate

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
_AFTER_A_NAME = re.compile(r"[^.!?\n]\s[A-ZÀ-Þ][\w'’-]*(?:\s[A-ZÀ-Þ][\w'’-]*)*\s?,?\s?(?:and\s)?\Z")
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
_RANKS = frozenset({
    "king", "queen", "prince", "princess", "duke", "duchess", "countess", "baron", "baroness",
    "emperor", "empress", "lady", "sir", "dame",
})  # fmt: skip
"""With a capital they are names as often, unless one stands alone or with what it is of."""
_OF_A_RANK = re.compile(r"\s(?:of|consort|regnant|regent|mother|dowager)\b|\s*(?:[,;.)]|\Z)")
_PART_OF_A_NAME = re.compile(r"\s[A-Z]|['’]")
_BEFORE = re.compile(r"(\w+)\s\Z")
_BEFORE_A_RANK = frozenset({"Crown", "Grand", "Former", "First"})

_NON_BINARY = (
    r"(?:non[- ]?binary|gender[- ]?queer|gender[- ]?fluid|agender|bigender|two[- ]spirit|"
    r"gender[- ]non-?conforming)"
)
_NOT_OF_ONE = (
    r"(?!\s(?:rights|issues|studies|roles?|characters?|communit\w+|people|codes?|numbers?|logic))\b"
)
_SUBJECT = (
    r"(?:\b(?:[Hh]e|[Ss]he|[Tt]hey|who)|(?:\A|(?<=[.!?,]\s))[A-ZÀ-Þ][\w.'’-]*"
    r"(?:\s[A-ZÀ-Þ][\w.'’-]*){0,3})"
)
_SAYS_SO = re.compile(
    rf"{_SUBJECT}(?:,\s[^.,;]{{1,60}},)?\s(?:[a-z]+\s){{0,3}}?"
    r"(?:(?:identif(?:y|ies|ied)|(?:came|come|comes) out|describes? \w+sel(?:f|ves)|is known)\s"
    r"(?:publicly\s)?as|is|are|was|were)\s"
    r"(?:(?!(?:of|for|in|on|with|about|to|by)\s)[\w-]+,?\s){0,4}?"
    rf"({_NON_BINARY}){_NOT_OF_ONE}"
    rf"|{_SUBJECT}\s(?:[a-z]+\s){{0,3}}?(?:uses?|used|prefers?|goes by|go by)\s"
    r"(?:[\w/-]+\s){0,3}?"
    r"((?:they/\w+|\w+/they|gender-neutral)(?:/\w+)?(?=\s(?:and \S+ )?pronouns)|they/them)\b"
    r"|\((they/them|she/they|he/they|they/she|they/he)\)",
)
_OF_SOMEBODY_ELSE = re.compile(
    rf"\b(?:{KIN}|character|role|part|play(?:s|ed|ing)?|portray(?:s|ed|ing)?)\b[^.;]*\Z"
)
_WORTH_ASKING = re.compile(rf"{_NON_BINARY}|they/|/they|gender-neutral")
_SAID = re.compile(rf"\b{_NON_BINARY}{_NOT_OF_ONE}", re.IGNORECASE)
_THEY = re.compile(r"(?<![\w'’-])(they|them|their|theirs|themselves|themself)(?![\w-])(?!/)", re.I)
_SEVERAL = re.compile(
    rf"\b(?:married|marriage|wed|couple|divorced|dat(?:ed|ing)|partner|{KIN}|band|group|duo|team|"
    r"club|members|together)\b[^.!?]*[.!?]['\"”’)]*\s*\Z"
)
"""A sentence of several people, of whom the next one says They."""
_MAJORITY = 2
"""Where both occur, one needs twice the other's count: texts also speak of wives and sons."""


@dataclass(frozen=True)
class Gender:
    """What a text says of its person's gender.

    value       None where no word says it, both are said about as often, or neither is
    confidence  of the words that say a gender, the share that says this one, with one more for
                either side: 0.67 for a single word, towards 1 the more agree; None with the value.
                It tells how much was said, and is no probability of being right: of the 1,361
                decided people whose gender readers had told as well, none was wrong, though the
                rules were mended by these texts
    evidence    the counted words (`she 2, her 1; actress 1`), after `non-binary: ` and the word
                that says it, after `they: `, or after `not one person: ` and the word that says
                so; None where no such word occurs
    """

    value: Literal["female", "male"] | None
    confidence: float | None
    evidence: str | None


THEY = "they: "
"""How the evidence begins where the text says `they`, which may be of a team; it begins with
`demographics.NON_BINARY` where the text calls its person so."""


def gender_of(description: str, text: str) -> Gender:
    """The gender that the description and the text state."""
    counts: dict[str, int] = {}
    for match in _PRONOUN.finditer(text):
        if _is_the_persons(text, match):
            counts[match[1].lower()] = counts.get(match[1].lower(), 0) + 1
    says = ". ".join([description, predicate(text), *_FIRST_WOMAN.findall(text)])
    if title := _TITLE.match(text):
        says += f". {title[0].lower()}"
    nouns: dict[str, int] = {}
    female = sum(counts.get(word, 0) for word in FEMALE)
    male = sum(counts.get(word, 0) for word in MALE)
    for noun, sign in ((_FEMALE_NOUN, 1), (_MALE_NOUN, 0)):
        for match in noun.finditer(says):
            if _in_a_name(says, match):
                continue
            nouns[match[1].lower()] = nouns.get(match[1].lower(), 0) + 1
            female, male = female + sign, male + 1 - sign

    evidence = "; ".join(filter(None, map(_listed, (counts, nouns))))
    if thing := not_one_person(description, text):
        return Gender(None, None, "; ".join(filter(None, (f"not one person: {thing}", evidence))))
    if word := _says_non_binary(description, text):
        return Gender(None, None, NON_BINARY + "; ".join(filter(None, (word, evidence))))
    theirs, times = _own_they(text)
    if theirs and sum(counts.values()) <= times:
        return Gender(None, None, THEY + "; ".join(filter(None, (theirs, evidence))))
    if female > 0 and female >= _MAJORITY * male:
        return Gender("female", (female + 1) / (female + male + 2), evidence)
    if male > 0 and male >= _MAJORITY * female:
        return Gender("male", (male + 1) / (female + male + 2), evidence)
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


def _in_a_name(says: str, noun: re.Match[str]) -> bool:
    """Whether a noun with a capital is part of a name: by what stands next to it."""
    if not noun[1][0].isupper():
        return noun[1].lower() == "man" and says[: noun.start()].endswith("Isle of ")
    if _PART_OF_A_NAME.match(says, noun.end()):
        return True
    rank = noun[1].lower() in _RANKS
    if rank and not _OF_A_RANK.match(says, noun.end()):
        return True
    before = _BEFORE.search(says[max(0, noun.start() - 30) : noun.start()])
    if before is None:
        return False
    if before[1] == "of":
        return True
    known = before[1] in demonyms() or before[1] in _BEFORE_A_RANK
    return before[1][0].isupper() and not known


def _says_non_binary(description: str, text: str) -> str | None:
    """The word by which the text calls its own person non-binary."""
    for phrase in (description, predicate(text)):
        if word := _SAID.search(phrase):
            return word[0]
    if not _WORTH_ASKING.search(text):
        return None
    for match in _SAYS_SO.finditer(own(text)):
        before = match.string[max(0, match.start() - 80) : match.start()]
        if not _OF_SOMEBODY_ELSE.search(before):
            return match[1] or match[2] or match[3]
    return None


def _own_they(text: str) -> tuple[str, int]:
    """`they 2, their 1` and how many these are, where a sentence begins with They that is not of
    the several people of the sentence before; a text may speak of several people nevertheless,
    which is why it decides nothing and only tells what was there."""
    counts: dict[str, int] = {}
    opens = False
    for match in _THEY.finditer(text):
        if match[1] == "They":
            before = text[max(0, match.start() - 200) : match.start()]
            starts = _STARTS_A_SENTENCE.search(before[-12:])
            opens = opens or bool(starts and not _SEVERAL.search(before))
        counts[match[1].lower()] = counts.get(match[1].lower(), 0) + 1
    return (_listed(counts), sum(counts.values())) if opens else ("", 0)
