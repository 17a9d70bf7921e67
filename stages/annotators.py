"""Note what shapes each annotator's codes of each corpus, so that nothing else codes a face anew.

Reads params.yaml, data/faces/celebrities/ (whose faces set the thresholds of blendshapes) and,
where labels made elsewhere are used, their files; writes data/annotators/<corpus>_<annotator>.json,
on which annotation depends.
"""

import json
from pathlib import Path

from noisyau import facestore, outputs, params, tables
from stages import CORPORA, start


def main() -> None:
    settings = params.load()
    fitted_to = tables.digest(*facestore.files(Path("data/faces/celebrities")))
    for corpus in CORPORA:
        of_videos = getattr(settings.corpora, corpus).of_videos
        for name, knobs in settings.annotators:
            told = knobs.shape(of_videos)
            if name == "blendshapes":
                told["fitted_to"] = fitted_to
            if name == "table" and name in (settings.annotator, *settings.beside):
                told["files"] = tables.digest(Path(knobs.path))
            out = Path("data/annotators", f"{corpus}_{name}.json")
            outputs.write_text(json.dumps(told, indent=1) + "\n", out)


if __name__ == "__main__":
    start(main)
