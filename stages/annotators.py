"""Note what shapes each annotator's codes, so that no other knob, and no file that is not read,
codes any face anew.

Reads params.yaml and, where labels made elsewhere are used, their files; writes
data/annotators/<annotator>.json, on which annotation depends.
"""

import json
from pathlib import Path

from noisyau import outputs, params, tables
from stages import start

OUT = Path("data/annotators")


def main() -> None:
    settings = params.load()
    for name, knobs in settings.annotators:
        told = knobs.model_dump(mode="json", exclude={"batch", "minimum_confidence"})
        if name == "table" and name in (settings.annotator, *settings.beside):
            told["files"] = tables.digest(knobs.path)
        outputs.write_text(json.dumps(told, indent=1) + "\n", OUT / f"{name}.json")


if __name__ == "__main__":
    start(main)
