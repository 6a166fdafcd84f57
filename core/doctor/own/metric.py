"""This project's validation, behind the doctor's protocol."""

import numpy as np
from torch import nn

from core.conventions import JOINT_COUNT
from core.doctor.subject import Evaluation, MetricAccess
from core.training.validation import ValidationSet, validate


def own_metric(validation: ValidationSet) -> MetricAccess:
    """The very validation that a run does, over the frames of `validation`."""

    def evaluate(network: nn.Module) -> Evaluation:
        was_training = network.training
        errors = validate(network.eval(), validation).rgbd
        network.train(was_training)
        known = [np.isfinite(validation.frames.labels(row).hand.joints_mm).all(1).sum()
                 for row in range(len(validation))]  # fmt: skip
        means = errors.means()
        return Evaluation(
            frames=len(errors.rows),
            joints=min([JOINT_COUNT, *(int(count) for count in known)]),
            mpjpe_mm=means["mpjpe_mm"],
            pa_mpjpe_mm=means["pa_mpjpe_mm"],
        )

    return MetricAccess(split_frames=len(validation), evaluate=evaluate)
