"""The order of samples: a function of seed and place, whoever makes them."""

import os
import signal
from itertools import islice

import numpy as np
import pytest
from support_training import WholeFrames, labelled_frame

from core.data.augment import Augmentation
from core.evaluation.loader import Feed, FrameReadError
from core.training.crop_dataset import Batch, CropDataset
from core.training.sampler import SampleStream, StreamBatches


def batches_of(frames=5, size=3, first=0, count=7, **place):
    return list(
        StreamBatches(SampleStream(frames, 1), size, first_sample=first, batches=count, **place)
    )


def test_every_epoch_has_every_frame_once_in_an_order_of_its_own():
    samples = [sample for batch in batches_of(frames=6, size=4, count=9) for sample in batch]
    epochs = [samples[at : at + 6] for at in range(0, 36, 6)]
    for number, epoch in enumerate(epochs):
        assert {e for e, _ in epoch} == {number}
        assert sorted(row for _, row in epoch) == list(range(6))
    assert len({tuple(row for _, row in epoch) for epoch in epochs}) > 3


def test_a_start_in_the_middle_goes_on_exactly_there():
    whole = batches_of(count=10)
    assert batches_of(first=12, count=6) == whole[4:]


def test_two_processes_see_together_what_one_sees_with_twice_the_batch():
    alone = batches_of(size=4, count=6)
    pair = [batches_of(size=2, count=6, rank=rank, processes=2) for rank in (0, 1)]
    assert [first + second for first, second in zip(*pair, strict=True)] == alone


def test_few_frames_fill_a_large_batch():
    (batch,) = batches_of(frames=2, size=7, count=1)
    assert len(batch) == 7 and {row for _, row in batch} == {0, 1}


def test_another_seed_is_another_order():
    orders = [[SampleStream(20, seed)[n] for n in range(20)] for seed in (0, 1)]
    assert orders[0] != orders[1]


@pytest.fixture(scope="module")
def dataset():
    return CropDataset(WholeFrames([labelled_frame(n) for n in range(4)]), Augmentation(), seed=3)


def feed_of(dataset, workers):
    batches = StreamBatches(SampleStream(len(dataset), 3), 2, first_sample=0, batches=5)
    return Feed(dataset, batches, Batch.of, workers=workers)


def test_batches_are_the_same_for_any_number_of_workers(dataset):
    made = []
    for workers in (0, 1, 2):
        with feed_of(dataset, workers) as feed:
            made.append(list(islice(feed, 5)))
    for first, *others in zip(*made, strict=True):
        for other in others:
            assert first.frame_ids == other.frame_ids
            for part in ("inputs", "targets"):
                for name, value in vars(getattr(first, part)).items():
                    assert np.array_equal(value, getattr(getattr(other, part), name)), name


class Faulty(CropDataset):
    """Its frames cannot be read, for the reason given."""

    def __init__(self, error):
        super().__init__(WholeFrames([]), None, seed=0)
        self.error = error

    def __getitems__(self, indices):
        if self.error == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise self.error


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FileNotFoundError(2, "No such file", "SEQ/0001.png"), FrameReadError),
        (MemoryError("no room for a frame"), MemoryError),
        (KeyError("a bug"), RuntimeError),
    ],
)
def test_what_goes_wrong_in_a_worker_arrives_with_its_words(error, expected, workers):
    with (
        Feed(Faulty(error), [[(0, 0)]], Batch.of, workers=workers) as feed,
        pytest.raises(expected, match=r"0001\.png|no room|a bug"),
    ):
        next(feed)


def test_a_killed_worker_is_noticed():
    with (
        Feed(Faulty("kill"), [[(0, 0)]], Batch.of, workers=1) as feed,
        pytest.raises(RuntimeError, match=r"DataLoader worker \(pid"),
    ):
        next(feed)
