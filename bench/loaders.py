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
import multiprocessing
import statistics
import tarfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import cache
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
    for image in jpegs:
        training.decode(image)
    making = clock.since(began).cores
    here = [
        name for name in PUBLIC if find_spec("torch" if name == "dataloader" else name) is not None
    ]
    ways = [("ours", 0), *((name, workers) for name in here for workers in (0, 2))]
    with TemporaryDirectory(prefix="noisyau-") as scratch, ExitStack() as stack:
        # A process for each, since some leave threads running that cost the next one its cores.
        spawn = multiprocessing.get_context("spawn")
        pools = {way: stack.enter_context(ProcessPoolExecutor(1, mp_context=spawn)) for way in ways}

        def spent(way: tuple[str, int]) -> clock.Seconds:
            return pools[way].submit(measure, *way, Path(scratch)).result()

        for way in ways:
            spent(way)  # imports, files and kernels
        rounds = [{way: spent(way) for way in ways} for _ in range(REPEATS)]
    wall, cores = (
        {way: statistics.median(one[way][kind] for one in rounds) for way in ways}
        for kind in range(2)
    )
    best = min(ways[1:], key=wall.__getitem__)
    ratios = [one[best].wall / one[ways[0]].wall for one in rounds]
    fewest = min(cores[way] for way in ways[1:])
    return {
        "faces_per_s": {told(*way): round(FACES / took) for way, took in wall.items()},
        "faces_per_core_s": {told(*way): round(FACES / took) for way, took in cores.items()},
        "not_installed": [name for name in PUBLIC if name not in here],
        "best": told(*best),
        "ratios": [round(ratio, 1) for ratio in sorted(ratios)],
        "ratio": round(statistics.median(ratios), 1),
        "ratio_of_core_seconds": round(fewest / cores[ways[0]], 1),
        "target": TARGET,
        "epochs_until_the_array_has_paid": round(making / (fewest - cores[ways[0]]), 1),
    }


def told(name: str, workers: int) -> str:
    return f"{name}, {workers} workers" if workers else name


def measure(name: str, workers: int, scratch: Path) -> clock.Seconds:
    """In a process that has one way to read."""
    return seconds(_made(name, workers, scratch))


@cache
def _made(name: str, workers: int, scratch: Path) -> Way:
    torch.set_num_threads(1)
    multiprocessing.set_start_method("fork", force=True)  # of workers, as users have it on Linux
    jpegs = training.images(FACES)
    if name == "ours":
        return ours(np.stack([training.decode(image) for image in jpegs])[:, None])
    folder = scratch / f"{name}-{workers}"
    folder.mkdir()
    return PUBLIC[name](jpegs, workers, folder)


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
