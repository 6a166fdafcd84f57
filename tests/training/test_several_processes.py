"""Two processes train what one trains, and measure every validation frame once."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from support_training import (
    SHORT,
    assignments,
    column,
    events_of,
    start_training,
    train_here,
)

from core.events import ValidationEvent
from core.training.run_folder import RunFolder, RunState

#: Without random numbers that belong to a process: then only the order of sums differs.
VALUES = {
    "network.drop_depth": 0.0,
    "run.steps": 4,
    "run.validate_every_steps": 2,
    "data.validation_frames": 5,
    "optimisation.batch_size": 4,
    "optimisation.ema_decay": 0.5,
}


@pytest.mark.slow  # four processes; and the first process listens on a port of this machine
@pytest.mark.timeout(300)
@pytest.mark.parametrize("accumulate", [1, 2])
def test_two_processes_get_the_metrics_of_one(tmp_path, accumulate):
    alone = {name.replace(".", "__"): value for name, value in VALUES.items()}
    status, single = train_here(tmp_path / "one", **alone)
    assert status == 0
    halves = {"optimisation.batch_size": 2 // accumulate, "optimisation.accumulate": accumulate}
    values = SHORT | VALUES | halves | {"run.devices": 2}
    process = start_training("demo", "--runs", str(tmp_path / "two"), "--set", *assignments(values))
    said, _ = process.communicate(timeout=280)
    assert process.returncode == 0, said
    (folder,) = [RunFolder.open(path) for path in (tmp_path / "two").iterdir()]
    assert folder.state() is RunState.FINISHED
    assert column(folder, "step").tolist() == [1, 2, 3, 4]
    for name in ("loss", "raw/keypoints_2d", "raw/betas", "gradient_norm", "epoch"):
        np.testing.assert_allclose(
            column(folder, name), column(single, name), rtol=2e-3, err_msg=name
        )
    for ours, theirs in zip(
        events_of(folder, ValidationEvent), events_of(single, ValidationEvent), strict=True
    ):
        # The loop refuses a validation in which a frame is missing or comes twice.
        assert ours.frames == theirs.frames == 5
        assert ours.metrics == pytest.approx(theirs.metrics, rel=2e-3)
    weights, others = (load_file(run.checkpoint("last")) for run in (folder, single))
    for name in weights:
        assert torch.allclose(weights[name], others[name], atol=2e-3), name
