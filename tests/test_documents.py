"""What the README says is so."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def stages(file: str) -> set[str]:
    return set(yaml.safe_load((ROOT / file).read_text())["stages"])


def test_the_table_of_stages_names_each_stage_of_the_dag_and_no_other() -> None:
    section = README.split("## What happens")[1].split("\n## ")[0]
    told = re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
    assert set(told) == stages("dvc.yaml") | stages("data/synthetic/dvc.yaml")
    scripts = {path.stem for path in (ROOT / "stages").glob("[a-z]*.py")}
    assert set(told) - {"annotate_beside"} == scripts - {"check"}  # which DVC does not run


def test_every_stage_says_what_it_does() -> None:
    for file in ("dvc.yaml", "data/synthetic/dvc.yaml"):
        for name, stage in yaml.safe_load((ROOT / file).read_text())["stages"].items():
            assert stage.get("do", stage)["desc"], name


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", README)) <= targets


def test_files_that_are_linked_are_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).is_file(), target


def test_every_source_that_is_listed_can_be_opened() -> None:
    from noisyau import corpora, params

    section = README.split("| `source` |")[1].split("\n\n")[0]
    told = set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))
    assert told == set(corpora._READERS) == set(params.Source.__args__)
    assert {name: takes for name, (_, takes) in corpora._READERS.items()} == params.OPTIONS_OF


def test_every_pinned_package_has_one_version() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._]+", pin) for pin in pins)
    assert "torch==2.13.0" in pins


def test_the_picture_of_augmentations_has_each_at_the_strength_of_params_and_at_the_largest() -> (
    None
):
    from bench import augmentations
    from noisyau import params

    shipped = params.load(ROOT / "params.yaml").defaults.pretrain.augment.model_dump()
    assert set(augmentations.ROWS) == set(shipped)
    for name, (usual, largest, _) in augmentations.ROWS.items():
        assert shipped[name] in (0, usual), name
        params.Augment(**{**shipped, name: largest})
        with pytest.raises(ValidationError):
            params.Augment(**{**shipped, name: 1.02 * largest})
