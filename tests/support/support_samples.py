"""A sample made of numbers alone: a posed stand-in hand, a drawn picture, a made-up prediction.

For tests of the window's panels, which need something to show and to be right about.
"""

from functools import cache
from importlib.resources import files

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from core.conventions import WRIST
from core.data.frame import Frame, FrameId, HandLabel, ObjectLabel
from core.evaluation.metrics import measure
from core.evaluation.prediction import Prediction
from core.geometry.camera import Camera
from core.geometry.crop import normalise_keypoints
from core.geometry.rotation import axis_angle_from_matrix
from core.hand.hand_model import HandMesh, HandModel, ManoParameters
from utnet_viewer.document import Document, Sample

#: HO-3D's usual camera.
INTRINSICS = np.array([[614.6, 0.0, 320.3], [0.0, 614.1, 238.5], [0.0, 0.0, 1.0]])

#: Fingers up, palm towards the camera, thumb to the right: columns are MANO's axes.
_UPRIGHT = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@cache
def stand_in_hand() -> HandModel:
    """The embedded hand, read straight from its arrays."""
    with np.load(str(files("resources") / "hand" / "standin.npz")) as arrays:
        return HandModel(
            name="stand-in",
            is_stand_in=True,
            is_right=True,
            template_m=arrays["v_template"].astype(float),
            faces=arrays["f"].astype(np.int64),
            shape_basis_m=arrays["shapedirs"].astype(float),
            pose_basis_m=arrays["posedirs"].astype(float),
            joint_regressor=arrays["J_regressor"].astype(float),
            skinning_weights=arrays["weights"].astype(float),
            pose_components=arrays["hands_components"].astype(float),
            pose_mean_rad=arrays["hands_mean"].astype(float),
        )


class RowsOnly:
    """Stands in for an index where only the number of rows matters."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return self._rows


def make_document(sample: Sample | None = None, *, rows: int = 10) -> Document:
    """A document with `rows` rows open, showing `sample` if there is one."""
    document = Document(stand_in_hand())
    document.set_index(RowsOnly(rows))
    if sample is not None:
        show(document, sample)
    return document


def show(document: Document, sample: Sample) -> None:
    """Select the sample's row and put the sample on screen, as the loader does, in all panels."""
    document.select(sample.row)
    document.set_sample(sample)
    document.turns.finish()


def make_sample(
    *,
    row: int = 0,
    seed: int = 0,
    with_prediction: bool = True,
    with_depth: bool = True,
    evaluation: bool = False,
    problems: tuple[str, ...] = (),
) -> Sample:
    """A whole sample with known numbers.

    Args:
        row: Row in the dataset; also the frame number.
        seed: Changes pose, shape, place and the prediction's error.
        with_prediction: Otherwise the prediction is still awaited (None, no metrics).
        with_depth: Otherwise the frame has no depth.
        evaluation: Only the wrist and a box are labelled, as in HO-3D's evaluation split.
        problems: The frame's problems.
    """
    generator = np.random.default_rng(seed)
    camera = Camera(INTRINSICS)
    true = _parameters(generator)
    truth = stand_in_hand().pose(true)
    image, depth_mm = _picture_of(seed)
    frame = Frame(
        frame_id=FrameId("MC1", f"{row:04d}"),
        image=image,
        camera=camera,
        depth_mm=depth_mm if with_depth else None,
        hand=_label(true, truth, camera, evaluation),
        object=ObjectLabel("025_mug", _box_around(truth.joints_mm)),
        problems=problems,
    )
    prediction = _prediction(generator, frame, true) if with_prediction else None
    if evaluation:
        return Sample(row=row, frame=frame, prediction=prediction)
    metrics = None
    if prediction is not None:
        metrics = measure(camera, truth.joints_mm, truth.vertices_mm, prediction)
    return Sample(row=row, frame=frame, truth=truth, prediction=prediction, metrics=metrics)


