"""The written corpora: in their makers' forms, whole, the same bytes every time."""

import base64
import json
import re
import shutil
import struct

import cv2
import numpy as np
import pandas as pd
import pytest

from noisyau import tables
from noisyau.aus import DISFA_12
from noisyau.corpora import disfa
from noisyau.errors import JobError
from noisyau.evaluation.audit import read_truth
from noisyau.synthesis import celebrities, jobs, people, render, scenes, synthesize, truth

TSV = "celebrities/FaceImageCroppedWithAlignment.tsv"


def rows(corpus):
    return [line.split("\t") for line in (corpus / TSV).read_text().splitlines()]


def decode(field):
    return cv2.imdecode(np.frombuffer(base64.b64decode(field), np.uint8), cv2.IMREAD_COLOR)


def test_the_tsv_has_seven_columns_as_ms_celeb_1m(corpus, small):
    found = rows(corpus)
    assert len(found) == small["people"] * small["pictures"]
    for row in found:
        assert len(row) == 7
        mid, rank, image_url, page_url, face, rectangle, data = row
        assert re.fullmatch(r"m\.syn\d{5}", mid)
        assert rank.isdigit()
        assert image_url.startswith("https://example.org/")
        assert page_url.startswith("https://example.org/")
        assert face == "FaceId-0"
        left, top, right, bottom = struct.unpack("<4f", base64.b64decode(rectangle))
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        height, width = decode(data).shape[:2]
        assert 256 <= width == height <= 300
    assert len({(row[0], row[1]) for row in found}) == len(found)


def test_each_person_has_a_biography_in_the_form_of_the_knowledge_graph(corpus):
    mids = {row[0] for row in rows(corpus)}
    files = sorted((corpus / "biographies").iterdir())
    assert {f"m.{file.stem}" for file in files} == mids
    known = tables.read(corpus / "celebrities" / "truth.parquet").set_index("subject")
    for file in files:
        content = json.loads(file.read_text())
        result = content["itemListElement"][0]["result"]
        assert content["@type"] == "ItemList"
        assert result["@id"] == f"kg:/m/{file.stem}"
        assert result["name"]
        assert result["description"]
        text = result["detailedDescription"]["articleBody"].lower()
        wrong = (
            "he|his|him"
            if known.gender_setting[f"m.{file.stem}"].iloc[0] == "female"
            else ("she|her|hers")
        )
        assert not re.search(rf"\b({wrong})\b", text)


def test_a_real_biography_has_the_same_keys_as_ours(corpus, shared):
    def keys(value):
        if isinstance(value, dict):
            return {key: keys(inner) for key, inner in value.items() if key != "image"}
        return [keys(value[0])] if isinstance(value, list) and isinstance(value[0], dict) else ""

    real = json.loads((shared / "data/celebrities/bios/0120mb.json").read_text())
    ours = json.loads(next((corpus / "biographies").iterdir()).read_text())
    assert keys(ours) == keys(real)


def test_the_disfa_tree_has_a_video_and_twelve_label_files_a_subject(corpus, small):
    subjects = sorted(path.name for path in (corpus / "disfa/ActionUnit_Labels").iterdir())
    assert subjects == ["SN001", "SN003", "SN006"]
    known = tables.read(corpus / "disfa" / "truth.parquet").set_index("item")
    for subject in subjects:
        film = cv2.VideoCapture(
            str(corpus / f"disfa/Videos_LeftCamera/LeftVideo{subject}_comp.avi")
        )
        frames = 0
        while film.read()[0]:
            frames += 1
        assert frames == small["frames"]
        assert film.get(cv2.CAP_PROP_FPS) == 20
        files = sorted((corpus / "disfa/ActionUnit_Labels" / subject).iterdir())
        assert len(files) == 12
        for au in DISFA_12:
            lines = (corpus / f"disfa/ActionUnit_Labels/{subject}/{subject}_au{au}.txt").read_text()
            codes = [line.split(",") for line in lines.splitlines()]
            assert [int(frame) for frame, _ in codes] == list(range(1, small["frames"] + 1))
            true = [known.loc[f"{subject}/{frame}", f"AU{au:02d}_r"] for frame, _ in codes]
            assert np.abs(np.array([int(code) for _, code in codes]) - true).max() <= 0.5


def test_the_truth_names_every_item_once(corpus):
    known = tables.read(corpus / "celebrities" / "truth.parquet", truth.SCHEMA)
    items = [f"{row[0]}_{row[1]}-{row[4]}" for row in rows(corpus)]
    assert known["item"].tolist() == items
    assert known.age_setting.between(18, 75).all()
    assert known.yaw.abs().max() < 45


def test_the_noise_audit_can_read_the_truth_of_both_corpora(corpus):
    """People's codes are the same levels, rounded, so they call from half a level lower."""
    faces = read_truth(corpus / "celebrities" / "truth.parquet", 2)
    assert set(faces["item"]) == {f"{row[0]}_{row[1]}-{row[4]}" for row in rows(corpus)}
    known = read_truth(corpus / "disfa" / "truth.parquet", 1.5).set_index("item")
    people = disfa.read_labels(corpus / "disfa", 2)[0].set_index("item")
    for au in DISFA_12:
        assert known[f"AU{au:02d}_c"].to_dict() == people[f"AU{au:02d}_c"].to_dict()


def test_forty_people_are_enough_for_two_of_every_failure():
    for count, pictures in ((40, 2), (1500, 4)):
        kinds = pd.Series(celebrities.kinds(count, pictures, 1)).value_counts()
        assert set(kinds.index) == set(celebrities.KINDS)
        assert (kinds >= 2).all()
        assert (kinds <= max(2, 0.01 * count * pictures)).all()


