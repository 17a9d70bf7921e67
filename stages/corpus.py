"""Note what a corpus's reader is given, so that no other knob of the corpus reruns detection.

Reads params.yaml; writes data/corpora/<corpus>.json, on which detection depends.
"""

import json
from pathlib import Path

from noisyau import outputs, params
from stages import CORPORA, start


def main(corpus: str) -> None:
    settings = params.load()
    reader = getattr(settings.corpora, corpus).reader()
    out = Path("data/corpora", f"{corpus}.json")
    outputs.write_text(json.dumps(reader, indent=1) + "\n", out)


if __name__ == "__main__":
    start(main, corpus=CORPORA)
