"""Nationality as a text states it, and the words that stated it.

Kinds of statement, the stronger first; the first kind that a text has decides:

    stated      the description, the first sentence's predicate, a citizenship that was taken:
                `Canadian-American actor`, `an actor. She obtained Mexican citizenship`
    represents  an office or a team: `a Representative from Hawaii`, `President of Ghana`, `the
                Irish national team`; not one that was met, played, coached or beaten
    from        `a singer from Lagos`, `she is from Lagos`, `grew up in Oslo`; not `joined from`
    born        `born in Lagos`, `Nigerian-born`
    mentioned   any demonym, where the text has those of one country alone

`of Indian descent` is no nationality; `American football`, `French horn`, `Australian Open` and the
like are no demonyms, nor is a country that is part of a name (`Cuba Gooding`, `Lebanon, Ohio`).
What a text says of relatives, of whom the person married and of teachers is not the person's.
`Canadian-American` is both; `Chinese American`, without the hyphen, is an American, and `British
Chinese` a Briton.

Where a pattern lists words, it has those that three or more of 2,264 biographies need (986 of the
Knowledge Graph, 878 of Congress, 400 labelled by hand), or else a class is closed (kin, heads of
state, descent, losing a citizenship) and has its members though some are rarer, or it guards
against a reading that is wrong however rare (`French horn`). These are the texts that the
confidence in `rows` was counted on too: it tells how well the rules fit them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from noisyau.people.gazetteer import HISTORIC, demonyms, modifiers, peoples
from noisyau.people.names import Names
from noisyau.people.offices import represented
from noisyau.people.places import Found, first_place, state_names
from noisyau.people.sentences import NOT_ONE_PERSON, after_predicate, own, predicate

_REACH = 10_000
"""Characters of a text that are looked at."""

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
    # contests, wars and museums, of which people of any country tell
    r"|\s+(?:Open|Championships?|Cup|Masters|Grand Prix|(?:Premier |Super )?League|Idol|"
    r"(?:Civil )?War|Revolution|Museum)\b"
    # what is called by a people wherever it is played or taught
    r"|\s+(?:horn|jiu-jitsu|literature|history|studies|cuisine|mythology)\b"
)
_TAUGHT = re.compile(r"\s+(?:professor|teacher|lecturer|tutor|scholar|translator)\b(?! of)")
_SUBJECT = re.compile(r"\b([Pp]rofessor|[Tt]eacher|[Ss]cholar|[Hh]istorian) of [^,;]*")
_LANGUAGES = frozenset({
    "Arabic", "Chinese", "English", "French", "German", "Greek", "Italian", "Japanese", "Korean",
    "Persian", "Portuguese", "Russian", "Spanish",
})  # fmt: skip
"""Demonyms that are school subjects: a `French teacher` may come from anywhere."""
_TITLE = re.compile(r"\s+[A-Z]")
"""What makes a demonym in a running text the beginning of a name: `American Idol`."""
_ABBREVIATED = frozenset({"US", "U.S.", "USA", "U.S.A.", "UK", "U.K.", "United States",
                          "United Kingdom", "Hong Kong", "New Zealand"})  # fmt: skip
"""Countries without an adjective, which a name may follow: `U.S. Army`, `Hong Kong Cantopop`."""
_STARTS_A_NAME = re.compile(r"\s+(?!(?:and|or)\b)(?:[A-Z]|'s\b)")
_ENDS_A_NAME = re.compile(
    r"(?:\b(?!(?:Former|Retired|Miss|Mister|Mr|Team)\b)[A-Z][\w'’.-]*|\b(?:de|di|du|von))\s\Z"
)
_IN_A_STATE = re.compile(r",\s+(?=[A-Z])")
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
def _modifier_names() -> Names:
    return Names(modifiers().keys() - _NO_MODIFIERS)


@cache
def _people_names() -> Names:
    return Names(peoples().keys() - _NO_MODIFIERS)


@cache
def _demonym_names() -> Names:
    return Names(demonyms())


_BORN_IN = re.compile(r"[- –]born\b")
_LIVING_IN = re.compile(r"[- –]based\b")
_FROM = re.compile(
    r"(?:\A[^.,;]{1,60},\s(?:originally\s)?from|\braised in|\bgrew up in|"
    r"\b(?:hails|hailing|originally|(?:[Hh]e|[Ss]he) (?:is|was|comes|came)|"
    r"[Tt]hey (?:are|were|come|came)) from)\s+(?:the\s+)?"
)
_AFTER_PREDICATE = re.compile(r"\s*(?:originally |who (?:is|comes|hails) )?from\s+(?:the\s+)?")
_TOWARDS = re.compile(r"\s(?:to|under|by|about)\s.*")
"""`Ambassador to France`: in a description what follows is somebody else's."""
_STUDENT = re.compile(r"\b(?:graduate|alumnus|alumna|transfer|signing|student)\Z")
"""Universities and clubs are called by their cities."""
_BORN = re.compile(r"\b[Bb]orn\b(?:[^.;]|\.(?!\s[A-Z])){0,120}")
_IN = re.compile(r"\b(?:in|at|near)\s+(?:the\s+)?|(?<=\d{4}),\s+")


