"""Opening a corpus by its source's name."""

import pytest

from noisyau.corpora import open_corpus
from noisyau.errors import CorpusError

from .conftest import everything, lost


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
