"""The stage on small tables, without DVC: what goes in, comes out once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from noisyau import tables, tracking
from noisyau.errors import TableError
from stages import pretrain_table

ROOT = Path(__file__).parents[2]
PEOPLE = [f"m.{number:02d}" for number in range(40)]
ITEMS = [f"{name}_{picture}" for name in PEOPLE for picture in range(4)]


def groups(*told: tuple[str, ...]) -> pd.DataFrame:
    """A group for each list of faces."""
    rows = [
        (number, "coded" if face.startswith("SN") else "celebrities", face, face[:4])
        for number, faces in enumerate(told)
        for face in faces
    ]
    return pd.DataFrame(rows, columns=tables.DUPLICATES.names)


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes the tables, runs the stage there, and returns the folder of what it wrote."""

    @contextmanager
    def untracked(*_: Any, **__: Any) -> Iterator[tracking.Log]:
        yield tracking.Log()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tracking, "run", untracked)

    def run(alike: pd.DataFrame, shuffled: bool = False, **variants: dict[str, Any]) -> Path:
        names = [f"{item}#0" for item in ITEMS] + [f"{ITEMS[0]}#1"]
        rows = pd.DataFrame({"face_id": names})
        rows["subject"] = rows["face_id"].str[:4]
        rows = rows.assign(annotator="table", annotator_version="1", mode="static")
        rows["confidence"] = np.where(rows["face_id"].str.contains("_3#"), 0.4, 0.9)
        for name in ("AU12_c", "AU12_r"):
            rows[name] = np.arange(len(rows)) % 2
        other = rows.iloc[::3].assign(AU12_c=1, annotator="openface", confidence=1.0)
        if shuffled:
            rows, other = (one.sample(frac=1, random_state=1) for one in (rows, other))
        tables.write(rows, Path("data/labels/celebrities_table.parquet"), tables.labels([12]))
        tables.write(other, Path("data/labels/celebrities_openface.parquet"), tables.labels([12]))
        people = pd.DataFrame({"subject": PEOPLE[1:]}).reindex(columns=tables.PEOPLE.names)
        people["gender"] = ["female", "male", "male"] * 13
        people["region"] = ["south_asia", "north_east_asia", "north_east_asia"] * 13
        people["nationalities"] = [[] for _ in people.index]
        people["overridden"] = [[] for _ in people.index]
        tables.write(people, Path("data/people.parquet"), tables.PEOPLE)
        tables.write(alike, Path("data/duplicates.parquet"), tables.DUPLICATES)
        tables.write(tables.IDENTITY.empty_table(), Path("data/identity.parquet"), tables.IDENTITY)
        told = yaml.safe_load((ROOT / "params.yaml").read_text())
        told |= {"annotator": "table", "beside": ["openface"], "active": ["scratch", *variants]}
        told["pretrain_table"]["duplicates"] = "one"
        told["defaults"]["pretrain"]["aus"] = [12]
        for name, recipe in variants.items():
            told["variants"][name] = {"net": {}, "pretrain": recipe, "finetune": {}}
        Path("params.yaml").write_text(yaml.safe_dump(told))
        pretrain_table.main()
        return Path("data/tables").resolve()

    return run


ALIKE = groups(
    ("SN01/1#0", "m.05_3#0"),
    ("m.06_0#0", "m.07_0#0"),
    ("m.08_0#0", "m.08_1#0", "m.08_3#0"),
)


def test_every_first_face_is_in_the_table_or_left_out_with_a_reason(stage, capsys) -> None:
    out = stage(ALIKE, everyone={})
    left = tables.read(out / "left_out.parquet", tables.LEFT_OUT).set_index("face_id")["reason"]
    there = tables.read(out / "pretrain.parquet")
    assert sorted([*left.index, *there["face_id"]]) == [f"{item}#0" for item in ITEMS]
    assert (left[left.index.str.startswith("m.05")] == "coded_person").all()
    assert left[["m.06_0#0", "m.07_0#0", "m.08_1#0"]].tolist() == [
        *("two_people", "two_people", "duplicate")
    ]
    assert left.value_counts()["unsure"] == 39  # all but m.05's, whom another reason takes
    told = capsys.readouterr().out
    assert "1 further_faces, 4 coded_person, 1 duplicate, 2 two_people, 39 unsure" in told


def test_a_subset_holds_its_rows_of_the_table_with_what_the_annotators_say(stage) -> None:
    out = stage(ALIKE, few={"images": 20, "labels": "mean"}, own={"images": "20%", "people": 20})
    there = tables.read(out / "pretrain.parquet")
    labels = tables.read(Path("data/labels/celebrities_table.parquet")).set_index("face_id")
    others = tables.read(Path("data/labels/celebrities_openface.parquet")).set_index("face_id")
    for name in ("few", "own"):
        rows = tables.read(out / "subsets" / f"{name}.parquet", tables.subset([12]))
        assert rows["face_id"].tolist() == there.loc[there[name], "face_id"].tolist()
        said = labels["AU12_c"].reindex(rows["face_id"]).astype(float)
        if name == "few":
            both = pd.concat([said, others["AU12_c"].reindex(said.index).astype(float)], axis=1)
            said = both.mean(axis=1)
        np.testing.assert_array_equal(rows["AU12_t"], said)
    assert tables.count(out / "subsets/scratch.parquet") == 0


def test_what_is_short_is_written_and_told(stage, capsys) -> None:
    balance = {"south_asia": 0.9, "north_east_asia": 0.1}
    out = stage(ALIKE, few={"people": 20, "balance": balance})
    rows = tables.read(out / "shortfalls.parquet", tables.SHORTFALLS).set_index("cell")
    short, filled = rows.loc["south_asia"], rows.loc["north_east_asia"]
    assert short["wanted"] == 18
    assert short["taken"] == short["available"] < 13
    assert filled["wanted"] == 2
    assert filled["taken"] + short["taken"] == 20
    text = f"few: {short['taken']} people of south_asia instead of 18; there are no more"
    assert text in capsys.readouterr().out


def test_the_order_of_the_labels_changes_no_byte(stage) -> None:
    found = []
    for shuffled in (False, True):
        out = stage(ALIKE, shuffled, few={"images": 20, "labels": "mean"}, everyone={})
        found.append({path.name: path.read_bytes() for path in out.rglob("*.parquet")})
    assert len(found[0]) == 6
    assert found[0] == found[1]


def test_what_cannot_be_met_leaves_no_table_of_the_variants(stage) -> None:
    with pytest.raises(TableError, match=r"variants\.many\.pretrain\.images: 1,000 asks for 500"):
        stage(ALIKE, many={"images": 1000})
    assert not Path("data/tables/pretrain.parquet").exists()
