"""Tell gender, nationality and region of the celebrities from their biographies.

Reads the biographies and the overrides; writes data/people.parquet and
data/people_failures.parquet.
"""

from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from noisyau import params, people, tracking
from stages import start


def main() -> None:
    settings = params.load()
    biographies = settings.corpora.celebrities.biographies
    told = {"biographies": str(biographies), "overrides": str(settings.people_overrides)}
    out = Path("data/people.parquet")
    failures = out.with_name("people_failures.parquet")
    with tracking.run("demographics", told) as log:
        records = tqdm(people.read_biographies(biographies), "biographies", mininterval=5)
        overrides = people.read_overrides(settings.people_overrides)
        counts = people.write(records, overrides, out, failures)
        print(
            f"demographics: {counts.people:,} people, gender of {counts.gender:,}, region of "
            f"{counts.region:,}; {counts.non_binary:,} are called non-binary, "
            f"{counts.they:,} are only spoken of as they; "
            f"{counts.overridden:,} overruled ({counts.added:,} without a biography); "
            f"{counts.lost:,} biographies could not be used"
        )
        log.metrics(asdict(counts))
        log.table(out, failures)


if __name__ == "__main__":
    start(main)
