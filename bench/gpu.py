"""Training on this machine's GPU: speed against the targets, numbers against the processor.

    python -m bench.gpu > "bench/results/NVIDIA H200.json"

Needs torch, numpy, pandas, pyarrow, scikit-learn and tqdm, and under 8 minutes. One JSON goes to
standard output, all else to standard error. `--smoke` is the same on the processor with a small
net and few pictures, so that tests can run it; its figures mean nothing. It ends with status 1
where the GPU's numbers are not the processor's.
"""

import argparse
import io
import json
import platform
import statistics
import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.utils.data import DataLoader, Dataset

from bench import step
from noisyau.training import fit, profile
from noisyau.training.augment import Augment
from noisyau.training.device import Device, choose
from noisyau.training.faces import Faces
from noisyau.training.profile import Timer

TARGETS = {"faces_per_s": 60_000, "epoch_s": 3.0, "against_plain": 20.0, "against_pure": 0.95}
CROP = 192  # pixels of the JPEGs that the plain loop decodes
STILL = Augment(flip=0.0, rotation=0.0, skew=0.0, scale=0.0)


@dataclass(frozen=True)
class Sizes:
    """How much is measured; the paper's 160,000 pictures, unless it is a trial."""

    net: str = "vgg13"
    side: int = 64
    faces: int = 160_000
    batches: tuple[int, ...] = (1024, 2048, 4096)
    plain_faces: int = 8192
    plain_batch: int = 1024
    checked_faces: int = 512
    checked_rate: float = 0.0005  # at which the net learns these in few steps


SMOKE = Sizes("cnn2", 16, 256, (32, 64), 64, 32, 256, 0.003)


def run(device: Device, sizes: Sizes) -> dict[str, Any]:
    """Everything that is measured."""
    train = step.faces(sizes.faces, sizes.side)
    speeds = {batch: speed(device, sizes, train, batch) for batch in sizes.batches}
    best = max(speeds.values(), key=lambda one: float(one["faces_per_s"]))
    plain, decoder = plain_loop(device, sizes)
    reached = {
        "faces_per_s": best["faces_per_s"],
        "epoch_s": best["epoch_s"],
        "against_plain": round(best["faces_per_s"] / plain, 1),
        "against_pure": best["against_pure"],
    }
    return {
        "device": about(device),
        "net": sizes.net,
        "faces": sizes.faces,
        "by_batch": speeds,
        "plain_loop": {"faces_per_s": round(plain, 1), "decoder": decoder},
        "targets": {
            name: {
                "target": target,
                "reached": reached[name],
                "met": reached[name] <= target if name == "epoch_s" else reached[name] >= target,
            }
            for name, target in TARGETS.items()
        },
        "checks": checks(device, sizes),
    }


def about(device: Device) -> dict[str, Any]:
    """What the device is and what it can do at most."""
    on_gpu = device.device.type == "cuda"
    return {
        "name": torch.cuda.get_device_name(device.device) if on_gpu else platform.machine(),
        "memory_gib": round(torch.cuda.mem_get_info(device.device)[1] / 2**30, 1) if on_gpu else 0,
        "precision": "bfloat16" if device.bfloat16 else "float32",
        "peak_tflops": round(profile.peak(device) / 1e12, 2),
        "measured_matmul_tflops": round(profile.measured_peak(device) / 1e12, 2),
        "measured_copy_gb_per_s": round(copied(device) / 1e9, 1),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
    }


