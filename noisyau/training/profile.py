"""Where the time of training goes: faces a second, waiting, share of the device's peak; a trace.

    timer = Timer(device, tracing=True)
    timer.learn(net, (1, 64, 64))            # what a face costs
    with timer.epoch(faces):                 # on the wall clock
        for batch in timer.each(batches):    # waiting for a batch is `input`,
            with timer.part("input"): ...    # as is what is done with it: augmented, scaled
            with timer.part("forward"): ...  # with the loss
            with timer.part("backward"): ...
            with timer.part("optimiser"): ...
            timer.step()
    timer.numbers()                          # of that epoch, for MLflow
    timer.write(folder)                      # of all epochs, the table and, where traced, a trace

A GPU's parts are timed by events in its own stream, which cost it nothing and are read when they
have passed: nobody waits for it before the epoch ends. What is left of the wall clock is `host`:
there a processor does something else than these parts, and a GPU has nothing to do.
"""

import gzip
import re
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pandas as pd
import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile, record_function

from noisyau import outputs
from noisyau.training.device import Device

Batch = TypeVar("Batch")

PEAKS = {
    "H200": 989e12,
    "H100 80GB HBM3": 989e12,
    "H100 NVL": 835e12,
    "H100 PCIe": 756e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "A10": 125e12,
}
"""Words of a GPU's name -> dense bfloat16 operations a second, from NVIDIA's data sheets.

The sheets print twice as much where they say "with sparsity".
"""

_SKIPPED, _TRACED = 5, 10  # steps: kernels are chosen in the first, and ten show what repeats


