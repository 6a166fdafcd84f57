"""Which sample comes when: a function of the seed and the place in the run, nothing else.

The frames are shuffled anew for every epoch and the epochs are laid end to end; batches are cut
from that one stream. So no frame is left out at an epoch's end, few frames fill a large batch, and
a resumed run starts where it stopped by knowing its step alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from torch.utils.data import Sampler


@dataclass(frozen=True)
class SampleStream:
    """The endless stream of (epoch, row) of a run.

    Attributes:
        frames: How many there are.
        seed: Of the run.
    """

    frames: int
    seed: int

    def __getitem__(self, number: int) -> tuple[int, int]:
        """The (epoch, row) of the sample `number`, counted from 0."""
        epoch, place = divmod(number, self.frames)
        return epoch, int(_order(self.frames, self.seed, epoch)[place])


@lru_cache(maxsize=4)
def _order(frames: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng((seed, epoch)).permutation(frames)


class StreamBatches(Sampler[list[tuple[int, int]]]):
    """Batches of one process of several, from a sample of the stream on.

    Each batch of all processes together is one stretch of the stream that they share evenly, so
    two of them with 8 samples each see what one sees with 16.
    """

    def __init__(
        self,
        stream: SampleStream,
        size: int,
        *,
        first_sample: int,
        batches: int,
        rank: int = 0,
        processes: int = 1,
    ) -> None:
        """`batches` of `size` samples for each process, beginning at `first_sample`."""
        self._stream = stream
        self._size = size
        self._starts = [
            first_sample + (batch * processes + rank) * size for batch in range(batches)
        ]

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for start in self._starts:
            yield [self._stream[number] for number in range(start, start + self._size)]
