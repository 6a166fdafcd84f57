"""What the network made of each fixed sample, validation after validation; no widgets here."""

from dataclasses import dataclass, field

import numpy as np

from core.events import SampleEvent


@dataclass(frozen=True)
class Moment:
    """One validation: the column of a table of samples."""

    step: int
    epoch: int


@dataclass(frozen=True, eq=False)
class SampleHistory:
    """Rows are samples in the order of their first appearance, columns are validations.

    Attributes:
        frame_ids: Of the rows.
        moments: Of the columns, steps strictly increasing.
        events: By (frame id, step).
    """

    frame_ids: tuple[str, ...] = ()
    moments: tuple[Moment, ...] = ()
    events: dict[tuple[str, int], SampleEvent] = field(default_factory=dict)

    @classmethod
    def of(cls, samples: tuple[SampleEvent, ...]) -> "SampleHistory":
        """From a run's events; of two at one step the later counts."""
        frame_ids = tuple(dict.fromkeys(event.frame_id for event in samples))
        epochs = {event.step: event.epoch for event in samples}
        moments = tuple(Moment(step, epochs[step]) for step in sorted(epochs))
        return cls(frame_ids, moments, {(e.frame_id, e.step): e for e in samples})

    def event(self, frame_id: str, moment: Moment) -> SampleEvent | None:
        """What was predicted for a sample then; None where it was not redrawn."""
        return self.events.get((frame_id, moment.step))

    def titles(self) -> list[str]:
        """Of the columns: the epoch where that tells them apart, else the step."""
        later = [moment.epoch for moment in self.moments if moment.step > 0]
        by_epoch = len(set(later)) == len(later)
        return [
            "start" if m.step == 0 else f"epoch {m.epoch}" if by_epoch else f"step {m.step:,}"
            for m in self.moments
        ]


def chosen_columns(count: int, room: int) -> list[int]:
    """Which of `count` columns to show where there is room for some: the first, the last, and
    between them at distances that grow like powers, because learning slows down like that."""
    if count <= room:
        return list(range(count))
    if room <= 1:
        return [count - 1][:room]
    # From the end, because the end must be there also where there is room for only two.
    wanted = np.geomspace(count - 1, 1, room - 1)[::-1].round().astype(int)
    chosen = [0]
    for position, column in enumerate(wanted.tolist()):
        still_to_come = room - 2 - position
        chosen.append(min(max(column, chosen[-1] + 1), count - 1 - still_to_come))
    return chosen


def points_of(pairs: tuple[tuple[float, float], ...]) -> np.ndarray | None:
    """Keypoints (21, 2) of an event; None where there are none."""
    points = np.array(pairs, float)
    return points if points.shape == (21, 2) else None
