"""A tiny tree in HO-3D's layout, and corrections of its hands: what goes in and out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from ho3d_tree import CAMERA, Tree, evaluation_label, hand_in_opengl, training_label

from core.annotation.outgoing import Spoken
from core.annotation.records import Correction, FrameState, ReviewState
from core.data.ho3d.index import Ho3dIndex, open_index
from core.geometry.camera import Camera
from core.hand.hand_model import HandModel, ManoParameters

#: In the list's order, which is not the alphabet's.
NAMES = ("MC1/0002", "MC1/0000", "SB3/0007", "MC1/0001")


def make_tree(root: Path, model: HandModel, *, split: str = "train", version: str = "v3") -> Tree:
    """Four frames with random hands; version 3's labels have their relations to the object."""
    tree = Tree(root, split, version)
    for seed, name in enumerate(NAMES):
        hand = hand_in_opengl(model, seed)
        label = training_label(hand) if split == "train" else evaluation_label(hand)
        if split == "train" and version == "v3":
            label["handVertContact"] = np.zeros(778, bool)
            label["handVertDist"] = np.ones(778, np.float32)
        tree.add(name, label)
    tree.list(*NAMES)
    return tree


def open_tree(tree: Tree, model: HandModel, cache_dir: Path) -> Ho3dIndex:
    """The tree's split."""
    return open_index(tree.root, tree.split, hand_model=model, cache_dir=cache_dir)


def correction_of(model: HandModel, seed: int, **changed: object) -> Correction:
    """A random hand in camera axes, half a metre before the camera, as a person would leave it."""
    rng = np.random.default_rng(1000 + seed)
    mano = ManoParameters(
        rng.normal(size=3) * 0.5,
        rng.normal(size=45) * 0.3,
        rng.normal(size=10),
        np.array([20.0, -30.0, 550.0]) + rng.normal(size=3) * 20,
    )
    joints_mm = model.pose(mano).joints_mm
    keypoints_px = Camera(CAMERA).project(joints_mm)
    made = Correction(keypoints_px, joints_mm, mano, True, "label", placed=(3,))
    return replace(made, **changed)


def free_2d(model: HandModel, seed: int, **changed: object) -> Correction:
    """The same in free 2D."""
    return correction_of(model, seed, joints_mm=None, mano=None, **changed)


def spoken(states: dict[str, FrameState]) -> list[Spoken]:
    """Frames as an export gets them, all last edited at second 1,000."""
    return [Spoken(frame, state, 1000.0) for frame, state in states.items()]


def full_state(model: HandModel, seed: int) -> FrameState:
    """A frame of which everything was said."""
    visibility = tuple([0] * 18 + [1, 1, 2])
    return FrameState(
        correction_of(model, seed),
        visibility,
        frozenset({"bad", "my-own"}),
        "=SUM(1) the thumb was off",
        ReviewState.DONE,
    )


def nothing_told(done: int, total: int) -> None:
    """For exports whose progress nobody watches."""