def copied(device: Device) -> float:
    """Bytes a second that are read or written when the device copies within its memory."""
    count = 2**30 if device.device.type == "cuda" else 2**25  # many times any cache
    here, there = (torch.ones(count // 4, device=device.device) for _ in range(2))
    best = float("inf")
    for _ in range(5):
        step.finish(device)
        began = time.perf_counter()
        there.copy_(here)
        step.finish(device)
        best = min(best, time.perf_counter() - began)
    return 2 * count / best


def speed(device: Device, sizes: Sizes, train: Faces, batch: int) -> dict[str, Any]:
    """Epochs of the loop at this batch, beside pure compute, taking turns."""
    on_gpu = device.device.type == "cuda"
    if on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device.device)
    how = step.recipe(batch=batch, epochs=3)
    told = step.ours(step.net(sizes.net, sizes.side), train, how, device)[1:]  # warm from then on
    peak = torch.cuda.max_memory_allocated(device.device) if on_gpu else 0
    rate = statistics.median(one["speed/faces_per_s"] for one in told)
    steps = max(4, min(100, sizes.faces // batch))
    pure = statistics.median(
        steps * batch / step.pure(net, how, device, sizes.side, steps).wall
        for net in (step.net(sizes.net, sizes.side) for _ in range(3))
    )
    matmul = profile.measured_peak(device)
    needed = profile.flops(step.net(sizes.net, sizes.side).to(device.device),
                           (1, sizes.side, sizes.side), device)  # fmt: skip
    return {
        "faces_per_s": round(rate, 1),
        "epoch_s": round(sizes.faces / rate, 3),
        "epochs_faces_per_s": [round(one["speed/faces_per_s"], 1) for one in told],
        "waiting": round(statistics.median(one["speed/waiting"] for one in told), 4),
        "mfu": round(statistics.median(one["speed/mfu"] for one in told), 4),
        "share_of_measured_matmul": round(rate * needed / matmul, 4),
        "pure_faces_per_s": round(pure, 1),
        "against_pure": round(rate / pure, 3),
        "array_gb": round(train.pictures.nbytes / 1e9, 3),
        "peak_memory_gb": round(peak / 1e9, 3),
    }


def plain_loop(device: Device, sizes: Sizes) -> tuple[float, str | None]:
    """Faces a second of float32, a DataLoader that decodes and augments item by item in this
    process, and a step that waits for its loss; and what decodes. Where there is no Pillow the
    pictures come from memory, which flatters the plain loop."""
    data = Plain(sizes)
    net = step.net(sizes.net, sizes.side).to(device.device).train()
    optimiser = torch.optim.Adam(net.parameters(), lr=0.0002)
    loss_of = nn.BCEWithLogitsLoss()

    def epoch() -> None:
        for pictures, labels in DataLoader(data, batch_size=sizes.plain_batch, shuffle=True):
            optimiser.zero_grad()
            loss = loss_of(net(pictures.to(device.device)), labels.to(device.device))
            loss.backward()
            optimiser.step()
            loss.item()

    epoch()
    began = time.perf_counter()
    epoch()  # each step has waited for its loss
    return sizes.plain_faces / (time.perf_counter() - began), data.decoder


class Plain(Dataset[tuple[Tensor, Tensor]]):
    """One picture at a time: decoded, mirrored, warped, scaled."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.decoder = "Pillow" if find_spec("PIL") else None
        rng = np.random.default_rng(1)
        few = rng.integers(0, 256, (16, 12, 12), np.uint8)
        self.pictures = [self._encoded(one) if self.decoder else self._small(one) for one in few]
        self.labels = rng.integers(0, 2, (sizes.plain_faces, len(step.OUTPUTS))).astype(np.float32)

    def __len__(self) -> int:
        return self.sizes.plain_faces

    def __getitem__(self, at: int) -> tuple[Tensor, Tensor]:
        picture = self.pictures[at % len(self.pictures)]
        grey = self._decoded(picture) if isinstance(picture, bytes) else picture
        angle, lean, size = np.random.uniform(-1, 1, 3) * (np.radians(10), np.tan(0.087), 0.1)
        cos, sin = np.cos(angle) / (1 + size), np.sin(angle) / (1 + size)
        mirror = -1 if np.random.random() < 0.5 else 1
        rows = [[mirror * cos, mirror * (cos * lean - sin), 0], [sin, sin * lean + cos, 0]]
        side = self.sizes.side
        grid = F.affine_grid(torch.tensor([rows], dtype=torch.float32), [1, 1, side, side], False)
        batch = torch.from_numpy(grey.astype(np.float32))[None, None]
        warped = F.grid_sample(batch, grid, align_corners=False)[0]
        return (warped - 128) / 64, torch.from_numpy(self.labels[at])

    def _small(self, few: Any) -> Any:
        return np.kron(few, np.ones((8, 8), np.uint8))[: self.sizes.side, : self.sizes.side]

    def _encoded(self, few: Any) -> bytes:
        from PIL import Image

        large, file = Image.fromarray(few).resize((CROP, CROP)), io.BytesIO()
        large.convert("RGB").save(file, "JPEG", quality=95)
        return file.getvalue()

    def _decoded(self, jpeg: bytes) -> Any:
        from PIL import Image

        side = self.sizes.side
        return np.asarray(Image.open(io.BytesIO(jpeg)).convert("L").resize((side, side)))


def checks(device: Device, sizes: Sizes) -> dict[str, Any]:
    """The same training on the device and on the processor, without what draws random numbers,
    since each kind of device has a generator of its own; and one net's predictions on both. Losses
    that do not fall agree about nothing. The tolerances allow for TF32 and bfloat16."""
    there, here = replace(device, bfloat16=False), choose("cpu", "float32")
    curves = {
        name: curve(where, sizes)
        for name, where in {"processor": here, "float32": there, "chosen": device}.items()
    }
    exact = [one["train_loss"] for one in curves["processor"][0]]
    found: dict[str, Any] = {}
    for name, tolerance in {"float32": 0.01, "chosen": 0.05}.items():
        losses = [one["train_loss"] for one in curves[name][0]]
        worst = max(abs(a - b) for a, b in zip(losses, exact, strict=True)) / exact[0]
        found[f"loss_{name}"] = {
            "losses": losses, "processor": exact, "worst_share_of_the_first": round(worst, 6),
            "tolerance": tolerance, "agree": worst <= tolerance and exact[-1] < 0.9 * exact[0],
        }  # fmt: skip
    fitted, faces = curves["processor"][1], curves["processor"][2]
    ours, theirs = (
        fit.predict(fitted.checkpoint, faces, where).drop(columns="face_id").to_numpy()
        for where in (here, there)
    )
    worst = float(np.abs(ours - theirs).max())
    found["predictions"] = {
        "worst_difference": round(worst, 8), "tolerance": 0.002, "agree": worst <= 0.002,
    }  # fmt: skip
    found["agree"] = all(one["agree"] for one in found.values())
    return found


def curve(device: Device, sizes: Sizes) -> tuple[list[dict[str, float]], fit.Fitted, Faces]:
    """Each epoch's numbers on faces that can be learned: an AU is a bright bar at its height."""
    faces = step.faces(sizes.checked_faces, sizes.side)
    rows = np.linspace(0, sizes.side - 2, len(step.OUTPUTS)).astype(int)
    pictures = faces.pictures // 4
    for number, row in enumerate(rows):
        pictures[:, 0, row] += (96 * faces.labels[:, number, None]).astype(np.uint8)
    faces = replace(faces, pictures=pictures)
    told: list[dict[str, float]] = []
    with TemporaryDirectory(prefix="noisyau-") as folder:
        fitted = fit.pretrain(
            faces, faces, step.OUTPUTS,
            step.recipe(
                batch=32, epochs=6, dropout=0.0, augment=STILL, learning_rate=sizes.checked_rate
            ),
            net=sizes.net, channels=1, size=sizes.side, margin=0.0, device=device, seed=1,
            state=Path(folder, "state.pt"), provenance={}, timer=Timer(device),
            on_epoch=lambda _, numbers: told.append(dict(numbers)),
        )  # fmt: skip
    return told, fitted, faces


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--smoke", action="store_true", help="small, on the processor")
    smoke = parser.parse_args().smoke
    if not smoke and not torch.cuda.is_available():
        sys.exit("no GPU that torch can use; --smoke tries this program on the processor")
    began = time.monotonic()
    with redirect_stdout(sys.stderr):  # whatever the loop has to say
        found = run(choose("cpu" if smoke else "cuda"), SMOKE if smoke else Sizes())
    print(json.dumps({**found, "seconds": round(time.monotonic() - began, 1)}, indent=1))
    sys.exit(not found["checks"]["agree"])


if __name__ == "__main__":
    main()
