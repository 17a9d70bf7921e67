import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import requests

from noisyau import tracking

mlflow = pytest.importorskip("mlflow")
pytestmark = pytest.mark.filterwarnings("default")  # MLflow's own


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real `mlflow server` on the loopback."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{folder}/server.db"),
        *("--artifacts-destination", str(folder / "artifacts"), "--workers", "1"),
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(240):
                try:
                    requests.get(f"{address}/health", timeout=1).raise_for_status()
                    break
                except requests.RequestException:
                    time.sleep(0.25)
            else:
                pytest.fail(f"mlflow server did not start: {(folder / 'log').read_text()}")
            yield address
        finally:
            os.killpg(process.pid, 15)
            process.wait(30)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def only_run(address: str) -> "mlflow.entities.Run":
    client = mlflow.MlflowClient(tracking_uri=address)
    experiment = client.get_experiment_by_name("noisyau")
    (run,) = client.search_runs([experiment.experiment_id], max_results=1)
    return run


SETTINGS = {"seed": 1, "finetune": {"learning_rate": 0.001, "augment": {"flip": 0.5}}}


def log_a_run(project: Path) -> None:
    history = project / "history.csv"
    history.write_text("epoch,loss\n1,0.5\n")
    with tracking.run("finetune", SETTINGS, variant="noisy_all", fold=2) as log:
        for epoch in (1, 2):
            log.metrics({"train/loss": 1 / epoch}, step=epoch)
        log.artifact(history)
        pd.DataFrame({"loss": [1.0]}).to_parquet("losses.parquet")
        log.table(Path("losses.parquet"))


def check(address: str) -> None:
    run = only_run(address)
    client = mlflow.MlflowClient(tracking_uri=address)
    assert run.info.run_name == "finetune@noisy_all-fold2"
    assert run.info.status == "FINISHED"
    assert run.data.params["finetune.learning_rate"] == "0.001"
    assert run.data.params["finetune.augment.flip"] == "0.5"
    tags = run.data.tags
    assert (tags["stage"], tags["variant"], tags["fold"]) == ("finetune", "noisy_all", "2")
    assert "corpus" not in tags
    assert tags["version.torch"].startswith("2.")
    assert tags["rows.losses.parquet"] == "1"
    assert len(tags["digest.losses.parquet"]) == 64
    values = client.get_metric_history(run.info.run_id, "train/loss")
    assert [(row.step, row.value) for row in values] == [(1, 1.0), (2, 0.5)]
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["history.csv"]


def test_a_run_goes_into_the_projects_own_database_and_folder(project: Path) -> None:
    log_a_run(project)
    check(f"sqlite:///{project}/mlflow.db")
    assert list((project / "mlartifacts").rglob("history.csv"))
    assert not (project / "mlruns").exists()


def test_a_run_goes_to_a_real_server_when_the_environment_names_one(
    project: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    log_a_run(project)
    check(server)
    assert not (project / "mlflow.db").exists()


def test_a_stage_that_raises_is_marked_failed_with_the_error(project: Path) -> None:
    with pytest.raises(ValueError, match="bad row"), tracking.run("detect", {}, corpus="coded"):
        raise ValueError("bad row")
    run = only_run(f"sqlite:///{project}/mlflow.db")
    assert run.info.run_name == "detect@coded"
    assert run.info.status == "FAILED"
    assert run.data.tags["error"] == "ValueError: bad row"


def test_a_server_that_cannot_be_reached_gives_one_warning_and_costs_nothing(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    log_a_run(project)
    warnings = capsys.readouterr().err
    assert warnings.count("warning: MLflow at http://127.0.0.1:9 does not answer") == 1


def test_more_parameters_than_mlflow_takes_at_once_are_all_kept(project: Path) -> None:
    with tracking.run("pretrain", {f"knob{n}": n for n in range(250)}):
        pass
    assert len(only_run(f"sqlite:///{project}/mlflow.db").data.params) == 250


def test_a_run_says_how_long_it_took_and_how_much_memory(project: Path) -> None:
    with tracking.run("folds", {}):
        held = bytearray(200 * 2**20)
        time.sleep(0.1)
    metrics = only_run(f"sqlite:///{project}/mlflow.db").data.metrics
    assert len(held) == 200 * 2**20
    assert metrics["stage/seconds"] > 0.1
    assert metrics["stage/peak_memory_mb_own"] > 200
