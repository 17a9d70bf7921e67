"""Readers of data sets as their makers ship them.

    corpus = open_corpus("msceleb", Path("FaceImageCroppedWithAlignment.tsv"))
    for name, shard in corpus.shards().items():
        for found in shard():      # Item or Lost, see noisyau.items
            ...

A reader judges the form of a data set (rows, names, frame numbers) and never the pictures: whether
their bytes can be decoded is the face store's work. What makes a whole corpus useless is a
CorpusError; what spoils one item is a `Lost` with its reason, so that items and losses add up.

    reason              what was lost
    bad_row             a row of a TSV or index that breaks the form
    duplicate           a row that names an item that an earlier row has
    two_people          a picture that an index or a clean list gives to two people
    not_on_clean_list   a picture that the clean list leaves out
    missing_file        a row whose picture is not on disk
    outside_root        a path or link that leads out of the corpus's folder
    bad_name            a file whose name has control characters or is not UTF-8
    no_subject          a picture that lies in no subject's folder
    not_in_index        a picture on disk that the index does not name
    unknown_form        a picture in a form that is not read, such as .gif
    unreadable          a file that cannot be opened
    frame_missing       a frame that the video or the labels count and decoding does not give
    cut_short           a video that ends well before the length in its header
    no_labels           a video frame that nobody coded
    corrupt_frame       a frame on the list of corrupt frames
    label_missing       a frame that some AU's label file leaves out (from read_labels)
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from noisyau.corpora.disfa import Disfa
from noisyau.corpora.folder import Folder
from noisyau.corpora.msceleb import MSCeleb
from noisyau.corpora.videos import Videos
from noisyau.errors import CorpusError
from noisyau.items import Shard


class Corpus(Protocol):
    """A data set on disk, opened: its form was looked at, its pictures were not."""

    def shards(self) -> dict[str, Shard]:
        """Parts of a few hundred items, by names that sort in the corpus's order.

        Names are safe as file names and stable as long as the corpus is. Items of all shards
        together name every item of the corpus once.
        """
        ...

    def size(self) -> int | None:
        """How many items and losses the shards will give, as far as headers tell; for progress."""
        ...

    def videos(self) -> dict[str, Path]:
        """The video files by the items' part before the last `/`; none of a corpus of pictures."""
        ...

    def fingerprint(self) -> str:
        """A digest of what the items come from: names, sizes, content and options; no times."""
        ...


_READERS: dict[str, tuple[Callable[..., Corpus], tuple[str, ...]]] = {
    "msceleb": (MSCeleb, ("clean_list",)),
    "folder": (Folder, ("index", "columns")),
    "videos": (Videos, ("every",)),
    "disfa": (Disfa, ("camera", "corrupt_frames")),
}

_PATHS = {"clean_list", "corrupt_frames"}


def open_corpus(source: str, path: Path | str, **options: Any) -> Corpus:
    """The corpus at `path`, which is in the form that `source` names.

    path     a Path or text, as the paths among the options
    options  as in params.yaml under `corpora`; None and {} mean "not set". `clean_list` is for
             msceleb; `index` and `columns` for folder; `every` for videos; `camera` and
             `corrupt_frames` for disfa

    Raises CorpusError where the source is unknown, an option is set that the source does not
    take, or the path does not hold a corpus in this form.
    """
    if source not in _READERS:
        raise CorpusError(f"unknown source {source!r}; known: {', '.join(_READERS)}")
    reader, known = _READERS[source]
    given = {name: value for name, value in options.items() if value is not None and value != {}}
    for name in given:
        if name not in known:
            raise CorpusError(
                f"{name}: source {source!r} does not take this option; it takes: "
                f"{', '.join(known)}. Leave {name} empty in params.yaml."
            )
    path = Path(path)
    if not path.exists():
        raise CorpusError(f"{path}: not there; set the corpus's path in params.yaml")
    for name in _PATHS & given.keys():
        given[name] = Path(given[name])
    return reader(path, **given)


__all__ = ["Corpus", "open_corpus"]
