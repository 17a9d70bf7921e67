import os
import signal
import sys
import time
from pathlib import Path

import pytest

from noisyau.annotators import programs


def run(code: str, folder: Path, patience: float = 20) -> programs.Ended:
    command = [sys.executable, "-c", code]
    return programs.run(
        command, folder, patience=patience, progress=lambda: len(list(folder.iterdir()))
    )


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_both_streams_and_the_exit_code_are_told(tmp_path):
    ended = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (ended.code, ended.hung) == (3, False)
    assert str(ended).startswith("exit code 3: ")
    assert {"out", "err"} <= set(ended.output.split())


def test_a_signal_has_its_name_from_python_as_from_a_shell(tmp_path):
    assert str(run("import os; os.abort()", tmp_path)).startswith("ended by SIGABRT: it printed")
    assert str(run("import sys; sys.exit(134)", tmp_path)).startswith("exit code 134 (SIGABRT)")


def test_standard_input_is_empty(tmp_path):
    assert run("import sys; print(repr(sys.stdin.read()))", tmp_path).output == "''\n"


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path):
    (tmp_path / "out").mkdir()
    code = f"""
import subprocess, time
child = subprocess.Popen(["sleep", "100"])
open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
print("working", flush=True)
time.sleep(100)
"""
    began = time.monotonic()
    ended = programs.run(
        [sys.executable, "-c", code], tmp_path, patience=1.5, progress=lambda: None
    )
    assert ended.hung
    assert time.monotonic() - began < 10
    assert str(ended) == "made no progress and was ended at the time limit: working"
    deadline = time.monotonic() + 5
    while alive(int((tmp_path / "pid").read_text())):
        assert time.monotonic() < deadline, "the program's child lives on"
        time.sleep(0.05)


def test_progress_keeps_a_slow_program_alive(tmp_path):
    code = "import time\nfor n in range(5): time.sleep(0.5); open(f'{n}', 'w').close()"
    assert not run(code, tmp_path, patience=1.5).hung


def test_a_program_that_prints_without_end_is_ended_and_only_its_last_words_are_kept(tmp_path):
    ended = run("while True: print('x' * 1000)", tmp_path, patience=1)
    assert ended.hung
    assert len(ended.output) <= 16 * 1024


def test_a_child_that_outlives_the_program_does_not_hold_us(tmp_path):
    code = "import subprocess; subprocess.Popen(['sleep', '60']); print('bye')"
    began = time.monotonic()
    assert run(code, tmp_path).output == "bye\n"
    assert time.monotonic() - began < 10


def test_a_program_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match="no-such-program"):
        programs.run([str(tmp_path / "no-such-program")], tmp_path, patience=1, progress=int)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent-death signal")
def test_the_program_dies_with_a_worker_that_is_killed(tmp_path):
    code = f"""
from pathlib import Path
from noisyau.annotators import programs
programs.run(["sh", "-c", "echo $$ > pid.tmp; mv pid.tmp pid; exec sleep 100"],
             Path({str(tmp_path)!r}), patience=100, progress=int)
"""
    worker = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-c", code])
    deadline = time.monotonic() + 20
    while not (tmp_path / "pid").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    while alive(int((tmp_path / "pid").read_text())):
        assert time.monotonic() < deadline, "the program outlived its worker"
        time.sleep(0.05)
