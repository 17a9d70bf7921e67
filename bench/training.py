"""VGG13 training: faces a second against the plain loop that a user would write, in turn.

The plain loop: float32, a DataLoader that decodes and augments one JPEG an item (with cv2, in
this process and in two workers), Adam, the layers in the order of the paper's table. The tuned one
is the same with bfloat16 and channels last. Ours is `training.loop.train` with the project's
settings, one epoch, decoding each face once before and keeping the resumable state after included.
All see the same faces, batches of 32, and the same number of threads. The targets are at least 4
times the plain loop and 1.5 times the tuned one, each with or without workers, whichever is
faster; the ratios are taken on the wall clock and, for a machine that does other things too, of
the seconds that cores gave.
"""

import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from bench import clock, step
from noisyau import aus, nets
from noisyau.training import loop
from noisyau.training.device import choose
from noisyau.training.faces import Faces, scaling

FACES = {"ours": 640, "plain": 128, "tuned": 640}  # the plain loop is slow and has no fixed cost
CROP, SIZE, BATCH = 192, 64, 32
REPEATS = 3
TARGETS = {"plain": 4.0, "tuned": 1.5}


class Plain(Dataset[tuple[Tensor, Tensor]]):
    """Decodes, shrinks and augments a face when it is asked for."""

    def __init__(self, images: list[bytes], labels: NDArray[np.uint8]) -> None:
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, at: int) -> tuple[Tensor, Tensor]:
        picture = decode(self.images[at])
        angle, skew, scale = np.random.uniform(-1, 1, 3) * (10, np.tan(np.radians(5)), 0.1)
        matrix = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), angle, 1 + scale)
        matrix[:, 1] += skew * matrix[:, 0]
        picture = cv2.warpAffine(picture, matrix, (SIZE, SIZE))
        if np.random.random() < 0.5:
            picture = picture[:, ::-1]
        scaled = (picture.astype(np.float32) - 128) / 64
        return torch.from_numpy(scaled[None]), torch.from_numpy(self.labels[at]).float()


def decode(image: bytes) -> NDArray[np.uint8]:
    """(SIZE, SIZE), grey."""
    picture = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
    return cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def images(count: int) -> list[bytes]:
    """Random smooth colour pictures as JPEG."""
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 256, (count, 12, 12, 3), dtype=np.uint8)
    large = (cv2.resize(one, (CROP, CROP), interpolation=cv2.INTER_CUBIC) for one in coarse)
    return [cv2.imencode(".jpg", one)[1].tobytes() for one in large]


def plain_vgg13(outputs: int) -> nn.Sequential:
    """As anyone would type it from Table I."""
    layers: list[nn.Module] = []
    width = 1
    for wider, convolutions in ((64, 2), (128, 2), (256, 3), (256, 3)):
        for _ in range(convolutions):
            layers += [nn.Conv2d(width, wider, 3, padding=1), nn.ReLU()]
            width = wider
        layers += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    layers += [nn.Flatten(), nn.Linear(4096, 1024), nn.ReLU(), nn.Dropout(0.5)]
    layers += [nn.Linear(1024, 1024), nn.ReLU(), nn.Dropout(0.5), nn.Linear(1024, outputs)]
    return nn.Sequential(*layers)


def plain(faces: list[bytes], labels: NDArray[np.uint8], workers: int, tuned: bool) -> None:
    """One epoch of the plain loop; `tuned` is with bfloat16 where it is fast, channels last."""
    device = replace(choose("cpu"), bfloat16=choose("cpu").bfloat16 and tuned)
    net = plain_vgg13(labels.shape[1]).train()
    if tuned:
        net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(net.parameters(), lr=0.0005)
    loss_of = nn.BCEWithLogitsLoss()
    for batch, wanted in DataLoader(
        Plain(faces, labels), batch_size=BATCH, shuffle=True, num_workers=workers
    ):
        optimiser.zero_grad()
        if tuned:
            batch = batch.contiguous(memory_format=torch.channels_last)
        with device.autocast():
            loss = loss_of(net(batch), wanted)
        loss.backward()
        optimiser.step()


def ours(jpegs: list[bytes], labels: NDArray[np.uint8], state: Path) -> None:
    """One epoch of the project's loop."""
    pictures = np.stack([decode(image) for image in jpegs])[:, None]
    ids = [f"m.{row}_0-FaceId-0#0" for row in range(len(jpegs))]
    faces = Faces(pictures, np.arange(len(jpegs)), labels, ids)
    nobody = faces.take(np.zeros(len(jpegs), bool))
    outputs = aus.OPENFACE_17
    recipe = step.recipe(batch=BATCH, learning_rate=0.0005, schedule="one_cycle")
    net = nets.build("vgg13", channels=1, size=SIZE, outputs=len(outputs), seed=1)
    scales = scaling(pictures, faces.rows)
    loop.train(
        net, scales, faces, nobody, outputs, recipe,
        device=choose("cpu"), seed=1, state=state, label="bench",
    )  # fmt: skip
    state.unlink()


def run() -> dict[str, Any]:
    most = max(FACES.values())
    faces = images(most)
    labels = np.random.default_rng(2).integers(0, 2, (most, len(aus.OPENFACE_17)), np.uint8)
    with TemporaryDirectory(prefix="noisyau-") as folder:
        ways: dict[str, Callable[[int], None]] = {
            "ours": lambda some: ours(faces[:some], labels[:some], Path(folder, "state.pt")),
            "plain": lambda some: plain(faces[:some], labels[:some], 0, False),
            "plain, 2 workers": lambda some: plain(faces[:some], labels[:some], 2, False),
            "tuned": lambda some: plain(faces[:some], labels[:some], 0, True),
            "tuned, 2 workers": lambda some: plain(faces[:some], labels[:some], 2, True),
        }
        for way in ways.values():
            way(BATCH)  # kernels are chosen on first use
        spent: dict[str, list[clock.Seconds]] = {name: [] for name in ways}  # a face
        for _ in range(REPEATS):
            for name, way in ways.items():
                count = FACES[name.partition(",")[0]]
                began = clock.now()
                way(count)
                took = clock.since(began)
                spent[name].append(clock.Seconds(took.wall / count, took.cores / count))
    return {
        "faces_per_s": {
            name: round(1 / statistics.median(one.wall for one in each), 1)
            for name, each in spent.items()
        },
        "precision": "bfloat16" if choose("cpu").bfloat16 else "float32",
        "threads": torch.get_num_threads(),
        "repeats": REPEATS,
        **{name: ratios(spent, name) for name in TARGETS},
    }


def ratios(spent: dict[str, list[clock.Seconds]], name: str) -> dict[str, float]:
    """Of the faster of a loop's two ways, round by round, to ours; the median round."""
    rounds = list(zip(spent["ours"], spent[name], spent[f"{name}, 2 workers"], strict=True))
    wall = [min(one.wall, two.wall) / own.wall for own, one, two in rounds]
    cores = [min(one.cores, two.cores) / own.cores for own, one, two in rounds]
    return {
        "ratio": round(statistics.median(wall), 2),
        "ratio_of_core_seconds": round(statistics.median(cores), 2),
        "target": TARGETS[name],
    }
