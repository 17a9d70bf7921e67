"""Opening a corpus by its source's name."""

import pandas as pd
import pytest

from noisyau.corpora import open_corpus
from noisyau.errors import CorpusError

from .conftest import everything, lost, write_video
from .test_folder import put
from .test_msceleb import row


def test_an_unknown_source_answers_with_the_known_ones(tmp_path):
    with pytest.raises(CorpusError, match="'imagenet'; known: msceleb, folder, videos, disfa"):
        open_corpus("imagenet", tmp_path)


def test_an_option_of_another_source_is_refused_and_an_empty_one_is_not(tmp_path):
    with pytest.raises(CorpusError, match=r"clean_list: source 'folder' does not take.*index"):
        open_corpus("folder", tmp_path, clean_list=tmp_path)
    open_corpus("folder", tmp_path, clean_list=None, columns={})


def test_a_path_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"nowhere: not there; set the corpus's path"):
        open_corpus("videos", tmp_path / "nowhere")


def test_paths_may_come_as_text_as_they_stand_in_a_json_file(disfa_root, tmp_path):
    listed = tmp_path / "corrupt.csv"
    listed.write_text("subject,first,last,reason\nSN001,1,1,blurred\n")
    corpus = open_corpus("disfa", str(disfa_root()), camera="left", corrupt_frames=str(listed))
    assert [one.name for one in lost(everything(corpus.shards()))] == ["SN001/1"]


@pytest.mark.parametrize("source", ["msceleb", "folder", "videos", "disfa"])
def test_a_known_truth_beside_a_corpus_is_no_part_of_it(source, disfa_root, tmp_path):
    """The noise audit alone reads it; no reader gives or digests anything else for it."""
    root = tmp_path / "corpus"
    root.mkdir()
    if source == "msceleb":
        (root / "FaceImageCroppedWithAlignment.tsv").write_text(row(), newline="")
    elif source == "folder":
        put(root, "anna/1.png")
    elif source == "videos":
        write_video(root / "anna.avi", range(1, 4))
    else:
        root = disfa_root()

    def told():
        corpus = open_corpus(source, root)
        names = [one.name for one in everything(corpus.shards())]
        return names, corpus.size(), corpus.fingerprint()

    before = told()
    assert before[0]
    pd.DataFrame({"item": ["anna/1"], "AU12_r": [3.0]}).to_parquet(root / "truth.parquet")
    assert told() == before
