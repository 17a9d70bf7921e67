"""The peak memory of every stage with few pictures and with five times as many.

The target is 1: what grows with the number of pictures would kill a run on a real corpus.
"""

from typing import Any

from bench import project

FEW = {"people": 100, "pictures": 4, "subjects": 9, "frames": 30}
MANY = {"people": 500, "pictures": 4, "subjects": 9, "frames": 150}
QUICK = {"epochs": 1, "batch": 32}


def run() -> dict[str, Any]:
    peaks: list[dict[str, float]] = []
    for size in (FEW, MANY):
        settings = {"synthesis": size, "defaults": {"pretrain": QUICK, "finetune": QUICK}}
        with project.copy(settings) as copy:
            copy.run("dvc", "repro")
            measured = copy.measured()
            peaks.append(
                {
                    stage: max(values["peak_memory_mb_own"], values["peak_memory_mb_worker"])
                    for stage, values in measured.items()
                }
            )
    few, many = peaks
    return {
        stage: {
            "few_mb": few[stage],
            "many_mb": many[stage],
            "ratio": round(many[stage] / few[stage], 2),
        }
        for stage in few
    }
