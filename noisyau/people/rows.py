"""One person's row of the table: what the biography says, and what a person says over it."""

from typing import Any

from noisyau.errors import CorpusError
from noisyau.people.biographies import Biography
from noisyau.people.gazetteer import country
from noisyau.people.gender import Gender, gender_of
from noisyau.people.nationality import Statement, nationality_of
from noisyau.people.overrides import UNKNOWN, Override
from noisyau.people.regions import REGION_OF
from noisyau.people.sentences import not_one_person

Row = dict[str, Any]
"""The columns of `noisyau.tables.PEOPLE`."""

LONGEST_NAME = 200
"""Characters of a name that are kept."""

SURE = 1.0
"""The confidence of what a person said (given, override): nothing was read out of a text."""

_OF_COUNTRIES = ("nationality_evidence", "region", "region_confidence", "region_evidence")

CONFIDENCE = {
    "given": SURE,
    "stated": 0.998,  # 1266 of 1267
    "represents": 0.89,  # 7 of 7
    "from": 0.92,  # 10 of 10
    "born": 0.90,  # 8 of 8
    "mentioned": 0.78,  # 6 of 7
}
"""Kind of statement -> confidence of a region: the share of those decided that hand labels called
right, with one more right and one more wrong, so that few are less sure. The labels are of the 986
Knowledge Graph biographies that were released with Fung & McDuff 2020, and of 400 written for this
in the manner of encyclopaedias, of other people. Both were looked at when the rules were mended:
these are figures of resubstitution, and on new texts the rules may be right less often."""


def row_of(biography: Biography, override: Override | None = None) -> Row:
    """A person's row: what their biography says, where nobody overrules it."""
    if biography.gender == "unknown":
        gender = Gender(None, None, "given: unknown")
    elif biography.gender:
        gender = Gender(biography.gender, SURE, f"given: {biography.gender}")
    else:
        gender = gender_of(biography.description, biography.text)
    row: Row = {
        "subject": biography.subject,
        "name": biography.name and biography.name[:LONGEST_NAME],
        "gender": gender.value,
        "gender_confidence": gender.confidence,
        "gender_evidence": gender.evidence,
        **_of_statement(_statement(biography)),
        "overridden": [],
    }
    return overridden(row, override) if override else row


def without_biography(override: Override) -> Row:
    """The row of a person of whom only the override tells."""
    nobody = Biography(source="", subject=override.subject, name=None, description="", text="")
    return row_of(nobody, override)


def overridden(row: Row, override: Override) -> Row:
    """The row with what the override says, marked in `overridden` and in the evidence."""
    evidence = f"override: {override.reason}"
    changed: Row = {}
    marks = []
    if override.gender is not None:
        changed |= _value("gender", override.gender, evidence)
        marks.append("gender")
    if override.nationalities is not None:
        region, said = _region(override.nationalities)
        changed["nationalities"] = list(override.nationalities)
        changed["nationality_evidence"] = evidence
        changed |= _value("region", region or UNKNOWN, f"{evidence}; {said}" if said else evidence)
        marks.append("nationalities")
    if override.region is not None:
        changed |= _value("region", override.region, evidence)
    if "region" in changed:
        marks.append("region")
    return {**row, **changed, "overridden": marks}


def _value(column: str, value: str, evidence: str) -> Row:
    known = value != UNKNOWN
    return {
        column: value if known else None,
        f"{column}_confidence": SURE if known else None,
        f"{column}_evidence": evidence,
    }


def _statement(biography: Biography) -> Statement | None:
    if biography.nationality:
        codes = tuple(dict.fromkeys(_given(word, biography) for word in biography.nationality))
        return Statement("given", biography.nationality, codes)
    if not_one_person(biography.description, biography.text):
        return None
    return nationality_of(biography.description, biography.text)


def _given(word: str, biography: Biography) -> str:
    code = country(word)
    if code is None:
        raise CorpusError(
            f"{biography.source}: nationality {word!r} is no country that ISO 3166 knows; "
            "expected a name, a demonym or a code of two or three letters, several of them "
            "separated by semicolons"
        )
    return code


def _of_statement(statement: Statement | None) -> Row:
    if statement is None:
        return {"nationalities": [], **dict.fromkeys(_OF_COUNTRIES)}
    region, said = _region(statement.countries)
    return {
        "nationalities": list(statement.countries),
        "nationality_evidence": f"{statement.kind}: {', '.join(statement.words)}",
        "region": region,
        "region_confidence": CONFIDENCE[statement.kind] if region else None,
        "region_evidence": said,
    }


def _region(countries: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The one region of the countries, and `of USA, CAN`; null where they lie in several, with
    `several: ...`."""
    by_region: dict[str, list[str]] = {}
    for code in countries:
        by_region.setdefault(REGION_OF[code], []).append(code)
    if len(by_region) == 1:
        return next(iter(by_region)), f"of {', '.join(countries)}"
    several = ", ".join(f"{name} ({' '.join(codes)})" for name, codes in sorted(by_region.items()))
    return None, f"several: {several}" if several else None
