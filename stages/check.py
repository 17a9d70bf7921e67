"""Look at params.yaml before anything runs; `make repro` does. Writes nothing."""

from pathlib import Path

from noisyau import params
from noisyau.errors import ParamsError
from stages import start


def main() -> None:
    settings = params.load()
    labels = settings.annotators.table.path
    if "table" in (settings.annotator, *settings.beside) and not Path(labels).exists():
        raise ParamsError(f"params.yaml: annotators.table.path: {labels!r} is not there")
    known = settings.identity
    if known.minimum_similarity is not None and not Path(known.embeddings).exists():
        raise ParamsError(f"params.yaml: identity.embeddings: {known.embeddings!r} is not there")


if __name__ == "__main__":
    start(main)
