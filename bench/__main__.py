"""Run the benchmarks named on the command line, or all, and write reports/bench.json."""

import json
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from noisyau import jobs

NAMES = (
    *("training", "step", "loaders", "pictures", "arrays", "workers", "openface"),
    *("people", "near", "sampling", "memory", "whole"),
)


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.exit(f"unknown benchmark {unknown[0]!r}; known: {', '.join(NAMES)}")
    results: dict[str, Any] = {
        "machine": {
            "cores": jobs.workers("auto"),
            "processor": platform.processor() or platform.machine(),
            "instructions": torch.backends.cpu.get_cpu_capability(),
            "torch": torch.__version__,
        }
    }
    for name in names or NAMES:
        run: Callable[[], dict[str, Any]] = import_module(f"bench.{name}").run
        results[name] = run()
        print(json.dumps({name: results[name]}, indent=1), flush=True)
    out = Path("reports/bench.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"written: {out}")


if __name__ == "__main__":
    main(sys.argv[1:])
