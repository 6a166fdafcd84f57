"""Whether outputs follow images, on networks whose dependence is known."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from doctor_checks import causes_of, least_subject, outcome_of, reading
from torch import Tensor, nn

from core.doctor.subject import Answer, Loaded, Sample


class Mixture(nn.Module):
    """Says a share of each sample's truth, and for the rest the mean; the pixels tell which sample
    it is."""

    def __init__(self, samples: list[Sample], share: float) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.tensor(share))
        self.truth = {float(sample.image.sum()): sample for sample in samples}


@dataclass
class MixtureAccess:
    """A trained network that has learned a known share of its task."""

    samples: tuple[Sample, ...]
    share: float
    regularisers: frozenset[str] = frozenset()

    def build(self, seed: int) -> Mixture:
        return Mixture(self.samples, self.share)

    def loaded(self) -> Loaded:
        return Loaded(source="trained.pth", matched=1, wanted=1)

    def answer(self, network: Mixture, samples: list[Sample]) -> Answer:
        seen = [network.truth[float(sample.image.sum())] for sample in samples]
        mix = lambda of: (
            network.share * _stack(seen, of)
            + (1 - network.share) * _stack(self.samples, of).mean(0)
        )
        return Answer(
            keypoints_norm=mix(lambda s: s.keypoints_norm), joints_mm=mix(lambda s: s.joints_mm)
        )

    def truth(self, samples: list[Sample]) -> Answer:
        return Answer(
            keypoints_norm=_stack(samples, lambda s: s.keypoints_norm),
            joints_mm=_stack(samples, lambda s: s.joints_mm),
        )

    def terms(self, network: Mixture, answer: Answer, samples: list[Sample]) -> dict[str, Tensor]:
        truth = self.truth(samples)
        return {
            "joints": (answer.joints_mm - truth.joints_mm).abs().mean() / 100,
            "keypoints": (answer.keypoints_norm - truth.keypoints_norm).abs().mean(),
        }

    def parts(self, network: Mixture) -> dict[str, list[nn.Parameter]]:
        return {"all": list(network.parameters())}


def _stack(samples, of) -> Tensor:
    return torch.tensor(np.stack([of(sample) for sample in samples]), dtype=torch.float32)


def subject_with(share: float):
    healthy = least_subject(frames=12)
    return replace(healthy, network=MixtureAccess(healthy.samples, share), training=None)


@pytest.mark.parametrize("share", [0.6, 1.0])
def test_a_network_that_follows_its_images_passes(share: float):
    outcome = outcome_of("collapse", subject_with(share))

    assert causes_of(outcome) == []
    assert reading(outcome, "spread_ratio") == pytest.approx(share, rel=0.02)


def test_a_network_at_the_mean_is_a_constant_predictor():
    outcome = outcome_of("collapse", subject_with(0.02))

    assert causes_of(outcome) == ["constant_predictor"]
    assert reading(outcome, "spread_ratio") == pytest.approx(0.02, rel=0.05)


def test_a_network_without_eyes_ignores_its_images():
    outcome = outcome_of("collapse", subject_with(0.0))

    assert causes_of(outcome) == ["image_ignored"]


def test_a_fresh_network_is_no_constant_predictor_yet():
    """It hardly moves with its images, and need not."""
    outcome = outcome_of("collapse", least_subject())

    assert causes_of(outcome) == []
    assert reading(outcome, "image_effect") < 0.1