class Timer:
    """The clock of one training.

    tracing  also record every operation of ten steps of the first epoch, which slows those
    """

    def __init__(self, device: Device, tracing: bool = False) -> None:
        self._device = device
        self._tracer: Any = _tracer(device) if tracing else None
        self._state = "waits" if tracing else "off"  # then records, then done
        self._spans: deque[tuple[str, Any, Any]] = deque()
        self._flops, self._peak = 0.0, 1.0
        self._now: dict[str, float] = {}
        self._all: dict[str, float] = {}
        self._wall = self._faces = self._steps = 0.0
        self._last = (0.0, 0)  # seconds and faces of the last epoch

    def learn(self, net: nn.Module, picture: tuple[int, ...]) -> None:
        """What a face takes of the device, and what that has; `picture` is a face's shape."""
        self._flops = flops(net, picture, self._device)
        self._peak = peak(self._device)

    @contextmanager
    def epoch(self, faces: int) -> Iterator[None]:
        """One pass over so many faces; the block ends when the device has done its work."""
        self._now, began = {}, time.perf_counter()
        yield
        self._wait()
        self._collect()
        self._stop_tracing()
        seconds = time.perf_counter() - began
        self._last = (seconds, faces)
        self._wall += seconds
        self._faces += faces
        for name, spent in self._now.items():
            self._all[name] = self._all.get(name, 0.0) + spent

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """A part of a step."""
        with record_function(name) if self._state == "records" else nullcontext():
            began = self._mark()
            yield
            self._spans.append((name, began, self._mark()))

    def each(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches; the time until each is there is input."""
        remaining = iter(batches)
        while True:
            with self.part("input"):
                batch = next(remaining, None)
            if batch is None:
                return
            yield batch

    def step(self) -> None:
        """A step has ended."""
        self._steps += 1
        self._collect()
        if self._state == "waits" and self._steps == _SKIPPED:
            self._wait()
            self._tracer.start()
            self._state = "records"
        elif self._state == "records" and self._steps == _SKIPPED + _TRACED:
            self._stop_tracing()

    def numbers(self) -> dict[str, float]:
        """Of the last epoch, for MLflow: faces a second; the share of the time in which the
        device waited for its input; and the share of the device's peak that the net's own
        operations came to."""
        seconds, faces = self._last
        rate = faces / seconds
        return {
            "speed/faces_per_s": rate,
            "speed/waiting": self._now.get("input", 0.0) / seconds,
            "speed/mfu": rate * self._flops / self._peak,
        }

    def table(self) -> pd.DataFrame:
        """part, seconds, share of the time, milliseconds a step; `host` is the rest."""
        spent = {**self._all, "host": self._wall - sum(self._all.values())}
        table = pd.DataFrame({"part": list(spent), "seconds": list(spent.values())})
        table["share"] = table["seconds"] / self._wall
        table["ms_a_step"] = 1000 * table["seconds"] / self._steps
        return table

    def write(self, folder: Path) -> list[Path]:
        """profile.csv, the table, and trace.json.gz, for chrome://tracing or ui.perfetto.dev.

        Nothing where nobody asked for them or no step was taken; only the table where the first
        epoch ended before the sixth step.
        """
        if self._state == "off" or not self._steps:
            return []
        files = [folder / "profile.csv"]
        outputs.write_text(self.table().round(4).to_csv(index=False), files[0])
        if self._state == "done":
            files.append(folder / "trace.json.gz")
            with TemporaryDirectory() as scratch, outputs.whole(files[1]) as target:
                self._tracer.export_chrome_trace(f"{scratch}/trace.json")
                target.write_bytes(gzip.compress(Path(scratch, "trace.json").read_bytes()))
        return files

    def __str__(self) -> str:
        if not self._steps:
            return "no step was taken"
        shares = ", ".join(f"{part} {share:.0%}" for part, _, share, _ in self.table().to_numpy())
        return f"{self._faces / self._wall:,.0f} faces a second: {shares}"

    def _mark(self) -> Any:
        if self._device.device.type != "cuda":
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device.device))
        return event

    def _wait(self) -> None:
        if self._device.device.type == "cuda":
            torch.cuda.synchronize(self._device.device)

    def _collect(self) -> None:
        """Add up the spans that have passed."""
        on_gpu = self._device.device.type == "cuda"
        while self._spans and (not on_gpu or self._spans[0][2].query()):
            name, began, ended = self._spans.popleft()
            spent = began.elapsed_time(ended) / 1000 if on_gpu else ended - began
            self._now[name] = self._now.get(name, 0.0) + spent

    def _stop_tracing(self) -> None:
        if self._state == "records":
            self._wait()
            self._tracer.stop()
        self._state = {"records": "done", "waits": "too short"}.get(self._state, self._state)


def flops(net: nn.Module, picture: tuple[int, ...], device: Device) -> float:
    """Operations of a face's forward and backward pass: 2 for each multiply-add of convolutions
    and matrix products, nothing for the rest.

    The backward pass takes them twice, for the gradients of the weights and of the inputs; the
    first layer's input needs none.
    """
    found: list[float] = []

    def count(layer: nn.Module, _: object, output: Tensor) -> None:
        weights: Tensor = layer.weight  # type: ignore[assignment]
        found.append(2.0 * weights.numel() * output[0].numel() / len(weights))

    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    trained = net.training
    with torch.no_grad(), device.autocast():
        net.eval()(torch.zeros(1, *picture, device=device.device))
    net.train(trained)
    for hook in hooks:
        hook.remove()
    return 3 * sum(found) - found[0]


def peak(device: Device) -> float:
    """Operations a second that the device can do at most: of a GPU in bfloat16, its data sheet's
    (PEAKS); of anything else, what the best of five products of large matrices comes to."""
    if device.device.type == "cuda" and device.bfloat16:
        name = torch.cuda.get_device_name(device.device)
        for part, known in PEAKS.items():
            if re.search(rf"\b{part}\b", name):
                return known
    return measured_peak(device)


def measured_peak(device: Device) -> float:
    """The best of five products of square matrices of random numbers, of the side at which each
    kind of device is fastest."""
    on_gpu = device.device.type == "cuda"
    side = 8192 if on_gpu else 1024
    kind = torch.bfloat16 if device.bfloat16 else torch.float32
    generator = device.generator(0)
    left, right = (
        torch.randn(side, side, generator=generator, device=device.device).to(kind)
        for _ in range(2)
    )
    best = float("inf")
    for _ in range(5):
        if on_gpu:
            torch.cuda.synchronize(device.device)
        began = time.perf_counter()
        left @ right
        if on_gpu:
            torch.cuda.synchronize(device.device)
        best = min(best, time.perf_counter() - began)
    return 2 * side**3 / best


def _tracer(device: Device) -> Any:
    kinds = [ProfilerActivity.CPU]
    kinds += [ProfilerActivity.CUDA] if device.device.type == "cuda" else []
    return profile(activities=kinds, record_shapes=True)
