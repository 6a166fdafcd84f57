"""Which vertex is under the pointer, of which part, and how wrong it is."""

from dataclasses import dataclass, field

import numpy as np

from core.conventions import JOINT_NAMES
from utnet_viewer.mesh.scene import MeshScene
from utnet_viewer.mesh.stage import Layers
from utnet_viewer.mesh.subject import SubjectMaker


@dataclass(frozen=True)
class Pick:
    """A point of a surface.

    Attributes:
        vertex: Nearest vertex of the hand.
        joint: The MANO joint whose bone moves that vertex most.
        hand: "prediction" or "ground truth".
        error_mm: Of the vertex in the current alignment; None without both hands.
        point_mm: (3,) where the ray met the surface, relative to the scene's anchor.
    """

    vertex: int
    joint: int
    hand: str
    error_mm: float | None
    point_mm: np.ndarray = field(compare=False)

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """Label and value of each line of the card."""
        part = ("part", JOINT_NAMES[self.joint])
        if self.error_mm is None:
            return part, ("surface", self.hand)
        return part, ("error", f"{self.error_mm:.1f} mm")


def pick_at(
    ray: np.ndarray, scene: MeshScene, subjects: SubjectMaker, layers: Layers
) -> Pick | None:
    """What a ray (6,) in scene coordinates meets: the shaded surface first, else the ghost."""
    solid, ghost = subjects.solid(layers), subjects.ghost(layers)
    for surface in (solid, ghost):
        hit = None if surface is None else surface.pick(ray)
        if hit is None:
            continue
        is_truth = surface is ghost or scene.prediction is None
        errors_mm = scene.vertex_errors_mm
        return Pick(
            vertex=hit.vertex,
            joint=int(subjects.part_of_vertex[hit.vertex]),
            hand="ground truth" if is_truth else "prediction",
            error_mm=None if errors_mm is None else float(errors_mm[hit.vertex]),
            point_mm=hit.point_mm,
        )
    return None
