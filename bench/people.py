"""Biographies to the table of people: how many a second of processor time, all on one core, and
the peak memory with few and with ten times as many.

The texts are made up, in the form and of the length of Knowledge Graph biographies, and lie in one
JSON-lines file in no order. Targets: at least 2,000 a second, and a ratio of the memory near 1.
"""

import json
import random
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

FEW, MANY = 20_000, 200_000
MEASURED = """
import resource, sys, time
from pathlib import Path
from noisyau import people
folder = Path(sys.argv[1])
started = time.process_time()
records = people.read_biographies(folder / "bios.jsonl")
counts = people.write(records, {}, folder / "people.parquet", folder / "failures.parquet")
seconds = time.process_time() - started
print(counts.people, counts.region, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def run() -> dict[str, Any]:
    results: dict[str, Any] = {}
    for name, count in (("few", FEW), ("many", MANY)):
        with TemporaryDirectory(prefix="noisyau-") as folder:
            _biographies(Path(folder) / "bios.jsonl", count)
            told = subprocess.check_output([sys.executable, "-c", MEASURED, folder], text=True)
        people, region, seconds, kilobytes = map(float, told.split())
        assert people == count
        assert region == count
        results |= {
            f"{name}_per_second": round(count / seconds),
            f"{name}_peak_mb": round(kilobytes / 1024),
        }
    return results | {"memory_ratio": round(results["many_peak_mb"] / results["few_peak_mb"], 2)}


def _biographies(file: Path, count: int) -> None:
    draw = random.Random(1)
    numbers = list(range(count))
    draw.shuffle(numbers)
    with file.open("w", encoding="utf-8") as lines:
        for number in numbers:
            people = draw.choice(["American", "Nigerian", "South Korean", "Mexican"])
            work = draw.choice(["film and television actor", "professional footballer", "novelist"])
            text = (
                f"Jo Bo {number} (born 3 May {1900 + number % 100}) is an {people} {work} best "
                f"known for work in the {number % 90}s. She began in Oslo, and her debut was seen "
                "by many. In the years after it she moved to Paris, where she was given several "
                "awards, among them one for her role in a play of which little else is known."
            )
            lines.write(json.dumps({"person_id": f"m.{number:07d}", "text": text}) + "\n")
