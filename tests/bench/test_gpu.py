"""The GPU's benchmark, tried on the processor."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import pytest
import torch

from bench import gpu
from noisyau.training.device import choose

ROOT = Path(__file__).parents[2]
NEEDED = ("torch", "numpy", "pandas", "pyarrow", "scikit-learn", "tqdm")


def dependencies(names: tuple[str, ...]) -> set[str]:
    """These packages and all that they need, by their installed names."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        name = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if name in found:
            continue
        found.add(name)
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # needed elsewhere: another system, a GPU
            continue
        todo += [re.split(r"[^\w.-]", need)[0] for need in needs if "extra ==" not in need]
    return found


@pytest.fixture(scope="module")
def told() -> dict[str, object]:
    """What it prints where nothing but the packages that it names can be imported."""
    kept = dependencies(NEEDED)
    packages = metadata.packages_distributions()
    absent = [
        module
        for module, names in packages.items()
        if not any(re.sub(r"[-_.]+", "-", name).lower() in kept for name in names)
    ]
    assert {"pydantic", "mlflow", "dvc", "cv2", "numba", "yaml", "PIL"} <= set(absent)
    program = (
        f"import runpy, sys; sys.modules.update(dict.fromkeys({absent!r})); "
        "sys.argv = ['gpu', '--smoke']; import torch; torch.set_num_threads(1); "
        "runpy.run_module('bench.gpu', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_runs_with_the_packages_that_it_names_and_prints_one_json(told):
    assert {"device", "by_batch", "plain_loop", "targets", "checks"} <= set(told)
    assert told["plain_loop"]["decoder"] is None  # Pillow was out of reach
    for speed in told["by_batch"].values():
        assert speed["faces_per_s"] > 0
        assert speed["against_pure"] > 0


def test_each_target_is_told_with_what_was_reached(told):
    targets = told["targets"]
    assert targets["faces_per_s"]["target"] == 60_000
    for name, one in targets.items():
        better = (
            one["reached"] <= one["target"]
            if name == "epoch_s"
            else (one["reached"] >= one["target"])
        )
        assert one["met"] is better


def test_numbers_are_held_against_the_processor_s_on_a_loss_that_falls(told):
    checks = told["checks"]
    assert checks["agree"] is True
    assert checks["loss_float32"]["losses"] == checks["loss_float32"]["processor"]
    assert checks["loss_chosen"]["losses"][-1] < 0.9 * checks["loss_chosen"]["losses"][0]


def test_without_a_gpu_it_says_so():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    done = subprocess.run(
        [sys.executable, "-m", "bench.gpu"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "no GPU that torch can use; --smoke" in done.stderr


def test_a_loss_that_differs_is_told(monkeypatch):
    """Here of a device that takes steps four times as long."""
    real = gpu.fit.pretrain

    def other(train, validation, aus, recipe, *, device, **knobs):
        rate = recipe.learning_rate * (4 if device.bfloat16 else 1)
        recipe = replace(recipe, learning_rate=rate)
        return real(train, validation, aus, recipe, device=device, **knobs)

    monkeypatch.setattr(gpu.fit, "pretrain", other)
    checks = gpu.checks(choose("cpu", "bfloat16"), gpu.SMOKE)
    assert checks["loss_float32"]["agree"] is True
    assert checks["loss_chosen"]["agree"] is False
    assert checks["agree"] is False
