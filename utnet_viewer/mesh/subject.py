"""Turns a scene and the layers that are on into what the renderer draws; keeps the surfaces."""

import numpy as np

from core.hand.hand_model import HandMesh, HandModel
from utnet_viewer.mesh.renderer import PointCloud, Subject
from utnet_viewer.mesh.scene import MeshScene, depth_cloud
from utnet_viewer.mesh.shading import CLAY, error_colours, rgb
from utnet_viewer.mesh.stage import Layers
from utnet_viewer.mesh.surface import Surface, Topology


class SubjectMaker:
    """Surfaces are built when they are first drawn, once for a scene."""

    def __init__(self, hand_model: HandModel) -> None:
        self.hand_model = hand_model
        self.part_of_vertex = hand_model.skinning_weights.argmax(1)
        self._topologies: dict[bool, Topology] = {}  # by side: faces look outwards on both
        self._scene: MeshScene | None = None
        self._surfaces: dict[tuple[str, bool], Surface] = {}
        self._cloud: PointCloud | None = None
        self._openness: np.ndarray | None = None

    @property
    def topology(self) -> Topology:
        """What follows from the hand model's faces, for the side of the hand on screen."""
        is_right = self.hand_model.is_right if self._scene is None else self._scene.is_right
        if is_right not in self._topologies:
            faces = self.hand_model.of_side(is_right).faces
            self._topologies[is_right] = Topology(faces, len(self.hand_model.template_m))
        return self._topologies[is_right]

    @property
    def edges(self) -> np.ndarray:
        """(E, 2) of the hand model."""
        return self.topology.edges

    def for_next(self, scene: MeshScene) -> "SubjectMaker":
        """Another one for the scene that comes next, with what does not change shared."""
        following = SubjectMaker(self.hand_model)
        following._topologies, following._openness = self._topologies, self._openness
        following.set_scene(scene)
        return following

    def set_scene(self, scene: MeshScene | None) -> None:
        """Forget the surfaces of the scene before, but for hands that are in this one too."""
        before, self._scene, self._cloud = self._scene, scene, None
        is_known = before is not None and scene is not None
        is_same_side = is_known and before.is_right == scene.is_right
        self._surfaces = {
            (name, is_fine): surface
            for (name, is_fine), surface in self._surfaces.items()
            if is_same_side and getattr(before, name) is getattr(scene, name)
        }

    def front(self, layers: Layers, *, quickly: bool = False) -> Subject | None:
        """The shaded surface and the depth points, or None for neither.

        `quickly` draws the hand's own faces, and takes the creases' darkening of the sample before,
        until there is time to measure this one's: neighbouring poses are alike.
        """
        solid = self.solid(layers, is_fine=not quickly)
        cloud = self._depth_cloud() if layers.cloud else None
        if solid is None and cloud is None:
            return None
        colours = rgb(CLAY)
        if layers.errors and self._scene.vertex_errors_mm is not None:
            colours = error_colours(self._scene.vertex_errors_mm)
        if solid is not None and (self._openness is None or not quickly):
            self._openness = solid.openness
        return Subject(solid, colours, self._openness, cloud=cloud)

    def behind(self, layers: Layers, *, is_dark: bool, quickly: bool = False) -> Subject | None:
        """The truth as a faint fill behind everything, or None."""
        ghost = self.ghost(layers, is_fine=not quickly)
        if ghost is None:
            return None
        return Subject(ghost, rgb("#C9D3E6" if is_dark else "#39465C"), is_glass=True)

    def solid(self, layers: Layers, *, is_fine: bool = True) -> Surface | None:
        """The shaded surface: the prediction, or the truth where there is none."""
        if not layers.mesh or self._scene is None:
            return None
        return self._surface("prediction", is_fine) or self._surface("truth", is_fine)

    def ghost(self, layers: Layers, *, is_fine: bool = True) -> Surface | None:
        """The truth behind the prediction."""
        if not layers.ghost or self._scene is None:
            return None
        if layers.mesh and self._scene.prediction is None:
            return None  # it is the solid one
        return self._surface("truth", is_fine)

    def wires(self, layers: Layers) -> list[np.ndarray]:
        """Vertices (V, 3) of the hands whose edges are drawn."""
        scene = self._scene
        hands = [scene.prediction or scene.truth] if scene is not None else []
        return [hand.vertices_mm for hand in hands if hand is not None]

    def _surface(self, name: str, is_fine: bool) -> Surface | None:
        hand: HandMesh | None = getattr(self._scene, name)
        if hand is None:
            return None
        key = name, is_fine
        if key not in self._surfaces:
            self._surfaces[key] = Surface(self.topology, hand.vertices_mm, is_fine=is_fine)
        return self._surfaces[key]

    def _depth_cloud(self) -> PointCloud | None:
        if self._cloud is None and self._scene is not None:
            self._cloud = depth_cloud(self._scene)
        return self._cloud
