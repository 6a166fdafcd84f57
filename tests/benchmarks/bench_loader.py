"""How much making training samples costs beside only decoding their pictures, in one process."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support_network import stand_in

from core.data.augment import Augmentation
from core.data.ho3d import layout
from core.data.ho3d.index import open_index
from core.data.pictures import decode_colour, decode_exact
from core.evaluation.loader import keep_freed_memory
from core.files.embedded import demo_dataset
from core.training.crop_dataset import Batch, CropDataset
from core.training.frames import FramesInMemory, FramesOnDisk, labelled_rows, read_compact

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(600)]

FRAMES = 48
BATCH = 16
ROUNDS = 9


@pytest.fixture(scope="module")
def index():
    return open_index(demo_dataset(), "train", hand_model=stand_in())


@pytest.fixture(autouse=True)
def as_in_a_worker():
    threads = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    keep_freed_memory()
    yield
    cv2.setNumThreads(threads[0])
    torch.set_num_threads(threads[1])


def unpack_only(index) -> None:
    """Read every frame's two files and have OpenCV unpack them, and throw the pixels away."""
    for row in range(FRAMES):
        image, depth = _files(index, row)
        cv2.imdecode(np.frombuffer(image.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        cv2.imdecode(np.frombuffer(depth.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)


def decode_only(index) -> None:
    """Read every frame's image and depth as our reader does: RGB, and depth in millimetres."""
    for row in range(FRAMES):
        image, depth = _files(index, row)
        decode_colour(image.read_bytes())
        layout.decode_depth(decode_exact(depth.read_bytes()))


def _files(index, row: int) -> tuple[Path, Path]:
    frame_id = index.frame_id(row)
    image = layout.image_path(index.root, "train", frame_id, version=index.version)
    return image, layout.depth_path(index.root, "train", frame_id)


def make_batches(dataset: CropDataset) -> None:
    for at in range(0, FRAMES, BATCH):
        Batch.of(dataset.__getitems__([(0, row) for row in range(at, at + BATCH)]))


def ratio_of(benchmark, index, dataset) -> float:
    """Samples a second over frames a second that OpenCV only unpacks.

    Taken in turns, so that both see the same machine; CPU time, so that neighbours do not count.
    """
    works = {
        "unpacked": lambda: unpack_only(index),
        "decoded": lambda: decode_only(index),
        "made": lambda: make_batches(dataset),
    }
    spent = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            spent[name].append(_cpu_s(work))
    ratio = lambda name: statistics.median(
        alone / made for alone, made in zip(spent[name], spent["made"], strict=True)
    )
    benchmark.extra_info["rate over decoding"] = round(ratio("decoded"), 3)
    benchmark.extra_info["rate over OpenCV's unpacking"] = round(ratio("unpacked"), 3)
    for name, seconds in spent.items():
        benchmark.extra_info[f"ms a frame {name}"] = round(min(seconds) / FRAMES * 1000, 2)
    benchmark.pedantic(make_batches, args=(dataset,), rounds=2)
    print(benchmark.extra_info)
    return ratio("unpacked")


def _cpu_s(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def test_frames_read_anew(benchmark, index):
    table = labelled_rows(index, range(FRAMES))
    dataset = CropDataset(FramesOnDisk(index, table), Augmentation(), seed=0)
    assert ratio_of(benchmark, index, dataset) > 0.85


def test_frames_in_memory(benchmark, index):
    frames = FramesInMemory(read_compact(index, range(FRAMES), jobs=1))
    dataset = CropDataset(frames, Augmentation(), seed=0)
    assert ratio_of(benchmark, index, dataset) > 0.85
