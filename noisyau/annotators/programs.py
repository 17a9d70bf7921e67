"""Running somebody else's program: with an end, whatever it does.

The program gets a process group of its own, no standard input, and a limit on how long it may
go without progress. What it prints is read as it comes and only the end is kept, so that a
program that prints for ever fills neither a pipe nor the memory.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_KEPT = 16 * 1024  # bytes of output
_LINES = 5
_POLL = 0.1  # seconds
# Looked up before the fork, at which another thread of a Dask worker may hold the linker's lock.
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


@dataclass(frozen=True)
class Ended:
    """How a call ended.

    code    the exit code, negative where a signal ended it
    hung    whether we ended it, for want of progress
    output  the end of what it printed, both streams together
    """

    code: int
    hung: bool
    output: str

    @property
    def reason(self) -> str:
        """Why it has not done its work, in a word: time_limit, program_died, no_output."""
        return "time_limit" if self.hung else "program_died" if self.code else "no_output"

    def __str__(self) -> str:
        if self.hung:
            how = "made no progress and was ended at the time limit"
        elif self.code < 0:
            how = f"ended by {_signal_name(-self.code)}"
        elif self.code > 128:  # as a shell or container tells of a signal
            how = f"exit code {self.code} ({_signal_name(self.code - 128)})"
        else:
            how = f"exit code {self.code}"
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return f"{how}: {' | '.join(lines[-_LINES:]) or 'it printed nothing'}"


def run(
    command: Sequence[str], folder: Path, *, patience: float, progress: Callable[[], object]
) -> Ended:
    """Run a program to its end.

    folder    its working directory
    patience  seconds that it may go without progress before its whole process group is killed
    progress  called often; a value that differs from the last one is progress

    Raises OSError where it cannot be started.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with_the_worker,
    ) as process:
        assert process.stdout is not None
        tail = _Tail(process.stdout)
        hung = False
        last, since = progress(), time.monotonic()
        while True:
            try:
                process.wait(_POLL)
                break
            except subprocess.TimeoutExpired:
                now = progress()
                if now != last:
                    last, since = now, time.monotonic()
                elif time.monotonic() - since > patience:
                    hung = True
                    break
            except BaseException:
                _kill(process)
                raise
        _kill(process)  # also what it left behind in its group, which may hold the pipe open
        process.wait()
        return Ended(process.returncode, hung, tail.text())


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _die_with_the_worker() -> None:
    """Runs in the forked child: one system call, nothing that takes a lock.

    The kernel ties it to the thread that starts the program, which waits here for its end.
    """
    if _PRCTL:
        _PRCTL(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class _Tail:
    """Reads a stream to its end in a thread and keeps the last bytes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._kept = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed, while a stray child prints on
            while some := os.read(self._stream.fileno(), 65536):
                self._kept = (self._kept + some)[-_KEPT:]

    def text(self) -> str:
        self._thread.join(timeout=5)
        return self._kept.decode("utf-8", "replace")