@cache
def _picture_of(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture and its depth, drawn once per seed and not to be written to."""
    truth = stand_in_hand().pose(_parameters(np.random.default_rng(seed)))
    image, depth_mm = _draw(truth, stand_in_hand().faces, Camera(INTRINSICS))
    image.setflags(write=False)
    depth_mm.setflags(write=False)
    return image, depth_mm


def _parameters(generator: np.random.Generator) -> ManoParameters:
    """A half-closed hand about 60 cm from the camera."""
    pose = np.zeros((15, 3))
    pose[:, 2] = generator.uniform(0.15, 0.6, 15)  # flexion
    pose[12:, 2] *= 0.4
    tilt = Rotation.from_euler("zyx", generator.uniform(-0.5, 0.5, 3)).as_matrix()
    return ManoParameters(
        global_orient_rad=axis_angle_from_matrix(tilt @ _UPRIGHT),
        hand_pose_rad=pose.ravel(),
        betas=generator.normal(0, 0.8, 10),
        wrist_mm=np.array([10.0, 85.0, 620.0]) + generator.uniform(-25, 25, 3),
    )


def _label(true: ManoParameters, truth: HandMesh, camera: Camera, evaluation: bool) -> HandLabel:
    if not evaluation:
        return HandLabel(joints_mm=truth.joints_mm, mano=true)
    joints_mm = np.full((21, 3), np.nan)
    joints_mm[WRIST] = truth.joints_mm[WRIST]
    keypoints_px = camera.project(truth.joints_mm)
    box_px = np.concatenate([keypoints_px.min(0) - 8, keypoints_px.max(0) + 8])
    return HandLabel(joints_mm=joints_mm, box_px=box_px)


def _prediction(generator: np.random.Generator, frame: Frame, true: ManoParameters) -> Prediction:
    guess = ManoParameters(
        global_orient_rad=true.global_orient_rad + generator.normal(0, 0.06, 3),
        hand_pose_rad=true.hand_pose_rad + generator.normal(0, 0.12, 45),
        betas=true.betas + generator.normal(0, 0.5, 10),
        wrist_mm=true.wrist_mm + generator.normal(0, 6, 3),
    )
    mesh = stand_in_hand().pose(guess)
    crop = frame.crop()
    keypoints_px = frame.camera.project(mesh.joints_mm)
    return Prediction(
        keypoints_norm=normalise_keypoints(crop.keypoints(keypoints_px)),
        keypoints_px=keypoints_px,
        joints_mm=mesh.joints_mm,
        vertices_mm=mesh.vertices_mm,
        mano=guess,
        camera_sxy=np.array([7.0, 0.0, 0.0]),
        crop=crop,
        used_depth=frame.depth_mm is not None,
        duration_ms=28.0,
    )


def _box_around(joints_mm: np.ndarray) -> np.ndarray:
    """Eight corners of a box beside the fingertips, in HO-3D's order (x slowest, z fastest)."""
    centre = joints_mm[16:].mean(0) + np.array([0.0, 0.0, -30.0])
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    return centre + signs * np.array([42.0, 55.0, 42.0])


def _draw(mesh: HandMesh, faces: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Paint the hand, far triangles first, before a wall and a table; and its depth in mm."""
    row = np.linspace(0, 1, 480)[:, None, None]
    noise = np.random.default_rng(1).normal(0, 3, (480, 640, 1))
    image = np.array([88.0, 100.0, 104.0]) * (0.7 + 0.3 * row) + noise
    image[350:] = np.array([150.0, 92.0, 88.0]) + noise[350:]
    image = np.clip(image, 0, 255).astype(np.uint8)
    depth_mm = np.full((480, 640), 1100.0, np.float32)
    depth_mm[350:] = np.linspace(1100, 700, 130, dtype=np.float32)[:, None]

    corners = mesh.vertices_mm[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    shade = 0.35 + 0.65 * np.abs(normals @ np.array([0.35, -0.5, -0.79]))
    pixels = camera.project(corners)
    for face in np.argsort(-corners[:, :, 2].mean(1)):
        outline = np.round(pixels[face] * 16).astype(np.int32)
        colour = tuple(float(c) for c in np.array([205.0, 152.0, 122.0]) * shade[face])
        cv2.fillConvexPoly(image, outline, colour, cv2.LINE_AA, 4)
        cv2.fillConvexPoly(depth_mm, outline, float(corners[face, :, 2].mean()), cv2.LINE_8, 4)
    depth_mm[:, :14] = 0
    depth_mm[120:150, 60:110] = 0
    return image, depth_mm