def nationality_of(description: str, text: str) -> Statement | None:
    """What the text states; None where it names no country."""
    text = text[:_REACH]
    description = _TOWARDS.sub("", own(description))
    if stated := _peoples(description) + _peoples(predicate(text)) + _citizenships(text):
        return _statement("stated", stated)
    theirs = own(text)
    kinds: dict[str, Callable[[], list[Found]]] = {
        "represents": lambda: represented(description, text, theirs),
        "from": lambda: _from(text, theirs),
        "born": lambda: _born(theirs),
        "mentioned": lambda: _mentioned(theirs),
    }
    for kind, find in kinds.items():
        if found := find():
            return _statement(kind, found)
    return None


def _statement(kind: str, found: list[Found]) -> Statement:
    words, codes = zip(*found, strict=True)
    return Statement(kind, tuple(dict.fromkeys(words)), tuple(dict.fromkeys(codes)))


def _peoples(phrase: str) -> list[Found]:
    """Demonyms and countries of a noun phrase, without origins and without what is no people."""
    phrase = _SUBJECT.sub(r"\1 of ", _ASIDES.sub(" ", phrase.replace("–", "-")))
    known = modifiers()
    found: list[tuple[str, int, int]] = []
    for name, start, end in _modifier_names().find(phrase):
        if any(other.match(phrase, end) for other in (_NOT_PEOPLE, _BORN_IN, _LIVING_IN)):
            continue
        if name in _LANGUAGES and _TAUGHT.match(phrase, end):
            continue
        if name not in demonyms() and _part_of_a_name(phrase, name, start, end):
            continue
        if found and phrase[found[-1][2] : start].isspace():
            # two in a row: `Chinese American`, `British Chinese`
            if found[-1][0] == "British":
                continue
            found.pop()
        found.append((name, start, end))
    return _present([(name, known[name]) for name, _, _ in found])


def _part_of_a_name(phrase: str, name: str, start: int, end: int) -> bool:
    """Whether the name of a country or state belongs to a longer one: `Cuba Gooding`, `Air France`,
    `Lebanon, Ohio`."""
    if name in _ABBREVIATED:
        return False
    if comma := _IN_A_STATE.match(phrase, end):
        return bool(state_names().begins(phrase[comma.end() : comma.end() + 60]))
    before = phrase[max(0, start - 30) : start]
    if _STARTS_A_NAME.match(phrase, end):
        return True
    ends = _ENDS_A_NAME.search(before)
    return ends is not None and ends[0].strip() not in demonyms()


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
    text = _ASIDES.sub(" ", own(text))
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


def _from(text: str, theirs: str) -> list[Found]:
    after = _ASIDES.sub(" ", after_predicate(text)[:200])
    match = _AFTER_PREDICATE.match(after)
    if match and _STUDENT.search(predicate(text)):
        match = None
    if match and (found := first_place(after, [match.end()], text)):
        return found
    return first_place(theirs, (match.end() for match in _FROM.finditer(theirs)))


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


_OF_A_NAMED = re.compile(r"(?<=\w), who(?:se)?\s[^.;]*")
"""`Li, who was a Chinese master`: where nothing stronger is said, whose it is stays open."""


def _mentioned(text: str) -> list[Found]:
    # demonyms alone: names of countries are surnames too (Jordan, Ireland, Holland)
    text = _OF_A_NAMED.sub(" ", _ASIDES.sub(" ", text))
    found = [
        (name, demonyms()[name])
        for name, _, end in _demonym_names().find(text)
        if not any(other.match(text, end) for other in (_NOT_PEOPLE, _OF_A_THING, _TITLE))
    ]
    return found if len({code for _, code in found}) == 1 else []
