"""The whole default run from nothing, and a second one with nothing changed.

Targets on two cores: at most 15 minutes, and at most 10 seconds.
"""

from typing import Any

from bench import project


def run() -> dict[str, Any]:
    with project.copy({}) as copy:
        return {
            "first_seconds": round(copy.seconds("dvc", "repro"), 1),
            "second_seconds": round(copy.seconds("dvc", "repro"), 1),
            "stages": copy.measured(),
        }
