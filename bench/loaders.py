"""Input alone: batches of augmented 64 x 64 greys, ours beside public loaders, in turn.

Public loaders decode, shrink and augment a JPEG crop for every picture of every epoch, here with
OpenCV, the fastest that they can be given, in this process or two workers, whichever is faster.
Ours reads the array that is made once and augments batches as tensors; what making it costs is
told beside, as the number of epochs after which it has paid. FFCV decodes JPEGs by itself and
knows no rotation or skew, so it only crops, shrinks and mirrors. A loader that is not installed
is named and left out; none of them is needed for anything else. The target is at least twice the
best of them.
"""

import io
import statistics
import tarfile
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader

from bench import clock, step, training

FACES, BATCH = 640, 64
REPEATS = 3
TARGET = 2.0

Way = Callable[[], Iterable[Any]]
"""One epoch, batch by batch."""


def ours(pictures: NDArray[np.uint8]) -> Way:
    """From the array: gathered, augmented and scaled on the device."""
    augment, generator = step.recipe().augment, torch.Generator().manual_seed(1)

    def epoch() -> Iterable[Tensor]:
        order = np.random.default_rng(1).permutation(len(pictures))
        for first in range(0, len(order), BATCH):
            some = torch.from_numpy(pictures[order[first : first + BATCH]])
            yield (augment(some.float(), generator) - 128) / 64

    return epoch


def dataloader(jpegs: list[bytes], workers: int) -> Way:
    """PyTorch's own."""
    labels = np.zeros((len(jpegs), 1), np.uint8)
    data = training.Plain(jpegs, labels)
    return lambda: DataLoader(data, batch_size=BATCH, shuffle=True, num_workers=workers)


def hugging_face(jpegs: list[bytes], workers: int) -> Way:
    """`datasets`, its images left as bytes, since its own decoder (Pillow) is slower."""
    import datasets

    def transform(rows: dict[str, list[bytes]]) -> dict[str, list[Tensor]]:
        return {"picture": [picture(one) for one in rows["jpeg"]]}

    data = datasets.Dataset.from_dict({"jpeg": jpegs}).with_transform(transform)
    return lambda: DataLoader(data, batch_size=BATCH, shuffle=True, num_workers=workers)


def webdataset(jpegs: list[bytes], workers: int, folder: Path) -> Way:
    """Two shards of JPEGs in tar files."""
    import webdataset as web

    shards = [folder / f"shard-{number}.tar" for number in range(2)]
    for number, shard in enumerate(shards):
        with tarfile.open(shard, "w") as tar:
            for row, image in enumerate(jpegs[number::2]):
                entry = tarfile.TarInfo(f"{row:06d}.jpg")
                entry.size = len(image)
                tar.addfile(entry, io.BytesIO(image))
    data = (
        web.WebDataset([str(shard) for shard in shards], shardshuffle=2)
        .shuffle(len(jpegs))
        .to_tuple("jpg")
        .map_tuple(picture)
        .batched(BATCH, collation_fn=web.filters.default_collation_fn)
    )
    return lambda: web.WebLoader(data, batch_size=None, num_workers=workers)


def ffcv(jpegs: list[bytes], workers: int, folder: Path) -> Way:
    """JPEGs in its own file; crops and mirrors."""
    from ffcv.fields import RGBImageField
    from ffcv.fields.rgb_image import RandomResizedCropRGBImageDecoder
    from ffcv.loader import Loader, OrderOption
    from ffcv.transforms import Convert, RandomHorizontalFlip, ToTensor, ToTorchImage
    from ffcv.writer import DatasetWriter

    file = folder / "faces.beton"
    images = [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR) for one in jpegs]
    field = RGBImageField(write_mode="jpg", jpeg_quality=95)
    writer = DatasetWriter(str(file), {"image": field}, num_workers=1)
    writer.from_indexed_dataset([(image,) for image in images])
    decoder = RandomResizedCropRGBImageDecoder((training.SIZE, training.SIZE), scale=(0.8, 1.0))
    pipeline = [decoder, RandomHorizontalFlip(), ToTensor(), ToTorchImage(), Convert(torch.float32)]
    loader = Loader(
        str(file), batch_size=BATCH, num_workers=max(1, workers), order=OrderOption.RANDOM,
        pipelines={"image": pipeline}, drop_last=False,
    )  # fmt: skip
    return lambda: loader


def picture(jpeg: bytes) -> Tensor:
    """Decoded, shrunk and augmented, as the plain loop does it."""
    return training.Plain([jpeg], np.zeros((1, 1), np.uint8))[0][0]


def run() -> dict[str, Any]:
    jpegs = training.images(FACES)
    began = clock.now()
    array = np.stack([training.decode(image) for image in jpegs])[:, None]
    making = clock.since(began).cores
    with TemporaryDirectory(prefix="noisyau-") as scratch:
        ways = {"ours": ours(array)}
        absent = []
        for name, make in PUBLIC.items():
            if find_spec(name if name != "dataloader" else "torch") is None:
                absent.append(name)
                continue
            for workers in (0, 2):
                folder = Path(scratch, f"{name}-{workers}")
                folder.mkdir()
                ways[f"{name}, {workers} workers"] = make(jpegs, workers, folder)
        for way in ways.values():
            seconds(way)
        spent: dict[str, list[clock.Seconds]] = {name: [] for name in ways}
        for _ in range(REPEATS):
            for name, way in ways.items():
                spent[name].append(seconds(way))
    wall, cores = (
        {
            name: statistics.median(getattr(one, kind) for one in each)
            for name, each in spent.items()
        }
        for kind in ("wall", "cores")
    )
    best = min((name for name in ways if name != "ours"), key=lambda name: wall[name])
    ratios = [there.wall / own.wall for own, there in zip(spent["ours"], spent[best], strict=True)]
    fewest = min(took for name, took in cores.items() if name != "ours")
    return {
        "faces_per_s": {name: round(FACES / took) for name, took in wall.items()},
        "faces_per_core_s": {name: round(FACES / took) for name, took in cores.items()},
        "not_installed": absent,
        "best": best,
        "ratios": [round(ratio, 1) for ratio in sorted(ratios)],
        "ratio": round(statistics.median(ratios), 1),
        "ratio_of_core_seconds": round(fewest / cores["ours"], 1),
        "target": TARGET,
        "epochs_until_the_array_has_paid": round(making / (fewest - cores["ours"]), 1),
    }


def seconds(way: Way) -> clock.Seconds:
    """Of an epoch, the mean of as many as half a second takes: a shorter spell would measure what
    else the machine does. Pictures are counted, so that no loader leaves some out."""
    began, epochs = clock.now(), 0
    while clock.since(began).wall < 0.5:
        epochs, seen = epochs + 1, 0
        for batch in way():
            pictures = batch["picture"] if isinstance(batch, dict) else batch
            seen += len(pictures[0] if isinstance(pictures, tuple | list) else pictures)
        if seen != FACES:
            raise RuntimeError(f"a loader gave {seen} of {FACES} pictures")
    spent = clock.since(began)
    return clock.Seconds(spent.wall / epochs, spent.cores / epochs)


PUBLIC: dict[str, Callable[[list[bytes], int, Path], Way]] = {
    "dataloader": lambda jpegs, workers, _: dataloader(jpegs, workers),
    "datasets": lambda jpegs, workers, _: hugging_face(jpegs, workers),
    "webdataset": webdataset,
    "ffcv": ffcv,
}
