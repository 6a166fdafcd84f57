"""Make `resources/hand/standin_poses.npz`: the poses that the stand-in hand's prior is made from.

    python scripts/make_pose_prior.py

Draws sequences as `utnet synthesize` does (grasps, gestures and the ways between them), without
rendering, with seeds of its own, and keeps every tenth frame's pose (45 angles, flat hand = 0) as
16-bit floats. MANO needs no such file: its own holds the coefficients of the poses it was made
from. `core.hand.fitting.prior` makes the prior of either.
"""

from pathlib import Path

import numpy as np

from core.hand.mano_file import load_hand_model
from core.synthetic.kinematics import HandKinematics
from core.synthetic.sequence import identities, plan_sequence

#: Seeds that nothing else uses: tests and sets have small ones.
FIRST_SEED = 7_000_000
SEQUENCES, LENGTH, STEP = 260, 60, 10
PLACE = Path(__file__).parents[1] / "resources" / "hand" / "standin_poses.npz"


def main() -> None:
    """Draw the poses and write them."""
    model, kinematics = load_hand_model(), HandKinematics.load()
    poses = []
    for seed in range(FIRST_SEED, FIRST_SEED + SEQUENCES):
        people = identities(np.random.SeedSequence(seed))
        generator = np.random.default_rng(seed)
        betas = people[generator.integers(len(people))]
        plan = plan_sequence(model, kinematics, betas, LENGTH, generator)
        poses += [plan.poses[frame].hand.hand_pose_rad for frame in range(0, LENGTH, STEP)]
    np.savez_compressed(PLACE, hand_poses_rad=np.array(poses, np.float16))
    print(f"{len(poses)} poses in {PLACE}")


if __name__ == "__main__":
    main()
