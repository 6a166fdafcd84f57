"""What the mesh view shows of a hand that is being corrected, and the way back. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.conventions import WRIST
from core.data.frame import Frame
from core.hand.hand_model import HandMesh
from utnet_viewer.mesh.scene import Alignment, MeshScene, usable_hand

#: How the edited hand lies to the original one. Procrustes would take away what was corrected.
ALIGNMENTS = (Alignment.CAMERA, Alignment.ROOT)


@dataclass(frozen=True, eq=False)
class Placement:
    """Where camera axes lie in the scene; held while a joint is dragged, so that nothing slides.

    Attributes:
        anchor_mm: (3,) the scene's origin in camera axes.
        shift_mm: (3,) by which the edited hand is moved before that: zero in camera alignment.
    """

    anchor_mm: np.ndarray
    shift_mm: np.ndarray

    def to_scene(self, edited_mm: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the edited hand, from camera axes into the scene."""
        return edited_mm + self.shift_mm - self.anchor_mm

    def to_camera(self, scene_mm: np.ndarray) -> np.ndarray:
        """Points (..., 3) of the edited hand, from the scene into camera axes."""
        return scene_mm - self.shift_mm + self.anchor_mm


def place_hand(
    edited: HandMesh,
    original: HandMesh | None,
    alignment: Alignment,
    *,
    anchor_mm: np.ndarray | None = None,
) -> Placement:
    """Where the edited hand stands: with its wrist on the original's in root alignment.

    `anchor_mm` keeps the scene's origin where it was before; None puts it into the middle of the
    original's joints, or of the edited hand's where there is no original.
    """
    shift_mm = np.zeros(3)
    if alignment is Alignment.ROOT and original is not None:
        shift_mm = original.joints_mm[WRIST] - edited.joints_mm[WRIST]
    if anchor_mm is None:
        reference = edited if original is None else original
        anchor_mm = reference.joints_mm.mean(0)
    return Placement(anchor_mm, shift_mm)


def moved_hand(hand: HandMesh, by_mm: np.ndarray) -> HandMesh:
    """A hand moved by (3,)."""
    return HandMesh(hand.vertices_mm + by_mm, hand.joints_mm + by_mm)


def edited_scene(
    edited: HandMesh,
    original: HandMesh | None,
    placement: Placement,
    *,
    is_right: bool,
    frame: Frame | None,
) -> MeshScene:
    """The edited hand as the shaded one, the original as the ghost behind it.

    `original` is already in the scene; see `moved_hand`. Where it is the same object again, the
    view keeps its surface.
    """
    problems: list[str] = []
    solid = usable_hand(edited, "edited hand", problems)
    if solid is not None:
        solid = moved_hand(solid, placement.shift_mm - placement.anchor_mm)
    return MeshScene(
        anchor_mm=placement.anchor_mm,
        truth=original,
        prediction=solid,
        is_right=is_right,
        frame=frame,
        problems=tuple(problems),
    )
