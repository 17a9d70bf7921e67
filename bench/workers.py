"""Detection and annotation with one worker and with two, one thread each, in turn.

The target is at least 1.7 times faster with two.
"""

import statistics
from typing import Any

from bench import project

REPEATS = 2
STAGES = ("detect", "annotate")


def run() -> dict[str, Any]:
    seconds: dict[int, list[float]] = {1: [], 2: []}
    size = {"people": 1000, "pictures": 4, "subjects": 6, "frames": 1}
    with project.copy({"synthesis": size}) as copy:
        copy.run("dvc", "repro", "corpus@celebrities", "detect@celebrities")
        for _ in range(REPEATS):
            for workers in seconds:
                copy.change({"workers": workers})
                seconds[workers].append(
                    sum(
                        copy.seconds("python", "-m", f"stages.{stage}", "--corpus", "celebrities")
                        for stage in STAGES
                    )
                )
    one, two = (statistics.median(times) for times in seconds.values())
    return {"one_worker_s": round(one, 1), "two_workers_s": round(two, 1),
            "speedup": round(one / two, 2)}  # fmt: skip
