"""Find pictures that look the same, under one name or two, among the celebrities and the coded.

Reads data/hashes/; writes data/duplicates.parquet.
"""

from pathlib import Path

from noisyau import jobs, params, tables, tracking
from noisyau.likeness import groups, people
from stages import CORPORA, start


def main() -> None:
    settings = params.load()
    out = Path("data/duplicates.parquet")
    hashes = {corpus: Path("data/hashes", f"{corpus}.parquet") for corpus in CORPORA}
    knobs = settings.duplicates.model_dump()
    with tracking.run("duplicates", knobs) as log:
        rows = groups.duplicates(hashes, workers=jobs.workers(settings.workers), **knobs)
        tables.write(rows, out, tables.DUPLICATES)
        among = people.overlap(rows)["through"]
        counts = {
            "groups": rows["group"].nunique(),
            "pictures": len(rows.drop_duplicates(["corpus", "face_id"])),
            "groups_of_several_people": people.shared(rows)["group"].nunique(),
            "celebrities_among_the_coded": among.isna().sum(),
            "celebrities_like_one_of_these": among.notna().sum(),
        }
        print("duplicates: {:,} groups of {:,} pictures that look the same; {:,} groups span "
              "several people; {:,} celebrities share a picture with a coded person, {:,} more "
              "with one of these celebrities".format(*counts.values()))  # fmt: skip
        log.metrics(counts)
        log.table(out)


if __name__ == "__main__":
    start(main)
