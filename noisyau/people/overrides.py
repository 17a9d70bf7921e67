"""What a person knows better than the biographies: a small CSV that wins over them.

Columns: `subject`, then `gender` (female, male), `nationality` (countries, separated by
semicolons), `region` (one of demographics.REGIONS) and `reason`. An empty cell leaves what the
biography says; `unknown` makes the value null. A nationality without a region gives its region.
"""

from dataclasses import dataclass
from pathlib import Path

from noisyau import csvs
from noisyau.demographics import REGIONS
from noisyau.errors import CorpusError
from noisyau.people.biographies import GENDERS, clean, parts
from noisyau.people.gazetteer import country

UNKNOWN = "unknown"
COLUMNS = ("subject", "gender", "nationality", "region", "reason")


@dataclass(frozen=True)
class Override:
    """What a person says of one subject; `unknown` where nobody should say anything.

    gender, region   None where the biography is left to speak
    nationalities    ISO 3166 alpha-3; None likewise, and empty for unknown
    reason           why, in the person's words
    """

    subject: str
    gender: str | None
    nationalities: tuple[str, ...] | None
    region: str | None
    reason: str


def read_overrides(path: Path) -> dict[str, Override]:
    """The overrides by subject, in the order of the file.

    Raises CorpusError with file and line where the file is absent or has no such columns, a row
    has cells too few or too many, no subject, no reason or nothing to say, a subject has two rows,
    or a gender, country or region is none that the tables know.
    """
    path = Path(path)
    if not path.is_file():
        raise CorpusError(
            f"{path}: no such file; set people_overrides in params.yaml to a CSV with the header "
            f"{','.join(COLUMNS)} (rows are not needed)"
        )
    found: dict[str, Override] = {}
    lines: dict[str, int] = {}
    for row in csvs.read(path, COLUMNS, f"Expected {', '.join(COLUMNS)}."):
        if not any(row.cells.values()):
            continue  # a spreadsheet's empty row
        override = _override(row)
        if override.subject in found:
            raise CorpusError(
                f"{row.place}: {override.subject!r} has a row already, line "
                f"{lines[override.subject]}; expected one row a person: join the two"
            )
        found[override.subject] = override
        lines[override.subject] = row.line
    return found


def _override(row: csvs.Row) -> Override:
    if not row.whole:
        raise CorpusError(
            f"{row.place}: found another number of cells than the header's {len(row.cells)}; put "
            "a cell that has commas in quotes"
        )
    subject, gender, nationality, region, reason = (clean(row.cells[name]) for name in COLUMNS)
    region = region.lower()
    if not subject or not reason or not (gender or nationality or region):
        raise CorpusError(
            f"{row.place}: found {row.cells}; expected a subject, a reason, and at least one of "
            "gender, nationality and region"
        )
    if gender and gender.lower() not in GENDERS:
        raise CorpusError(
            f"{row.place}: gender {gender!r}; expected {', '.join(GENDERS)}, or an "
            "empty cell to leave it as it is"
        )
    if region and region not in (*REGIONS, UNKNOWN):
        raise CorpusError(
            f"{row.place}: region {region!r}; expected one of {', '.join(REGIONS)}, {UNKNOWN}, or "
            "an empty cell to leave it as it is"
        )
    return Override(
        subject,
        GENDERS[gender.lower()] if gender else None,
        _countries(row.place, nationality) if nationality else None,
        region or None,
        reason,
    )


def _countries(place: str, nationality: str) -> tuple[str, ...]:
    if nationality.lower() == UNKNOWN:
        return ()
    codes = []
    if not parts(nationality):
        raise CorpusError(
            f"{place}: nationality {nationality!r} names no country; expected some, {UNKNOWN}, or "
            "an empty cell to leave it as it is"
        )
    for word in parts(nationality):
        code = country(word)
        if code is None:
            raise CorpusError(
                f"{place}: nationality {word!r} is no country that ISO 3166 knows; expected a "
                "name, a demonym or a code of two or three letters, several of them separated by "
                f"semicolons, {UNKNOWN}, or an empty cell to leave it as it is"
            )
        codes.append(code)
    return tuple(dict.fromkeys(codes))
