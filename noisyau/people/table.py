"""Biographies to the table of people."""

from collections.abc import Iterable

import pandas as pd

from noisyau.errors import CorpusError
from noisyau.people.biographies import Biography, Lost
from noisyau.people.gazetteer import country
from noisyau.people.gender import gender_of
from noisyau.people.nationality import Statement, nationality_of
from noisyau.people.regions import REGION_OF

COLUMNS = (
    "subject",
    "name",
    "gender",
    "gender_evidence",
    "nationalities",
    "region",
    "region_evidence",
)


def people(biographies: Iterable[Biography | Lost]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a person, sorted by subject, and the records that gave none.

    people  the columns of `noisyau.tables.PEOPLE`; gender, region and their evidence are null
            where the text does not say; `nationalities` is then an empty list
    losses  the columns of `noisyau.tables.FAILURES`, sorted by item: the file, or file and line;
            `frame` is always null

    Of several biographies of one person the first counts; the others are losses.
    """
    rows: dict[str, tuple[object, ...]] = {}
    sources: dict[str, str] = {}
    losses: list[Lost] = []
    for record in biographies:
        if isinstance(record, Lost):
            losses.append(record)
        elif record.subject in rows:
            first = sources[record.subject]
            detail = f"{record.subject} has a biography already: {first}"
            losses.append(Lost(record.source, record.subject, "repeated", detail))
        else:
            rows[record.subject] = _row(record)
            sources[record.subject] = record.source
    table = pd.DataFrame(
        [rows[subject] for subject in sorted(rows)], columns=list(COLUMNS), dtype=object
    )
    lost = pd.DataFrame(
        [(loss.source, loss.subject, None, loss.reason, loss.detail) for loss in losses],
        columns=["item", "subject", "frame", "reason", "detail"],
        dtype=object,
    )
    return table, lost.sort_values("item", ignore_index=True, kind="stable")


def _row(biography: Biography) -> tuple[object, ...]:
    if biography.gender:
        said: tuple[str | None, str | None] = biography.gender, f"given: {biography.gender}"
    else:
        said = gender_of(biography.description, biography.text)
    statement = _given(biography) or nationality_of(biography.description, biography.text)
    if statement is None:
        nationalities, region, region_evidence = [], None, None
    else:
        nationalities = list(statement.countries)
        region, region_evidence = _region(statement)
    return (
        biography.subject,
        biography.name,
        *said,
        nationalities,
        region,
        region_evidence,
    )


def _given(biography: Biography) -> Statement | None:
    codes = []
    for word in biography.nationality:
        code = country(word)
        if code is None:
            raise CorpusError(
                f"{biography.source}: nationality {word!r} is no country that ISO 3166 knows; "
                "expected a name, a demonym or a code of two or three letters, several of them "
                "separated by semicolons"
            )
        codes.append(code)
    if not codes:
        return None
    kept = tuple(dict.fromkeys(codes))
    return Statement(kept, kept, f"given: {', '.join(biography.nationality)}")


def _region(statement: Statement) -> tuple[str | None, str]:
    """The one region of the countries; null where they lie in several, with the evidence."""
    regions = {REGION_OF[code] for code in statement.core}
    if len(regions) == 1:
        return regions.pop(), statement.evidence
    return None, f"{statement.evidence} (several regions: {', '.join(sorted(regions))})"
