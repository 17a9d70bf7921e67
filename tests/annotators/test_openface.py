import os
import random
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from noisyau import tables
from noisyau.annotators import coding, openface, openface_program
from noisyau.annotators.base import Coded, Face, Uncoded
from noisyau.annotators.openface import OpenFace
from noisyau.errors import AnnotatorError, JobError
from noisyau.faces import align
from tests.annotators import standin

SIDE = 192


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in, as a program in a folder of its own."""
    return standin.install(tmp_path_factory.mktemp("OpenFace"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openface_program, "LOADING", 2.0)


def face(number: int, kind: str = "face") -> Face:
    """A stored crop of one colour, with a number in its pixels; the picture is the crop."""
    colour = standin.COLOURS.get(kind, (120, 120, 120))
    crop = np.full((SIDE, SIDE, 3), colour, np.uint8)
    cv2.putText(crop, str(number), (4, 20), cv2.FONT_HERSHEY_PLAIN, 1, (90, 90, 90))
    image = cv2.imencode(".png" if number % 2 else ".jpg", crop)[1].tobytes()
    still = np.array([[1.0, 0, 0], [0, 1, 0]])
    landmarks = align.TEMPLATE * SIDE
    return Face(f"x/{number}#0", f"x/{number}", "x", None, image, (0, 0, 1, 1), landmarks, still)


def code(program: Path, folder: Path, *kinds: str, **knobs: float) -> dict[str, Coded | Uncoded]:
    """By number; each face is answered for once, as `base` makes sure of."""
    annotator = OpenFace((str(program),), "crop", timeout=knobs.get("timeout", 1.0))
    faces = [face(number, kind) for number, kind in enumerate(kinds)]
    folder.mkdir(exist_ok=True)
    answers = list(annotator.code(iter(faces), folder))
    assert sorted(one.face_id for one in answers) == sorted(one.face_id for one in faces)
    assert not list(folder.iterdir())
    return {one.face_id: one for one in answers}


def reasons(answers: dict[str, Coded | Uncoded]) -> list[str]:
    return [
        one.reason if isinstance(one, Uncoded) else "coded"
        for one in (answers[f"x/{number}#0"] for number in range(len(answers)))
    ]


def test_codes_are_those_of_the_pictures_own_file_and_keep_occurrence_and_intensity_apart(
    program, tmp_path
):
    answers = code(program, tmp_path / "a", "face", "face", "face")
    assert reasons(answers) == ["coded"] * 3
    first = answers["x/0#0"]
    assert isinstance(first, Coded)
    assert set(first.occurrence) == {*standin.AUS_C}
    assert set(first.intensity) == {*standin.AUS_R}
    assert any((first.intensity[au] >= 1) != first.occurrence[au] for au in standin.AUS_R)
    assert first.confidence is not None
    assert 0.7 <= first.confidence <= 0.99
    alone = code(program, tmp_path / "b", "face")["x/0#0"]
    assert alone == first
    assert answers["x/1#0"] != first


@pytest.mark.parametrize("kind", ["abort", "hang", "endless", "cut"])
def test_a_picture_that_ends_the_program_costs_that_picture_alone(program, tmp_path, kind):
    answers = code(program, tmp_path, "face", kind, "face", "no_face", "face", timeout=0.5)
    reason = {"abort": "program_died", "cut": "no_output"}.get(kind, "time_limit")
    assert reasons(answers) == ["coded", reason, "coded", "no_face", "coded"]
    told = answers["x/1#0"]
    assert isinstance(told, Uncoded)
    if kind == "abort":
        assert told.detail.startswith("ended by SIGABRT: ")
        assert "terminate called after throwing an instance of 'cv::Exception'" in told.detail
    if kind == "hang":
        assert "ended at the time limit: " in told.detail


@pytest.mark.parametrize("first", ["no_face", "face"])
def test_the_culprit_is_found_beside_pictures_without_a_face_wherever_it_lies(
    program, tmp_path, first
):
    kinds = [first, "no_face", "abort", "abort", "no_face", "face", "abort"]
    found = {"face": "coded", "no_face": "no_face", "abort": "program_died"}
    assert reasons(code(program, tmp_path, *kinds)) == [found[kind] for kind in kinds]


def test_the_culprit_is_found_in_whatever_order_the_program_takes_the_pictures(
    program, tmp_path, monkeypatch
):
    monkeypatch.setenv("STANDIN_BACKWARDS", "1")
    monkeypatch.setenv("STANDIN_TAKES", "0.02")
    kinds = ["face", "no_face", "abort", "no_face", "face", "no_face"]
    found = {"face": "coded", "no_face": "no_face", "abort": "program_died"}
    assert reasons(code(program, tmp_path, *kinds)) == [found[kind] for kind in kinds]


def test_of_several_faces_the_one_where_the_stored_face_lies_is_taken(program, tmp_path):
    several = code(program, tmp_path / "a", "three")["x/0#0"]
    assert isinstance(several, Coded)
    crop = tmp_path / "crop.jpg"
    crop.write_bytes(face(0, "three").image)
    text = standin.row(crop, 2, np.zeros((68, 2)), set())
    assert f"{several.confidence:.3f}" == text.split(",")[1]


def test_somebody_elses_face_is_not_the_stored_one(program, tmp_path):
    answers = code(program, tmp_path, "elsewhere", "face")
    assert reasons(answers) == ["other_face", "coded"]
    told = answers["x/0#0"]
    assert isinstance(told, Uncoded)
    assert "eye distances from the stored landmarks" in told.detail


def test_a_program_that_stops_working_fails_the_stage_and_not_every_face(
    program, tmp_path, monkeypatch
):
    monkeypatch.setenv("STANDIN_BREAKS_AFTER", "0")
    with pytest.raises(AnnotatorError, match=r"did not code a plain picture: exit code 1: .*Tried"):
        code(program, tmp_path, "face", "face")


@pytest.mark.parametrize("name", ["no-such-program", "/nowhere/FaceLandmarkImg"])
def test_a_program_that_is_not_there_is_told_before_any_work(name):
    with pytest.raises(AnnotatorError, match=rf"no program '{name}'.*github.com/TadasBaltrusaitis"):
        OpenFace((name,)).check()


@pytest.mark.parametrize("name", ["true", "false"])
def test_a_program_that_is_another_is_told_before_any_work(name):
    with pytest.raises(AnnotatorError, match=r"did not code a plain picture: exit code"):
        OpenFace((name,)).check()


def test_a_link_to_the_program_is_followed_since_its_models_lie_beside_it(program, tmp_path):
    link = tmp_path / "FaceLandmarkImg"
    link.symlink_to(program)
    OpenFace((str(link),)).check()
    assert OpenFace((str(link),)).version == OpenFace((str(program),)).version


def test_a_command_of_several_words_can_name_the_folder_that_it_must_see(program, tmp_path):
    wrapper = tmp_path / "run"
    wrapper.write_text(f'#!/bin/sh\n[ -d "$1/given" ] || exit 9\nshift\nexec {program} "$@"\n')
    wrapper.chmod(0o755)
    (tmp_path / "work").mkdir()
    annotator = OpenFace((str(wrapper), "{scratch}"), "crop")
    assert annotator.version.endswith("{scratch} -aus -2Dfp crop")
    (answer,) = annotator.code([face(0)], tmp_path / "work")
    assert isinstance(answer, Coded)


def test_a_store_is_coded_with_any_number_of_workers_to_the_same_bytes(program, faces, tmp_path):
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        counts = coding.annotate(
            faces,
            folder / "celebrities_openface.parquet",
            OpenFace((str(program),), "crop", batch=3),
            fit_on=faces,
            workers=workers,
            parts=tmp_path / "parts",
        )
        assert str(counts) == "7 faces = 7 coded + 0 failures"
    one, two = (tmp_path / name / "celebrities_openface.parquet" for name in "12")
    assert one.read_bytes() == two.read_bytes()
    labels = tables.read(one, tables.labels((*standin.AUS_C[:16], 28, 45)))
    assert labels["AU28_r"].isna().all()
    assert labels["AU28_c"].notna().all()
    assert labels["annotator"].unique().tolist() == ["openface"]
    assert labels["annotator_version"].iloc[0].endswith(" -aus -2Dfp crop")


def in_picture(number: int, where: tuple[float, float], picture: bytes, k: int = 0) -> Face:
    """A stored face of a source picture, with its eyes' middle somewhere in it."""
    landmarks = (np.add(where, np.multiply(standin.FIVE, standin.DISTANCE))) * SIDE
    still = np.array([[1.0, 0, 0], [0, 1, 0]])
    return Face(
        f"x/{number}#{k}", f"x/{number}", "x", None, b"", (0, 0, 1, 1), landmarks, still, picture
    )


