"""How many spoilt labels the suggestions find: a table over seeds, by kind, with and without a
checkpoint.

    python tests/support/label_suite.py DATASET [--split NAME] [--without-list]
        [--evaluation DIR] [--seeds 0 1 2 3 4] [--share 0.02] [--noise-mm 0] [--json FILE]

Labels are spoilt on the fly (`label_plants`); files stay as they are. Frames whose label is spoilt
are predicted anew, because the crop follows the label: DIR is an evaluation of the split as it is,
by the embedded demo checkpoint unless --checkpoint names another. With --noise-mm every label of
the split gets noise of its own: so much in the hand's place, half of it in each joint, per axis.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np

from core.annotation.label_table import LabelTable, read_labels
from core.annotation.prediction_reasons import Predictions
from core.annotation.suggestions import rank, reasons_of
from core.data.frame_index import FrameIndex
from core.hand.hand_model import HandModel

sys.path.insert(0, str(Path(__file__).parent))
from label_plants import KINDS, NoisyIndex, Plant, SpoiltIndex, plant

#: The share of the frames that a person looks at.
LOOKED_AT = 0.04


@dataclass
class Outcome:
    """How many of the planted labels were found, by kind: [found, planted]."""

    by_kind: dict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def add(self, kind: str, *, is_found: bool) -> None:
        """Count one."""
        self.by_kind[kind][0] += is_found
        self.by_kind[kind][1] += 1

    @property
    def total(self) -> tuple[int, int]:
        """Found and planted of all kinds."""
        found, planted = np.sum(list(self.by_kind.values()), axis=0).tolist()
        return found, planted


class _Rows:
    """Some rows of an index as a whole one."""

    def __init__(self, index: SpoiltIndex, rows: list[int]) -> None:
        self._index, self._rows = index, rows
        everywhere = np.arange(len(rows))
        self.rows_without_depth = everywhere[np.isin(rows, index.rows_without_depth)]
        self.unreadable_rows = everywhere[np.isin(rows, index.unreadable_rows)]

    def __len__(self) -> int:
        return len(self._rows)

    def read_labels(self, row: int):
        return self._index.read_labels(self._rows[row])

    def read_crops(self, rows, transforms):
        return self._index.read_crops([self._rows[row] for row in rows], transforms)


def with_plants(
    table: LabelTable, index: FrameIndex, plants: list[Plant], hand_model: HandModel
) -> LabelTable:
    """The table of the spoilt split: only the planted rows are read again."""
    rows = [one.row for one in plants]
    spoilt = read_labels(_Rows(SpoiltIndex(index, plants), rows), hand_model)
    result = copy.deepcopy(table)
    for column in fields(LabelTable):
        getattr(result, column.name)[rows] = getattr(spoilt, column.name)
    return result


def predicted_anew(
    predictions: Predictions, index: FrameIndex, plants: list[Plant], predictor
) -> Predictions:
    """The predictions of the spoilt split: crops follow the labels."""
    from core.data.crops import crop_input

    result, spoilt = copy.deepcopy(predictions), SpoiltIndex(index, plants)
    for one in plants:
        frame = spoilt.read(one.row)
        result.joints_mm[one.row], result.keypoints_px[one.row] = np.nan, np.nan
        if (crop := frame.crop()) is not None:
            hand = predictor.predict([crop_input(frame, crop)])[0]
            result.joints_mm[one.row] = hand.joints_mm
            result.keypoints_px[one.row] = hand.keypoints_px
    return result


def count_found(score: np.ndarray, plants: list[Plant], outcome: Outcome) -> None:
    """Which of the planted rows are among the first 4 % of the frames."""
    first = np.argsort(-score, kind="stable")[: round(LOOKED_AT * len(score))]
    for one in plants:
        outcome.add(one.kind, is_found=one.row in first)


def possible_kinds(table: LabelTable) -> list[str]:
    """What can be planted: a finger is bent through parameters, which not every split has."""
    return [kind for kind in KINDS if kind != "finger bent" or table.has_mano.all()]


def run_suite(
    index: FrameIndex,
    hand_model: HandModel,
    *,
    seeds: list[int],
    share: float,
    predictions: Predictions | None = None,
    predictor: object = None,
) -> dict[str, Outcome]:
    """Outcomes "labels alone" and, with predictions, "with a checkpoint"."""
    table = read_labels(index, hand_model)
    outcomes = defaultdict(Outcome)
    for seed in seeds:
        plants = plant(index, hand_model, share=share, seed=seed, kinds=possible_kinds(table))
        spoilt = with_plants(table, index, plants, hand_model)
        score = rank(reasons_of(index, spoilt, None))
        count_found(score, plants, outcomes["labels alone"])
        if predictions is not None:
            anew = predicted_anew(predictions, index, plants, predictor)
            score = rank(reasons_of(index, spoilt, anew))
            count_found(score, plants, outcomes["with a checkpoint"])
    return outcomes


def _print(outcomes: dict[str, Outcome]) -> None:
    kinds = list(next(iter(outcomes.values())).by_kind)
    print(f"{'':24}" + "".join(f"{name:>20}" for name in outcomes))
    for kind in kinds:
        cells = [outcome.by_kind[kind] for outcome in outcomes.values()]
        print(f"{kind:24}" + "".join(f"{f'{found} of {n}':>20}" for found, n in cells))
    totals = [outcome.total for outcome in outcomes.values()]
    words = [f"{found} of {n} ({found / n:.1%})" for found, n in totals]
    print(f"{'all':24}" + "".join(f"{one:>20}" for one in words))


def main() -> None:
    """See the module."""
    from core.data.opening import open_dataset
    from core.hand.mano_file import load_hand_model

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--split")
    parser.add_argument("--without-list", action="store_true")
    parser.add_argument("--evaluation", type=Path)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--noise-mm", type=float, default=0.0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    hand_model = load_hand_model(None)
    index = open_dataset(
        arguments.dataset,
        arguments.split,
        hand_model=hand_model,
        allow_missing_list=arguments.without_list,
    )
    if arguments.noise_mm:
        noise = arguments.noise_mm
        index = NoisyIndex(index, hand_mm=noise, joints_mm=noise / 2, seed=99)
    predictions = predictor = None
    if arguments.evaluation is not None:
        from core.evaluation.predictor import Predictor
        from core.evaluation.store import open_evaluation
        from core.files.embedded import default_checkpoint

        predictions = Predictions.of(open_evaluation(arguments.evaluation))
        predictor = Predictor(arguments.checkpoint or default_checkpoint(), hand_model)
    began_s = time.process_time()
    outcomes = run_suite(
        index,
        hand_model,
        seeds=arguments.seeds,
        share=arguments.share,
        predictions=predictions,
        predictor=predictor,
    )
    _print(outcomes)
    print(f"{len(index):,} frames, {time.process_time() - began_s:.0f} s of processor time")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps({k: asdict(v) for k, v in outcomes.items()}))


if __name__ == "__main__":
    main()
