from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from noisyau import aus, facestore, tables
from noisyau.annotators import blendshapes, coding
from noisyau.annotators.base import Coded, Face, Uncoded
from noisyau.annotators.blendshapes import LIP_GAP, OUTPUTS, RULES, Blendshapes, codes
from noisyau.errors import AnnotatorError
from tests.faces import drawing


@pytest.fixture(scope="module")
def annotator(assets: Path) -> Blendshapes:
    return Blendshapes(assets / "face_landmarker.task")


@pytest.fixture(scope="module")
def coded(faces: Path, annotator: Blendshapes) -> dict[str, Coded]:
    batch = facestore.read_rows(faces, 0, 7, ["face_id", "item", "subject", "frame", "image"])
    nowhere = {"box": (0.0, 0.0, 1.0, 1.0), "landmarks": np.zeros(1), "transform": np.zeros(1)}
    answers = annotator.code([Face(**row, **nowhere) for row in batch.to_pylist()], Path())
    return {answer.face_id: answer for answer in answers if isinstance(answer, Coded)}


def test_every_face_is_coded_with_confidence(coded: dict[str, Coded]) -> None:
    assert len(coded) == 7
    assert all(0.99 < (face.confidence or 0) <= 1 for face in coded.values())


def test_an_open_mouth_is_au25_and_au26(coded: dict[str, Coded]) -> None:
    closed, opened = coded["a/1#0"], coded["a/2#0"]
    assert (closed.occurrence[25], closed.occurrence[26]) == (0, 0)
    assert (opened.occurrence[25], opened.occurrence[26]) == (1, 1)
    assert opened.intensity[26] > closed.intensity[26] + 1


def test_raised_brows_are_more_au2(coded: dict[str, Coded]) -> None:
    assert coded["b/2#0"].intensity[2] > coded["b/1#0"].intensity[2] + 0.3


def test_what_the_nets_cannot_see_is_missing(coded: dict[str, Coded]) -> None:
    face = coded["a/1#0"]
    assert sorted(face.occurrence) == sorted(set(aus.OPENFACE_17) - {6, 9, 23})
    assert sorted(face.intensity) == sorted(face.occurrence)
    assert set(face.occurrence.values()) <= {0, 1}
    assert all(0 <= level <= 5 for level in face.intensity.values())


def test_a_crop_without_a_face_is_not_coded(annotator: Blendshapes) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (224, 224, 3), np.uint8)
    image = drawing.jpeg(noise)
    nowhere = np.zeros((5, 2))
    face = Face("x#0", "x", "x", None, image, (0, 0, 1, 1), nowhere, nowhere)
    (answer,) = annotator.code([face], Path())
    assert isinstance(answer, Uncoded)
    assert (answer.face_id, answer.reason) == ("x#0", "no_face")
    assert "presence logit" in answer.detail


def test_rules_name_outputs_that_there_are() -> None:
    assert len(OUTPUTS) == len(set(OUTPUTS)) == 52
    assert {name for rule in RULES for name in rule.outputs} <= {*OUTPUTS, LIP_GAP}
    assert [rule.au for rule in RULES] == sorted({rule.au for rule in RULES})
    for rule in RULES:
        assert 0 < rule.present < rule.full
        assert rule.bounds[1] < rule.full or rule.share is None


def test_scores_become_codes_by_threshold_and_scale() -> None:
    rest = dict.fromkeys((*OUTPUTS, LIP_GAP), 0.0)
    occurrence, intensity = codes(rest)
    assert set(occurrence.values()) == {0}
    assert set(intensity.values()) == {0.0}
    for smile, present, level in ((0.25, 0, 0.5), (0.5, 1, 1), (0.75, 1, 3), (0.9, 1, 4.2)):
        scores = rest | {"mouthSmileLeft": smile + 0.1, "mouthSmileRight": smile - 0.1}
        occurrence, intensity = codes(scores)
        assert (occurrence[12], intensity[12]) == (present, pytest.approx(level))
    occurrence, intensity = codes(dict.fromkeys(rest, 1.0))
    assert set(occurrence.values()) == {1}
    assert set(intensity.values()) == {5.0}


def test_the_version_is_that_of_the_nets_and_of_the_rules(
    annotator: Blendshapes,
) -> None:
    version = annotator.version
    assert version == annotator.version
    assert version.startswith("64184e229b26-")
    assert replace(annotator, rules=RULES[:-1]).version != version


def test_thresholds_of_brows_follow_the_corpus_within_bounds(
    annotator: Blendshapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 faces whose every output is 0.00, 0.01, ... 0.99."""
    levels = iter(np.arange(100) / 100)

    def scores(_: object, __: object) -> tuple[dict[str, float], float]:
        return dict.fromkeys((*OUTPUTS, LIP_GAP), float(next(levels))), 1.0

    monkeypatch.setattr(blendshapes._Nets, "scores", scores)
    face = Face("x#0", "x", "x", None, drawing.jpeg(drawing.face(64)), (0, 0, 1, 1),
                np.zeros((5, 2)), np.zeros((2, 3)))  # fmt: skip
    fitted = {rule.au: rule.present for rule in annotator.fitted([face] * 100, 2).rules}
    fixed = {rule.au: rule.present for rule in RULES}
    assert fitted[4] == pytest.approx(0.79, abs=0.01)  # the score of the highest fifth
    assert fitted[1] == 0.70  # bounded
    assert {au for au in fixed if fitted[au] != fixed[au]} == {1, 2, 4, 5, 7, 14, 15}


def test_a_few_faces_do_not_move_a_threshold(annotator: Blendshapes) -> None:
    assert annotator.fitted([], 1) == annotator


@pytest.mark.parametrize("content", [None, b"", b"PK nonsense"])
def test_nets_that_cannot_be_read_stop_before_any_work(
    tmp_path: Path, faces: Path, content: bytes | None
) -> None:
    task = tmp_path / "face_landmarker.task"
    if content is not None:
        task.write_bytes(content)
    with pytest.raises(AnnotatorError, match=r"face_landmarker.task.*dvc repro assets"):
        coding.annotate(
            faces,
            tmp_path / "x.parquet",
            Blendshapes(task),
            fit_on=faces,
            workers=1,
            parts=tmp_path / "parts",
        )
    assert not (tmp_path / "parts").exists()


def test_a_store_is_coded_the_same_with_one_and_two_workers(
    faces: Path, annotator: Blendshapes, tmp_path: Path
) -> None:
    annotator = replace(annotator, batch=4)
    for workers in (1, 2):
        out = tmp_path / str(workers) / "labels/coded_blendshapes.parquet"
        coding.annotate(
            faces, out, annotator, fit_on=faces, workers=workers, parts=tmp_path / "parts"
        )
    assert tables.digest(tmp_path / "1/labels") == tables.digest(tmp_path / "2/labels")
    labels = tables.read(out, tables.labels(aus.OPENFACE_17))
    assert labels["AU06_c"].isna().all()
    assert labels["AU12_c"].notna().all()