def encoded(kind: str, suffix: str) -> bytes:
    colour = standin.COLOURS.get(kind, (120, 120, 120))
    return cv2.imencode(suffix, np.full((SIDE, SIDE, 3), colour, np.uint8))[1].tobytes()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp", ".tiff"])
def test_source_pictures_of_every_form_reach_the_program(program, tmp_path, suffix):
    annotator = OpenFace((str(program),), "source")
    faces = [in_picture(0, standin.EYES, encoded("face", suffix))]
    (answer,) = annotator.code(faces, tmp_path)
    assert isinstance(answer, Coded)


def test_a_frame_of_a_video_reaches_the_program(program, tmp_path):
    picture = np.full((SIDE, SIDE, 3), 120, np.uint8)
    (answer,) = OpenFace((str(program),), "source").code(
        [in_picture(0, standin.EYES, picture)], tmp_path
    )
    assert isinstance(answer, Coded)


def test_several_faces_of_one_source_picture_each_get_their_own_row(program, tmp_path):
    picture = encoded("three", ".png")
    places = [standin.EYES, (0.1, 0.1), (0.8, 0.9), (0.5, 0.9)]
    faces = [in_picture(0, place, picture, k) for k, place in enumerate(places)]
    answers = {one.face_id: one for one in OpenFace((str(program),)).code(faces, tmp_path)}
    assert [isinstance(answers[f"x/0#{k}"], Coded) for k in range(4)] == [True] * 3 + [False]
    codes = [answers[f"x/0#{k}"] for k in range(3)]
    assert len({one.confidence for one in codes if isinstance(one, Coded)}) == 3
    lost = answers["x/0#3"]
    assert isinstance(lost, Uncoded)
    assert lost.reason == "other_face"


