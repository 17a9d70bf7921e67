"""DVC does not follow imports, so dvc.yaml lists the code of each stage; here it is followed."""

import ast
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WITHOUT_EFFECT = {
    # on what is written
    *("assets", "cluster", "digests", "errors", "items", "jobs", "outputs", "params", "tracking"),
}


def without_effect(file: Path) -> bool:
    return file.parent == ROOT / "noisyau" and file.stem in WITHOUT_EFFECT


def stages() -> dict[str, list[str]]:
    """Each stage's dependencies."""
    found = {}
    for file in ("dvc.yaml", "data/synthetic/dvc.yaml"):
        for name, stage in yaml.safe_load((ROOT / file).read_text())["stages"].items():
            found[name] = (stage.get("do") or stage)["deps"]
    return found


def imports(file: Path) -> set[Path]:
    """The files of noisyau that a file imports, wherever in it."""
    package = [*file.relative_to(ROOT).with_suffix("").parts]
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package[: len(package) - node.level]) + "." if node.level else ""
            module = (above + (node.module or "")).rstrip(".")
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            path = ROOT.joinpath(*name.split("."))
            if name.startswith("noisyau"):
                found |= {
                    one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file()
                }
    return found


def script(stage: str) -> Path:
    return ROOT / "stages" / f"{stage.removesuffix('_beside')}.py"


def closure(stage: str) -> set[str]:
    seen: set[Path] = set()
    todo = {script(stage)}
    while todo:
        file = todo.pop()
        seen.add(file)
        if not without_effect(file):
            todo |= imports(file) - seen
    return {file.relative_to(ROOT).as_posix() for file in seen}


@pytest.mark.parametrize("stage", stages())
def test_a_stage_depends_on_all_code_that_shapes_what_it_writes(stage):
    deps = stages()[stage]
    missing = sorted(
        file
        for file in closure(stage)
        if not without_effect(ROOT / file)
        and Path(file).name != "__init__.py"
        and not any(file == dep or file.startswith(f"{dep}/") for dep in deps)
    )
    assert missing == []


@pytest.mark.parametrize("stage", stages())
def test_a_stage_depends_on_the_parameters_that_it_reads(stage):
    """A variant is what it writes over `defaults`, so whoever reads one reads both."""
    code = script(stage).read_text()
    read = set(re.findall(r"settings\.(\w+)", code)) - {"device", "workers", "check_fold"}
    read -= {"cluster"}  # who does the work, which leaves the same
    read -= {"model_dump"}  # of the report, which shows them all
    if stage == "annotate_beside":
        read -= {"annotator"}  # it is told whom to ask
    if stage.startswith("annotate"):
        read -= {"knobs"}  # what stage `annotators` wrote of them shapes the codes
    if stage in ("detect", "annotate", "annotate_beside"):
        read -= {"corpora"}  # they depend on what stage `corpus` wrote of them
    wanted = {WRITTEN.get(name, name) for name in read}
    if {"variant", "variants"} & read:
        wanted |= {"variants", "defaults"}
    found = {name.split(".")[0] for name in parameters()[stage]}
    assert wanted <= found


WRITTEN = {"variant": "variants", "minimum_confidence": "annotators", "knobs": "annotators"}


def parameters() -> dict[str, list[str]]:
    found = {}
    for file in ("dvc.yaml", "data/synthetic/dvc.yaml"):
        for name, stage in yaml.safe_load((ROOT / file).read_text())["stages"].items():
            found[name] = (stage.get("do") or stage).get("params", [])
    return found
