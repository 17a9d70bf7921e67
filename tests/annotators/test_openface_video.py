from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from noisyau.annotators import openface_program, openface_video
from noisyau.annotators.base import Coded, Face, Uncoded
from noisyau.annotators.openface_video import OpenFaceVideo, video_command
from noisyau.errors import AnnotatorError, JobError
from noisyau.faces import align
from tests.annotators import standin

SIDE = 192


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in's FeatureExtraction."""
    return standin.install(tmp_path_factory.mktemp("OpenFace")).with_name(standin.VIDEOS)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openface_program, "LOADING", 2.0)


def write(path: Path, kinds: list[str]) -> Path:
    """A video of frames of one colour each."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (SIDE, SIDE))
    for kind in kinds:
        colour = standin.COLOURS.get(kind, (120, 120, 120))
        writer.write(np.full((SIDE, SIDE, 3), colour, np.uint8))
    writer.release()
    return path


def faces(video: Path, frames: int) -> list[Face]:
    """A stored face in each frame, where the stand-in finds one."""
    still = np.array([[1.0, 0, 0], [0, 1, 0]])
    where = align.TEMPLATE * SIDE
    return [
        Face(f"x/{n}#0", f"x/{n}", "x", n, b"", (0, 0, 1, 1), where, still, video)
        for n in range(1, frames + 1)
    ]


def code(
    program: Path, folder: Path, kinds: list[str], frames: int = 0, **knobs: object
) -> list[Coded | Uncoded]:
    (folder / "work").mkdir(parents=True)
    video = write(folder / "SN001.avi", kinds)
    annotator = OpenFaceVideo((str(program),), **{"mode": "dynamic", "timeout": 0.5, **knobs})
    answers = annotator.code(faces(video, frames or len(kinds)), folder / "work")
    found = sorted(answers, key=lambda answer: int(answer.face_id[2:-2]))
    assert [one.face_id for one in found] == [f"x/{n}#0" for n in range(1, len(found) + 1)]
    assert not list((folder / "work").iterdir())
    return found


def reasons(answers: list[Coded | Uncoded]) -> list[str]:
    return [one.reason if isinstance(one, Uncoded) else "coded" for one in answers]


def test_each_frame_gets_the_row_of_its_number(program: Path, tmp_path: Path) -> None:
    found = code(program, tmp_path, ["face"] * 5)
    assert reasons(found) == ["coded"] * 5
    points = np.repeat(np.array([standin.EYES]) * SIDE, 68, axis=0)
    text = standin.row(tmp_path / "SN001.avi", 3, points, {"video"})
    assert isinstance(found[2], Coded)
    assert f"{found[2].confidence:.2f}" == text.split(",")[3]


def test_a_frame_in_which_the_face_was_lost_is_missing_whatever_its_row_says(
    program: Path, tmp_path: Path
) -> None:
    kinds = ["face", "no_face", "face", "elsewhere"]
    assert reasons(code(program, tmp_path, kinds)) == ["coded", "no_face", "coded", "other_face"]


def test_static_and_dynamic_models_are_told_apart(program: Path, tmp_path: Path) -> None:
    static = code(program, tmp_path / "a", ["face"] * 2, mode="static")
    assert static != code(program, tmp_path / "b", ["face"] * 2, mode="dynamic")
    one = OpenFaceVideo((str(program),), mode="static")
    assert one.version.endswith(" -aus -2Dfp -au_static")
    assert (one.mode, one.name, one.sees) == ("static", "openface", "video")


def test_a_video_that_stops_half_way_is_found_by_its_frame_count(
    program: Path, tmp_path: Path
) -> None:
    found = code(program, tmp_path, ["face", "face", "stop", "face"])
    assert reasons(found) == ["coded", "coded", "video_stopped", "video_stopped"]
    assert isinstance(found[2], Uncoded)
    assert found[2].detail.startswith("OpenFace read 2 frames and not this one")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("abort", "program_died"), ("hang", "time_limit"), ("endless", "time_limit"),
     ("cut", "no_output")],
)  # fmt: skip
def test_of_a_call_that_does_not_end_well_nothing_is_kept(
    program: Path, tmp_path: Path, kind: str, reason: str
) -> None:
    assert reasons(code(program, tmp_path, ["face", kind, "face"])) == [reason] * 3


def test_frames_after_one_that_cannot_be_decoded_are_not_counted_on(
    program: Path, tmp_path: Path
) -> None:
    from tests.corpora.test_videos import empty_frame

    (tmp_path / "work").mkdir()
    video = write(tmp_path / "SN001.avi", ["face"] * 6)
    empty_frame(video, 3)
    annotator = OpenFaceVideo((str(program),), mode="dynamic")
    found = annotator.code(faces(video, 6), tmp_path / "work")
    answers = sorted(found, key=lambda answer: answer.face_id)
    assert reasons(answers) == ["coded"] * 2 + ["frame_unsure"] * 4
    assert isinstance(answers[2], Uncoded)
    assert "frame 3 cannot be decoded" in answers[2].detail


def test_a_video_that_openface_cannot_open_fails_its_frames_though_it_exits_with_0(
    program: Path, tmp_path: Path
) -> None:
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in */video.avi*) exec {program} -f /gone.mp4;; '
        f'*) exec {program} "$@";; esac\n'
    )
    wrapper.chmod(0o755)
    found = code(wrapper, tmp_path, ["face"] * 2)
    assert reasons(found) == ["no_output"] * 2
    assert isinstance(found[0], Uncoded)
    assert "Failed to open the video file at location: /gone.mp4" in found[0].detail


def test_a_disk_that_is_full_stops_the_stage_and_fails_no_video(program, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=4096))
    with pytest.raises(JobError, match="the disk is full"):
        code(program, tmp_path, ["face", "cut"])


def test_a_video_that_is_gone_when_its_turn_comes_fails_its_frames(program, tmp_path):
    (tmp_path / "work").mkdir()
    annotator = OpenFaceVideo((str(program),), mode="dynamic")
    answers = list(annotator.code(faces(tmp_path / "gone.avi", 2), tmp_path / "work"))
    assert reasons(answers) == ["source_lost"] * 2


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0, 1, 2], ["bad_output"] * 3),
        ([1, 2, 2], ["coded", "bad_output", "video_stopped"]),
        ([1, 3], ["coded", "video_stopped", "coded"]),
    ],
)
def test_rows_count_by_their_frame_s_number_and_never_by_their_place(tmp_path, numbers, expected):
    video = write(tmp_path / "SN001.avi", ["face"] * 3)
    points = (np.add(standin.EYES, np.multiply(standin.FIVE, standin.DISTANCE))) * SIDE
    every = np.repeat(points[2:3], 68, axis=0)
    for of, point in zip(standin.OF_FIVE, points, strict=True):
        every[list(of)] = point
    rows = [standin.row(video, number, every, {"video", "-2Dfp"}) for number in numbers]
    csv = tmp_path / "video.csv"
    csv.write_text("\n".join([standin.header({"video", "-2Dfp"}), *rows]) + "\n")
    found = openface_video._answers(faces(video, 3), csv, 3)
    assert reasons(sorted(found, key=lambda one: one.face_id)) == expected


def test_a_program_that_codes_no_video_is_told_before_any_work(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    OpenFaceVideo((str(program),), mode="static").check()
    monkeypatch.setenv("STANDIN_DISK_FULL", "1")
    with pytest.raises(AnnotatorError, match="did not code a plain video: exit code 0: "):
        OpenFaceVideo((str(program),), mode="static").check()


def test_feature_extraction_is_called_beside_face_landmark_img() -> None:
    assert video_command(("/opt/OpenFace/bin/FaceLandmarkImg",)) == (
        "/opt/OpenFace/bin/FeatureExtraction",
    )
    docker = ("docker", "run", "-v{scratch}:{scratch}", "openface", "FaceLandmarkImg")
    assert video_command(docker) == (*docker[:-1], "FeatureExtraction")
    here = ("/opt/FaceLandmarkImg-2.2/bin/FaceLandmarkImg",)
    assert video_command(here) == ("/opt/FaceLandmarkImg-2.2/bin/FeatureExtraction",)
    with pytest.raises(AnnotatorError, match=r"set annotators\.openface\.video_command"):
        video_command(("run.sh",))