def test_a_source_picture_that_can_no_longer_be_decoded_costs_its_faces_alone(program, tmp_path):
    webp = encoded("face", ".webp")
    faces = [
        in_picture(0, standin.EYES, webp[: len(webp) // 2]),
        in_picture(1, standin.EYES, webp),
    ]
    answers = {one.face_id: one for one in OpenFace((str(program),)).code(faces, tmp_path)}
    assert isinstance(answers["x/1#0"], Coded)
    lost = answers["x/0#0"]
    assert isinstance(lost, Uncoded)
    assert lost.reason == "unreadable"


def test_a_full_disk_under_the_program_stops_the_stage_and_fails_no_face(
    program, tmp_path, monkeypatch
):
    monkeypatch.setenv("STANDIN_DISK_FULL", "1")
    with pytest.raises(AnnotatorError, match=r"did not code a plain picture: exit code 0"):
        code(program, tmp_path, "face", "no_face")


def writes(folder: Path, program: Path, content: bytes) -> Path:
    """A program that calls the stand-in, then writes something else into its first CSV."""
    wrapper = folder / "FaceLandmarkImg"
    wrapper.write_text(f"""#!/bin/sh
{program} "$@"
code=$?
while [ $# -gt 1 ]; do [ "$1" = -out_dir ] && out=$2; shift; done
[ -e "$out/000000.csv" ] && printf '%b' '{content.decode("latin-1")}' > "$out/000000.csv"
exit $code
""")
    wrapper.chmod(0o755)
    return wrapper


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (rb"\0377\0376\n", "not UTF-8"),
        (rb'face,"confidence\n', "is a quote left open"),
        (rb"face,confidence\n0,1\n", "no column such as AU12_c"),
        (rb"\n", "no row"),
        (rb"face,confidence,AU01_c,AU01_c\n0,0.9,1.0,0.0\n", "two columns are called 'AU01_c'"),
        (rb"face,confidence,AU01_c\n0,0.9,1.0\n", "no landmarks"),
    ],
)
def test_a_csv_that_cannot_be_read_costs_its_picture_alone(program, tmp_path, content, told):
    (tmp_path / "bin").mkdir()
    answers = code(writes(tmp_path / "bin", program, content), tmp_path / "a", "face", "face")
    assert reasons(answers) == ["bad_output", "coded"]
    lost = answers["x/0#0"]
    assert isinstance(lost, Uncoded)
    assert told in lost.detail
    assert str(tmp_path) not in lost.detail