def test_failures_are_what_they_say(studio, tmp_path, monkeypatch):
    monkeypatch.setitem(celebrities._studios, tmp_path, studio)
    kinds = dict(zip([(0, 0), (0, 1), (1, 0), (1, 1)], celebrities.KINDS, strict=True))
    celebrities.work(celebrities.Task(tmp_path, 5, 0, 2, 2, kinds), tmp_path / "part")
    known = tables.read(tmp_path / "part" / "truth.parquet").set_index("kind")
    lines = (tmp_path / "part" / "rows.tsv").read_text().splitlines()
    data = [base64.b64decode(line.split("\t")[6]) for line in lines]
    cut = data[list(known.index).index("truncated")]
    assert cut.startswith(b"\xff\xd8")
    assert not cut.endswith(b"\xff\xd9")
    assert abs(known.loc["profile", "yaw"]) > 70
    assert np.isnan(known.loc["no_face", "AU12_r"])
    whole = [line for kind, line in zip(known.index, lines, strict=True) if kind != "truncated"]
    assert all(decode(line.split("\t")[6]) is not None for line in whole)


def test_two_workers_write_the_same_bytes_as_one(corpus, head_zip, small, tmp_path):
    synthesize(tmp_path / "out", head_zip, workers=2, parts=tmp_path / "parts", **small)
    assert tables.digest(*sorted((tmp_path / "out").iterdir())) == tables.digest(
        *sorted(corpus.iterdir())
    )


def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    corpus, head_zip, small, parts, tmp_path, monkeypatch
):
    real, left = celebrities.work, [1]

    def dies(task, out):
        if not left:
            raise KeyboardInterrupt
        left.pop()
        return real(task, out)

    arguments = {**small, "workers": 1, "parts": parts}
    monkeypatch.setattr(celebrities, "work", dies)
    with pytest.raises(KeyboardInterrupt):
        synthesize(tmp_path / "out", head_zip, **arguments)
    assert not (tmp_path / "out").exists()
    done = len(list((parts / "pictures").iterdir()))
    assert done == small["subjects"] + 1
    monkeypatch.setattr(celebrities, "work", real)
    synthesize(tmp_path / "out", head_zip, **arguments)
    assert tables.digest(*sorted((tmp_path / "out").iterdir())) == tables.digest(
        *sorted(corpus.iterdir())
    )


def test_what_lay_there_before_is_replaced(corpus, head_zip, small, parts, tmp_path, monkeypatch):
    def copies(_, tasks, folder, **__):
        for name in tasks:
            (folder / name / "bios").mkdir(parents=True)
            (folder / name / "labels").mkdir()
            (folder / name / "rows.tsv").write_text("")
            (folder / name / "video.avi").write_bytes(b"")
            shutil.copyfile(corpus / "disfa/truth.parquet", folder / name / "truth.parquet")
        return [folder / name for name in tasks]

    monkeypatch.setattr(jobs, "run", copies)
    stale = tmp_path / "out/disfa/ActionUnit_Labels/SN099/SN099_au1.txt"
    stale.parent.mkdir(parents=True)
    stale.write_text("1,0\n")
    synthesize(tmp_path / "out", head_zip, workers=1, parts=parts, **small)
    assert not stale.exists()
    assert (tmp_path / "out" / TSV).exists()


def test_a_contact_sheet_shows_faces_that_differ_by_person_and_by_action_unit(studio, tmp_path):
    ground = np.full((128, 128, 3), 0.2, np.float32)
    sheet = []
    for seed, region in enumerate(people.REGIONS):
        rng = np.random.default_rng(seed)
        sitter = render.Sitter.of(studio, people.draw(studio.head, rng, region))
        view = render.View(size=0.75, noise=0.0)
        calm, smiling = (
            render.render(studio, sitter, levels, view, ground, rng) for levels in ({}, {12: 5.0})
        )
        changed = np.abs(calm.astype(int) - smiling).max(2) > 12
        assert changed[70:110, 30:98].mean() > 0.05  # the mouth and the cheeks
        assert changed[:30].mean() < 0.01  # not the hair
        sheet.append(np.vstack([calm, smiling]))
    assert cv2.imwrite(str(tmp_path / "sheet.png"), np.hstack(sheet))
    faces = np.stack(sheet).astype(float)
    assert np.abs(faces[:, None] - faces[None]).mean((2, 3, 4))[~np.eye(7, dtype=bool)].min() > 2


def test_nobody_is_a_child_or_beyond_75(studio):
    rng = np.random.default_rng(1)
    ages = [people.draw(studio.head, rng, "south_asia").age for _ in range(40)]
    assert min(ages) >= 18
    assert max(ages) <= 75


def test_backgrounds_are_within_the_sensors_range():
    rng = np.random.default_rng(0)
    for _ in range(20):
        ground = scenes.background(40, 60, rng)
        assert ground.shape == (40, 60, 3)
        assert 0 < ground.min() <= ground.max() < 1


def test_a_video_that_the_disk_cut_short_is_no_finished_part(
    head_zip, small, parts, tmp_path, monkeypatch
):
    """OpenCV's writer says nothing when the disk is full; here it drops the last frames."""

    real = cv2.VideoWriter

    class Full:
        fourcc = real.fourcc

        def __init__(self, *options):
            self.film, self.left = real(*options), 3

        def write(self, picture):
            if self.left:
                self.film.write(picture)
            self.left = max(self.left - 1, 0)

        def release(self):
            self.film.release()

    monkeypatch.setattr(cv2, "VideoWriter", Full)
    with pytest.raises(JobError, match="the disk is full"):
        synthesize(tmp_path / "out", head_zip, workers=1, parts=parts, **small)
    assert not (tmp_path / "out" / "disfa").exists()
