"""The whole DAG at a small scale, through real DVC. The tests build on each other, in order."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from bench.project import Project
from noisyau import aus, jobs, tables
from tests.annotators import standin

ONCE = [
    *("assets", "synthesize", "code", "demographics", "folds", "pretrain_table"),
    *("agreement", "annotators", "audit", "card", "duplicates", "evaluate", "identity", "report"),
]
PER_CORPUS = [
    f"{stage}@{corpus}"
    for stage in ("corpus", "detect", "hash", "annotate")
    for corpus in ("celebrities", "coded")
]
PER_VARIANT = [
    name
    for variant in ("scratch", "noisy_all")
    for name in (f"pretrain@{variant}", *(f"finetune@{variant}-{fold}" for fold in (1, 2, 3)))
]


def read(project: Project, path: str) -> pd.DataFrame:
    return pq.read_table(project.folder / path, partitioning=None).to_pandas()


def test_one_command_runs_every_stage_and_leaves_a_report(project: Project) -> None:
    ran = project.repro()
    assert sorted(ran) == sorted({*ONCE, *PER_CORPUS, *PER_VARIANT} - {"assets"})
    page = (project.folder / "reports/index.html").read_text()
    assert "noisy_all" in page
    assert not list((project.folder / ".parts").glob("detect*"))


def test_every_item_is_in_the_store_or_among_the_failures_once(project: Project) -> None:
    rows = project.folder / "data/raw/synthetic/celebrities/FaceImageCroppedWithAlignment.tsv"
    for corpus in ("celebrities", "coded"):
        faces = read(project, f"data/faces/{corpus}/faces-00000.parquet")
        failures = read(project, f"data/faces/{corpus}/failures.parquet")
        first = faces[faces["face_id"].str.endswith("#0")]
        items = [*first["item"], *failures["item"]]
        assert len(items) == len(set(items))
        assert set(faces["item"]) == set(first["item"])
        if corpus == "celebrities":
            assert len(items) == len(rows.read_text().splitlines())
            assert {"no_face", "unreadable"} <= set(failures["reason"])


def test_every_face_has_a_label_row_or_a_reason(project: Project) -> None:
    for corpus in ("celebrities", "coded"):
        faces = read(project, f"data/faces/{corpus}/faces-00000.parquet")
        labels = read(project, f"data/labels/{corpus}_blendshapes.parquet")
        failures = read(project, f"data/labels/{corpus}_blendshapes_failures.parquet")
        assert sorted([*labels["face_id"], *failures["face_id"]]) == sorted(faces["face_id"])
        assert labels["AU06_c"].isna().all()
        assert labels["AU12_c"].isin([0, 1]).all()


def test_no_subject_is_on_two_sides_of_anything(project: Project) -> None:
    folds = read(project, "data/tables/folds.parquet")
    assert folds.groupby(["fold", "subject"])["role"].nunique().max() == 1
    assert folds[folds["role"] == "test"].groupby("subject")["fold"].nunique().max() == 1
    pretrain = read(project, "data/tables/pretrain.parquet")
    assert pretrain.groupby("subject")["split"].nunique().max() == 1
    assert not pretrain["scratch"].any()


def test_a_checkpoint_tells_all_that_is_needed_to_use_it(project: Project) -> None:
    path = project.folder / "models/finetuned/noisy_all/fold1/model.pt"
    content = torch.load(path, weights_only=True)
    assert content["aus"] == [aus.name(au) for au in aus.DISFA_12]
    assert {"weights", "size", "channels", "thresholds", "provenance"} <= set(content)


def test_predictions_cover_the_test_frames_of_each_fold_once(project: Project) -> None:
    folds = read(project, "data/tables/folds.parquet")
    for fold in (1, 2, 3):
        path = project.folder / f"models/finetuned/scratch/fold{fold}/predictions.parquet"
        predictions = tables.read(path, tables.predictions(aus.DISFA_12))
        wanted = folds[(folds["fold"] == fold) & (folds["role"] == "test")]
        assert sorted(predictions["face_id"]) == sorted(wanted["face_id"])


def test_the_metrics_have_the_names_that_others_rely_on(project: Project) -> None:
    metrics = json.loads((project.folder / "reports/metrics.json").read_text())
    assert metrics["coded"]["folds"] == 3
    assert set(metrics["methods"]) == {"scratch", "noisy_all", "annotator", "always_positive"}
    f1 = metrics["methods"]["noisy_all"]["f1"]
    assert f1["low"] <= f1["value"] <= f1["high"]
    assert {"difference", "low", "high", "p"} <= set(
        metrics["comparisons"]["noisy_all-scratch"]["f1"]
    )


def test_dvc_shows_the_headlines_alone(project: Project) -> None:
    shown = json.loads(project.run("dvc", "metrics", "show", "--json"))
    (numbers,) = [file["data"] for file in shown[""]["data"].values()]
    assert set(numbers) == {"methods", "comparisons"}
    assert set(numbers["methods"]["noisy_all"]) == {"f1"}
    assert set(numbers["methods"]["noisy_all"]["f1"]) == {"value", "low", "high"}


def test_each_stage_that_ran_is_one_run_in_mlflow(project: Project) -> None:
    named = {name.replace("-fold", "-") for name in project.measured()}
    expected = {*ONCE, *PER_CORPUS, *PER_VARIANT} - {"assets"}
    notes = ("corpus@", "annotators")  # which log nothing
    assert named == {name for name in expected if not name.startswith(notes)}


def test_a_second_run_does_nothing(project: Project) -> None:
    assert project.repro() == []


@pytest.mark.parametrize(
    ("stage", "out", "finished"),
    [
        (["synthesize"], "data/raw/synthetic/celebrities", "synthesize-*/*/*"),
        (["detect", "--corpus", "coded"], "data/faces/coded", "detect-coded-*/*"),
        (
            ["annotate", "--corpus", "coded"],
            "data/labels/coded_blendshapes.parquet",
            "annotate-coded-*/*",
        ),
        (
            ["pretrain", "--variant", "noisy_all"],
            "models/pretrained/noisy_all",
            "pretrain-noisy_all-*/state.pt",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_killed_stage_goes_on_and_ends_with_the_same_bytes(
    project: Project, stage: list[str], out: str, finished: str
) -> None:
    path = project.folder / out
    whole = tables.digest(path)
    project.remove(out)
    killed = project.start("python", "-m", f"stages.{stage[0]}", *stage[1:])
    parts = project.folder / ".parts"
    while killed.poll() is None and not any(
        not found.name.endswith((".part", ".tmp")) for found in parts.glob(finished)
    ):
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert killed.returncode == -signal.SIGKILL, "it ended before it could be killed"
    assert not path.exists()
    project.run("python", "-m", f"stages.{stage[0]}", *stage[1:])
    assert tables.digest(path) == whole
    assert not list(parts.glob(finished))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"variants": {"noisy_all": {"finetune": {"learning_rate": 0.0003}}}},
            {*(f"finetune@noisy_all-{fold}" for fold in (1, 2, 3)), "evaluate", "report"},
        ),
        (
            {"evaluation": {"confidence": 0.9}},
            {"agreement", "audit", "card", "evaluate", "report"},
        ),
    ],
)
def test_a_changed_line_reruns_what_it_touches_and_nothing_else(
    project: Project, settings: dict[str, object], expected: set[str]
) -> None:
    project.change(settings)
    ran = set(project.repro())
    assert expected - {"report"} <= ran
    assert ran <= {*expected, "pretrain_table"}


def test_an_experiment_reruns_its_variant_alone_and_diff_shows_it(project: Project) -> None:
    told = project.run(
        *("dvc", "exp", "run", "-n", "fewer", "-S", "variants.noisy_all.pretrain.images=20")
    )
    assert "pretrain@noisy_all" in told
    assert "Running stage 'pretrain@scratch'" not in told
    assert "Running stage 'finetune@scratch-1'" not in told
    assert "noisy_all" in project.run("dvc", "metrics", "diff", "--all")


def test_a_wrong_parameter_stops_before_any_work(project: Project) -> None:
    file = project.folder / "params.yaml"
    before = file.read_text()
    project.change({"variants": {"noisy_all": {"finetune": {"epoch": 3}}}})
    told = project.run("python", "-m", "stages.finetune", "--variant", "noisy_all", "--fold", "1",
                       fails=True)  # fmt: skip
    assert "variants.noisy_all.finetune.epoch: unknown key; did you mean 'epochs'?" in told
    assert "Traceback" not in told
    file.write_text(before)


def test_every_stage_says_what_it_reads_and_writes(project: Project) -> None:
    for script in sorted(Path(project.folder, "stages").glob("[a-z]*.py")):
        told = project.run("python", "-m", f"stages.{script.stem}", "--help")
        assert "writes" in told.lower() or script.stem == "assets", script.stem


def test_openface_as_the_annotator_reruns_what_depends_on_labels_up_to_the_report(
    project: Project, tmp_path: Path
) -> None:
    command = [str(standin.install(tmp_path))]
    openface = {"command": command, "videos": "dynamic", "minimum_confidence": 0.8}
    project.change({"annotator": "openface", "annotators": {"openface": openface}})
    net = str(project.folder / "models/assets/yunet.onnx")
    ran = project.repro("report", STANDIN_YUNET=net)
    assert {"annotate@celebrities", "annotate@coded", "pretrain@noisy_all", "evaluate"} <= {*ran}
    assert not {"synthesize", "detect@coded", "finetune@scratch-1"} & {*ran}
    labels = read(project, "data/labels/celebrities_openface.parquet")
    taken = read(project, "data/tables/pretrain.parquet")["face_id"]
    first = labels[labels["face_id"].str.endswith("#0")].set_index("face_id")
    assert sorted(taken) == sorted(first.index[first["confidence"] >= 0.8])
    assert 0 < len(taken) < len(first)
    assert set(labels["mode"]) == {"static"}
    of_videos = read(project, "data/labels/coded_openface.parquet")
    assert set(of_videos["mode"]) == {"dynamic"}
    lost = read(project, "data/labels/coded_openface_failures.parquet")
    assert len(of_videos) > 0.9 * (len(of_videos) + len(lost))
    assert "under the minimum confidence" in (project.folder / "reports/index.html").read_text()


def test_annotators_beside_the_main_one_are_compared_and_give_soft_labels(
    project: Project,
) -> None:
    shutil.copy(
        project.folder / "data/labels/celebrities_openface.parquet", project.folder / "labels"
    )
    labels = {"defaults": {"pretrain": {"labels": "mean"}}}
    project.change({"annotator": "blendshapes", "beside": ["openface", "table"], **labels})
    net = str(project.folder / "models/assets/yunet.onnx")
    ran = project.repro("agreement", "pretrain_table", STANDIN_YUNET=net)
    beside = {f"annotate_beside@{c}-{a}" for c in ("celebrities", "coded") for a in
              ("openface", "table")}  # fmt: skip
    assert {*beside, "agreement", "pretrain_table"} <= {*ran}
    imported = read(project, "data/labels/celebrities_table.parquet").set_index("face_id")
    coded = read(project, "data/labels/celebrities_openface.parquet").set_index("face_id")
    columns = [column for column in imported if column.startswith("AU")]
    pd.testing.assert_frame_equal(imported[columns], coded[columns])
    agreement = read(project, "reports/agreement.parquet")
    assert set(agreement["beside"]) == {"openface", "table"}
    targets = read(project, "data/tables/subsets/noisy_all.parquet")["AU12_t"]
    assert 0 < ((targets > 0) & (targets < 1)).sum() < len(targets)


def test_two_that_would_write_one_table_of_labels_are_not_let_run_at_once(project: Project) -> None:
    with jobs.alone("celebrities_blendshapes", project.folder / ".parts/locks"):
        for more in ((), ("--annotator", "blendshapes")):
            command = ("python", "-m", "stages.annotate", "--corpus", "celebrities", *more)
            assert "another process is running this stage here" in project.run(*command, fails=True)


def test_a_file_beside_the_labels_and_a_knob_without_effect_code_nobody_anew(
    project: Project,
) -> None:
    project.repro("annotate@celebrities", "annotate@coded")
    (project.folder / "labels/notes.txt").write_text("nothing to read")
    project.change({"annotators": {"openface": {"batch": 7, "minimum_confidence": 0.1}}})
    assert project.repro("annotate@celebrities", "annotate@coded") == ["annotators"]
