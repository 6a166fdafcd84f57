"""An adapter: `someones_repository` as the doctor sees it. See docs/doctor_adapter.md.

cd docs/examples && utnet doctor --adapter my_adapter:subject
"""

from collections.abc import Sequence

import numpy as np
import someones_repository as theirs
import torch
from torch import Tensor, nn

from core.doctor.stepping import SteppedTraining
from core.doctor.subject import Answer, Loaded, Sample, Subject, TrainingFacts

BATCH = 8
RATE = 1e-3


def subject() -> Subject:
    """What `--adapter my_adapter:subject` examines."""
    dataset = theirs.HandDataset()
    return Subject(
        name="someone's repository",
        samples=tuple(as_sample(dataset[number]) for number in range(len(dataset))),
        split_frames=len(dataset),
        network=TheirNetwork(),
        training=SteppedTraining(
            TrainingFacts(
                learning_rate=RATE,
                warmup_steps=0,
                total_steps=1000,
                schedule="constant",
                final_share=1.0,
                clip_norm=0.0,
                batch_size=BATCH,
            ),
            optimiser=lambda network: torch.optim.Adam(network.parameters(), lr=RATE),
            scheduled=lambda step: RATE,
        ),
    )


def as_sample(row: dict) -> Sample:
    """Only units and places are put into the doctor's words; nothing is repaired."""
    return Sample(
        name=row["id"],
        image=row["img"],
        intrinsics=row["K"],
        keypoints_norm=row["uv"] / theirs.SIZE - 0.5,
        keypoint_weights=np.ones(21),
        joints_mm=row["xyz_cm"] * 10,
        joint_weights=np.ones(21),
    )


class TheirNetwork:
    """`core.doctor.subject.NetworkAccess` of their network and loss."""

    regularisers: frozenset[str] = frozenset()

    def build(self, seed: int) -> nn.Module:
        """As their training starts it."""
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            return theirs.HandNet().train()

    def loaded(self) -> Loaded:
        """It starts from random weights and has no hand model."""
        return Loaded()

    def answer(self, network: nn.Module, samples: Sequence[Sample]) -> Answer:
        """Their answer in the doctor's units."""
        out = network(torch.from_numpy(np.stack([s.image for s in samples]).astype(np.float32)))
        return Answer(
            keypoints_norm=out["uv"] / theirs.SIZE - 0.5,
            joints_mm=out["xyz_cm"] * 10,
            feature_map=out["features"],
            raw=out,
        )

    def truth(self, samples: Sequence[Sample]) -> Answer:
        """Their labels where their answer would be."""
        xyz_cm, uv = _labels(samples)
        raw = {"xyz_cm": xyz_cm, "uv": uv}
        return Answer(keypoints_norm=uv / theirs.SIZE - 0.5, joints_mm=xyz_cm * 10, raw=raw)

    def terms(
        self, network: nn.Module, answer: Answer, samples: Sequence[Sample]
    ) -> dict[str, Tensor]:
        """Their loss."""
        return theirs.losses(answer.raw, *_labels(samples))

    def parts(self, network: nn.Module) -> dict[str, list[nn.Parameter]]:
        """Their two parts."""
        return {
            "features": list(network.features.parameters()),
            "head": list(network.head.parameters()),
        }


def _labels(samples: Sequence[Sample]) -> tuple[Tensor, Tensor]:
    xyz_cm = torch.tensor(np.stack([s.joints_mm for s in samples]) / 10, dtype=torch.float32)
    norm = torch.tensor(np.stack([s.keypoints_norm for s in samples]), dtype=torch.float32)
    return xyz_cm, (norm + 0.5) * theirs.SIZE