def test_a_row_is_the_label_of_the_face_that_it_lies_on_best_and_of_no_other(program, tmp_path):
    near = (standin.EYES[0] + 0.3 * standin.DISTANCE, standin.EYES[1])
    picture = encoded("face", ".png")
    faces = [in_picture(0, near, picture, 0), in_picture(0, standin.EYES, picture, 1)]
    answers = {one.face_id: one for one in OpenFace((str(program),)).code(faces, tmp_path)}
    assert isinstance(answers["x/0#1"], Coded)
    lost = answers["x/0#0"]
    assert isinstance(lost, Uncoded)
    assert lost.reason == "other_face"
    assert "another face's" in lost.detail


def test_a_program_that_removes_its_inputs_and_outputs_costs_no_more_than_their_faces(
    program, tmp_path
):
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin/FaceLandmarkImg"
    wrapper.write_text(f"""#!/bin/sh
{program} "$@"
while [ $# -gt 1 ]; do [ "$1" = -fdir ] && given=$2; [ "$1" = -out_dir ] && out=$2; shift; done
[ -e "$given/check.png" ] || rm -r "$given" "$out"
""")
    wrapper.chmod(0o755)
    assert reasons(code(wrapper, tmp_path / "a", "face", "face")) == ["no_output"] * 2


def test_a_program_that_is_none_is_told_before_any_work(tmp_path):
    text = tmp_path / "FaceLandmarkImg"
    text.write_text("words")
    text.chmod(0o755)
    with pytest.raises(AnnotatorError, match="cannot be started: Exec format error"):
        OpenFace((str(text),)).check()


def test_where_the_disk_is_full_it_is_not_the_program_that_is_blamed(
    program, tmp_path, monkeypatch
):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=4096))
    with pytest.raises(JobError, match="the disk is full"):
        code(program, tmp_path, "face", "cut")


def test_a_csv_of_absurd_size_fails_its_picture_and_is_not_read(program, tmp_path, monkeypatch):
    monkeypatch.setattr(openface, "_LARGEST", 2000)  # one face with its landmarks has 1,400
    answers = code(program, tmp_path, "three", "face")
    assert reasons(answers) == ["bad_output", "coded"]


KILLED = """
import sys
from pathlib import Path
from noisyau.annotators import coding
from noisyau.annotators.openface import OpenFace

if __name__ == "__main__":
    program, faces, out, parts = map(Path, sys.argv[1:])
    annotator = OpenFace((str(program),), "crop", batch=1)
    coding.annotate(faces, out, annotator, fit_on=faces, workers=2, parts=parts)
"""


def test_killed_at_ten_random_moments_it_ends_with_the_tables_of_an_unhurt_run(
    program, faces, tmp_path
):
    script = tmp_path / "annotate.py"
    script.write_text(KILLED)
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root), "STANDIN_TAKES": "0.3"}

    def start(name: str) -> subprocess.Popen:
        given = (program, faces, tmp_path / name / "x_openface.parquet", tmp_path / name / "parts")
        return subprocess.Popen(
            [sys.executable, script, *given], env=environment, stderr=subprocess.DEVNULL
        )

    moments = random.Random(7)
    survived = 0
    for _ in range(10):
        running = start("killed")
        try:
            running.wait(moments.uniform(0.5, 3))
            survived += 1
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
    assert survived < 10
    for name in ("killed", "unhurt"):
        assert start(name).wait() == 0
    tables_of = {name: sorted((tmp_path / name).iterdir()) for name in ("killed", "unhurt")}
    assert len(tables_of["unhurt"]) == 3
    for one, two in zip(*tables_of.values(), strict=True):
        assert one.name == two.name
        assert one.read_bytes() == two.read_bytes()
    time.sleep(0.5)
    left = subprocess.run(["pgrep", "-f", str(program)], capture_output=True, text=True)
    assert left.stdout == ""
