"""Tell gender, nationality and region of the celebrities from their biographies.

Reads the biographies; writes data/people.parquet and data/people_failures.parquet.
"""

from pathlib import Path

from noisyau import params, people, tables, tracking
from stages import start


def main() -> None:
    celebrities = params.load().corpora.celebrities
    out = Path("data/people.parquet")
    with tracking.run("demographics", {"biographies": str(celebrities.biographies)}) as log:
        rows, lost = people.people(people.read_biographies(celebrities.biographies))
        tables.write(rows, out, tables.PEOPLE)
        failures = out.with_name("people_failures.parquet")
        tables.write(lost, failures, tables.FAILURES)
        known = {name: int(rows[name].notna().sum()) for name in ("gender", "region")}
        print(
            f"demographics: {len(rows):,} people, gender of {known['gender']:,}, region of "
            f"{known['region']:,}; {len(lost):,} biographies could not be used"
        )
        log.metrics({"people": len(rows), "lost": len(lost), **known})
        log.table(out, failures)


if __name__ == "__main__":
    start(main)
