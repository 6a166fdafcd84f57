"""The hand's visible surface: forearm, finer triangles, skin.

Metres; rest-hand axes where it says "rest", camera axes otherwise. The fine mesh keeps every vertex
of the hand model in its place, so labels and pixels agree.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.spatial.transform import Rotation

from core.conventions import FINGER_JOINTS, FINGERS, FINGERTIP_VERTICES, VERTEX_COUNT
from core.hand.hand_model import HandModel
from core.synthetic.kinematics import HandKinematics
from core.synthetic.staging import ARM_LENGTH_M
from core.synthetic.textures import cloudy

_ARM_RINGS = 12
#: Texels along a triangle's side.
TEXELS = 5
_NAIL_COLOUR = np.array([0.93, 0.72, 0.68])


@dataclass(frozen=True)
class SkinLooks:
    """One person's skin and sleeve.

    Attributes:
        tone: (3,) colour of the back of the hand.
        sleeve: (3,) colour of the sleeve, or None for a bare arm.
        sleeve_from: Share of the forearm at which the sleeve begins.
    """

    tone: np.ndarray
    sleeve: np.ndarray | None
    sleeve_from: float


@dataclass(frozen=True)
class _SkinMarks:
    """Skin at N texels: rest places (N, 3) m, shares (N,) in [0, 1], nails, place on the arm."""

    places_m: np.ndarray
    palmar: np.ndarray
    red: np.ndarray
    crease: np.ndarray
    nail: np.ndarray
    nail_rim: np.ndarray
    along_arm: np.ndarray


class HandSurface:
    """Topology of hand and forearm, refined once; follows the hand model's vertices."""

    def __init__(self, model: HandModel, kinematics: HandKinematics) -> None:
        self._model, self._kinematics = model, kinematics
        self._rim = _open_rim(model.faces)
        coarse = np.concatenate([model.faces, self._arm_faces()])
        self._coarse_count = VERTEX_COUNT + _ARM_RINGS * len(self._rim)
        self._coarse_faces = coarse
        self._edges, self.faces = _split_triangles(coarse, self._coarse_count)
        self._coarse_gather = _incidence(coarse, self._coarse_count)
        self._gather = _incidence(self.faces, self._coarse_count + len(self._edges))

    def shape(
        self, vertices_m: np.ndarray, rotation: np.ndarray, bend: np.ndarray, cuff: float | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Fine vertices and unit normals (V, 3) of a posed hand (778, 3) with its forearm.

        `rotation` (3, 3) is the root's, `bend` (3, 3) the forearm's turn in rest axes, `cuff` the
        share of the forearm where a sleeve begins. New vertices lie on PN triangles (Vlachos et
        al., "Curved PN Triangles", 2001), which round the outline and leave the old ones alone.
        """
        coarse = np.concatenate([vertices_m, self._arm(vertices_m, rotation, bend, cuff)])
        normals = _unit(self._coarse_gather @ _face_normals(coarse, self._coarse_faces))
        a, b = coarse[self._edges[:, 0]], coarse[self._edges[:, 1]]
        na, nb = normals[self._edges[:, 0]], normals[self._edges[:, 1]]
        rise_a = ((b - a) * na).sum(1, keepdims=True)
        rise_b = ((a - b) * nb).sum(1, keepdims=True)
        middle = (a + b) / 2 - (rise_a * na + rise_b * nb) / 8
        fine = np.concatenate([coarse, middle])
        return fine, _unit(self._gather @ _face_normals(fine, self.faces))

    def spread_to_fine(self, values: np.ndarray) -> np.ndarray:
        """Values (C,) at the coarse vertices, averaged onto the fine ones (V,)."""
        return np.concatenate([values, values[self._edges].mean(1)])

    def hand_and_arm(self, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The fine vertices (V, 3) that belong to the hand, and those of the forearm."""
        is_hand = np.ones(len(vertices), bool)
        is_hand[VERTEX_COUNT : self._coarse_count] = False
        is_hand[self._coarse_count :] = (self._edges < VERTEX_COUNT).all(1)
        is_arm = ~is_hand
        is_arm[self._rim] = True
        return vertices[is_hand], vertices[is_arm]

    @property
    def coarse_count(self) -> int:
        """Number of coarse vertices; they come first among the fine ones."""
        return self._coarse_count

    def skin(self, looks: SkinLooks, generator: np.random.Generator) -> np.ndarray:
        """Colours (F, TEXELS * 2 * TEXELS, 3) float32 of small patches of every fine triangle."""
        marks = self._marks
        mottle = _lookup(cloudy(generator, 256, 1.0), marks.places_m, 2400)
        veins = _lookup(cloudy(generator, 256, 1.6), marks.places_m, 900)
        shade = (1 + 0.03 * mottle + 0.035 * veins) * (1 - 0.16 * marks.crease)
        tone = looks.tone.astype(np.float32)
        colour = tone * ((1 + 0.13 * marks.palmar) * shade)[:, None]
        colour *= 1 - marks.red[:, None] * np.array([0.0, 0.12, 0.11], np.float32)
        brightness = np.clip(looks.tone.mean() * 1.3, 0.5, 1)
        nail = colour[marks.nail] * 0.4 + _NAIL_COLOUR * brightness * 0.65
        colour[marks.nail] = nail
        colour[marks.nail_rim] *= 0.84
        if looks.sleeve is not None:
            covered = marks.along_arm > looks.sleeve_from
            weave = 1 + 0.05 * generator.standard_normal(int(covered.sum()))
            colour[covered] = looks.sleeve * weave[:, None]
        return np.clip(colour, 0.01, 1).reshape(len(self.faces), -1, 3).astype(np.float32)

    @cached_property
    def _marks(self) -> "_SkinMarks":
        """What any skin has at every texel of the rest hand."""
        rest, normals = self.shape(self._model.template_m, np.eye(3), np.eye(3), None)
        rest, normals = rest.astype(np.float32), normals.astype(np.float32)
        u, v = (centres.astype(np.float32) for centres in texel_centres())
        weights = np.stack([1 - u - v, u, v], -1)
        places = np.einsum("tc,fcd->ftd", weights, rest[self.faces]).reshape(-1, 3)
        facing = np.einsum("tc,fcd->ftd", weights, normals[self.faces]).reshape(-1, 3)
        palmar = np.clip(0.5 - 0.8 * facing[:, 1], 0, 1)
        wrist = self._model.joint_regressor[0] @ self._model.template_m
        is_arm = np.repeat((self.faces >= VERTEX_COUNT).any(1), len(u))
        red, crease = self._red_and_creases(places, palmar)
        nail, nail_rim = self._nails(places, facing)
        return _SkinMarks(
            places_m=places.astype(np.float32),
            palmar=palmar.astype(np.float32),
            red=red.astype(np.float32),
            crease=crease.astype(np.float32),
            nail=nail,
            nail_rim=nail_rim,
            along_arm=np.where(is_arm, (places[:, 0] - wrist[0]) / ARM_LENGTH_M, -1),
        )

    def _red_and_creases(
        self, places: np.ndarray, palmar: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """How red knuckles and fingertips are, and where the skin folds, (N,) in [0, 1]."""
        red, crease = np.zeros(len(places)), np.zeros(len(places))
        joints = self._model.joint_regressor @ self._model.template_m
        for finger, name in enumerate(FINGERS):
            tip = self._model.template_m[FINGERTIP_VERTICES["ho3d"][finger]]
            red += 0.8 * _near(places, tip, 0.012)
            for joint in FINGER_JOINTS[name][:3]:
                near = _near(places, joints[joint], 0.011)
                red += 0.5 * near * (1 - palmar)
                if joint == FINGER_JOINTS[name][0]:
                    continue
                along = (places - joints[joint]) @ self._kinematics.twist[joint]
                lines = sum(np.exp(-(((along - at) / 0.0007) ** 2)) for at in (-0.002, 0.0, 0.002))
                crease += lines * near
        return np.clip(red, 0, 1), np.clip(crease, 0, 1)

    def _nails(self, places: np.ndarray, normals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nails and their rims (N,): an oval on the back of every end link."""
        nail, rim = np.zeros(len(places), bool), np.zeros(len(places), bool)
        for finger, name in enumerate(FINGERS):
            end = FINGER_JOINTS[name][2]
            back, along = self._kinematics.abduction[end], self._kinematics.twist[end]
            side = self._kinematics.flexion[end]
            tip = self._model.template_m[FINGERTIP_VERTICES["ho3d"][finger]]
            offset = places - (tip - along * 0.0070)
            width = 0.0062 if name == "thumb" else 0.0050
            oval = np.abs(offset @ along / 0.0058) ** 2.6 + np.abs(offset @ side / width) ** 2.6
            on_back = (normals @ back > 0.1) & (np.linalg.norm(offset, axis=1) < 0.014)
            nail |= (oval < 1) & on_back
            rim |= (oval >= 0.8) & (oval < 1.25) & on_back
        return nail, rim

    def _arm_faces(self) -> np.ndarray:
        """Triangles between the wrist's rim and the rings of the forearm."""
        count = len(self._rim)
        rings = np.arange(_ARM_RINGS * count).reshape(_ARM_RINGS, count) + VERTEX_COUNT
        rings = np.concatenate([self._rim[None], rings])
        near, far = rings[:-1], rings[1:]
        near_next, far_next = np.roll(near, -1, axis=1), np.roll(far, -1, axis=1)
        one = np.stack([near_next, near, far], -1).reshape(-1, 3)
        two = np.stack([near_next, far, far_next], -1).reshape(-1, 3)
        return np.concatenate([one, two])

    def _arm(
        self, vertices: np.ndarray, rotation: np.ndarray, bend: np.ndarray, cuff: float | None
    ) -> np.ndarray:
        """Rings (R * 16, 3) that sweep the wrist's rim along the bent forearm."""
        rim = vertices[self._rim]
        place = rim.mean(0)
        around = (rim - place) @ rotation
        turn = Rotation.from_matrix(bend).as_rotvec()
        rings = []
        for ring in range(1, _ARM_RINGS + 1):
            share = ring / _ARM_RINGS
            local = Rotation.from_rotvec(turn * min(1.0, share * 6)).as_matrix()
            place = place + rotation @ local[:, 0] * (ARM_LENGTH_M / _ARM_RINGS)
            flat = around * [1 - min(1.0, 3 * share), 1, 1] * (1 + 0.5 * share)
            if cuff is not None and share > cuff:
                flat = flat * 1.14
            rings.append(place + flat @ (rotation @ local).T)
        return np.concatenate(rings)


def random_skin(generator: np.random.Generator) -> SkinLooks:
    """A skin tone from pale to dark, sleeved or not."""
    pale, dark = np.array([0.92, 0.72, 0.6]), np.array([0.36, 0.23, 0.165])
    share = generator.beta(0.9, 1.3)
    tone = (pale * (1 - share) + dark * share) * generator.normal(1, [0.04, 0.03, 0.04])
    sleeve = None
    if generator.random() < 0.5:
        sleeve = np.clip(generator.uniform(0.04, 0.7) + generator.normal(0, 0.13, 3), 0.03, 0.9)
    return SkinLooks(tone, sleeve, float(generator.uniform(0.15, 0.6)))


def texel_index(uv: np.ndarray) -> np.ndarray:
    """Which texel (N,) of its triangle a hit's barycentric (N, 2) falls into."""
    scaled = np.clip(uv * TEXELS, 0, TEXELS - 1e-4)
    cell = scaled.astype(np.int64)
    upper = (scaled - cell).sum(1) > 1
    return cell[:, 0] * 2 * TEXELS + cell[:, 1] * 2 + upper


def texel_centres() -> tuple[np.ndarray, np.ndarray]:
    """Barycentric u and v (TEXELS * 2 * TEXELS,) of the texels that `texel_index` counts."""
    first, second, upper = np.meshgrid(np.arange(TEXELS), np.arange(TEXELS), [0, 1], indexing="ij")
    inside = (1 + upper) / 3
    return ((first + inside) / TEXELS).ravel(), ((second + inside) / TEXELS).ravel()


def _near(places: np.ndarray, centre: np.ndarray, radius_m: float) -> np.ndarray:
    return np.exp(-((places - centre) ** 2).sum(1) / radius_m**2)


def _lookup(noise: np.ndarray, places: np.ndarray, texels_per_m: float) -> np.ndarray:
    """Noise at places (N, 3), from two planes so that no side is streaked."""
    cells = np.floor(places * texels_per_m).astype(np.int64) % noise.shape[0]
    return (noise[cells[:, 0], cells[:, 2]] + noise[cells[:, 1], cells[:, 2]]) / np.sqrt(2)


def _open_rim(faces: np.ndarray) -> np.ndarray:
    """Vertices (16,) around the open wrist, in order."""
    pairs = np.stack([faces, np.roll(faces, -1, axis=1)], -1).reshape(-1, 2)
    edges = set(map(tuple, pairs.tolist()))
    following = {a: b for a, b in edges if (b, a) not in edges}
    rim = [min(following)]
    while following[rim[-1]] != rim[0]:
        rim.append(following[rim[-1]])
    return np.array(rim)


def _split_triangles(faces: np.ndarray, vertex_count: int) -> tuple[np.ndarray, np.ndarray]:
    """Split every triangle into four: the edges (E, 2) and the new faces (4 F, 3)."""
    corners = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], -1).reshape(-1, 2), axis=1)
    edges, inverse = np.unique(corners, axis=0, return_inverse=True)
    ab, bc, ca = (inverse.reshape(-1, 3) + vertex_count).T
    a, b, c = faces.T
    fine = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
    return edges, np.concatenate([np.stack(corner, -1) for corner in fine])


def _incidence(faces: np.ndarray, vertex_count: int) -> sparse.csr_matrix:
    """A matrix that adds up, at each vertex, what its faces have."""
    columns = np.repeat(np.arange(len(faces)), 3)
    ones = np.ones(faces.size)
    return sparse.csr_matrix((ones, (faces.ravel(), columns)), (vertex_count, len(faces)))


def _face_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = vertices[faces[:, 0]], vertices[faces[:, 1]], vertices[faces[:, 2]]
    return np.cross(b - a, c - a)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
