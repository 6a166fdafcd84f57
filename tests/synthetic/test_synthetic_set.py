"""A made set, read back by the project's own reader, which must not be able to tell."""

import pickle
import pickletools

import cv2
import numpy as np
import pytest

from core.conventions import FINGER_JOINTS, MANO_JOINT_COUNT
from core.data.frame import Frame
from core.data.ho3d import layout
from core.data.ho3d.index import open_index
from core.hand.mano_file import load_hand_model
from core.synthetic.sequence import pose_frame

HAND, OBJECT = 2, 1  # channels of the segmentation, RGB


@pytest.fixture(scope="module")
def model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def indices(made_set, model, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return {s: open_index(made_set.root, s, hand_model=model, cache_dir=cache)
            for s in layout.SPLITS}  # fmt: skip


@pytest.fixture(scope="module")
def frames(indices) -> list[tuple[str, Frame]]:
    return [(s, index.read(row)) for s, index in indices.items() for row in range(len(index))]


def segmentation(made_set, split: str, frame: Frame) -> np.ndarray:
    path = layout.segmentation_path(made_set.root, split, frame.frame_id)
    return cv2.imread(str(path))[..., ::-1] > 127


def depth_error_mm(frame: Frame, joints_mm: np.ndarray) -> np.ndarray:
    """Measured depth at each joint's pixel less the joint's own; NaN outside or unknown."""
    error = np.full(len(joints_mm), np.nan)
    for joint, (x, y) in enumerate(np.rint(frame.camera.project(joints_mm)).astype(int)):
        if 0 <= x < 640 and 0 <= y < 480 and frame.depth_mm[y, x] > 0:
            error[joint] = frame.depth_mm[y, x] - joints_mm[joint, 2]
    return error


def silhouette(frame: Frame, vertices_mm: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The mesh's outline filled by OpenCV: no ray is traced."""
    corners = frame.camera.project(vertices_mm)[faces]
    mask = np.zeros(frame.image.shape[:2], np.uint8)
    for triangle in np.rint(corners * 16).astype(np.int32):
        cv2.fillConvexPoly(mask, triangle, 1, shift=4)
    return mask > 0


def test_every_frame_is_read_without_a_problem(made_set, indices, frames):
    assert [len(indices[s]) for s in layout.SPLITS] == [4, 2]
    assert all(index.version == "v3" for index in indices.values())
    assert [index.problems for index in indices.values()] == [(), ()]
    for _, frame in frames:
        assert frame.problems == ()
        assert frame.image.shape == (480, 640, 3)
        assert frame.depth_mm.shape == (480, 640)
        assert frame.object.name.startswith("syn_")
        assert frame.hand.has_all_joints


def test_joints_lie_inside_what_is_seen(frames):
    """Nothing is seen behind a joint, and where the hand is seen, its skin is near."""
    within = []
    for _, frame in frames:
        error = depth_error_mm(frame, frame.hand.joints_mm[:MANO_JOINT_COUNT])  # tips lie on skin
        known = np.isfinite(error)
        assert (error[known] < 6).mean() > 0.93, "something is seen behind the joints"
        within.append((np.abs(error[known] + 9) < 16).mean())
    assert np.mean(within) > 0.5


@pytest.mark.parametrize("shift_mm", [(25, 0, 0), (0, 25, 0), (0, 0, -40)])
def test_shifted_labels_would_be_noticed(frames, shift_mm):
    behind = []
    for _, frame in frames:
        error = depth_error_mm(frame, frame.hand.joints_mm[:MANO_JOINT_COUNT] + shift_mm)
        behind.append((error[np.isfinite(error)] < 6).mean())
    assert np.mean(behind) < 0.93


def test_mesh_covers_the_hand_that_is_seen(made_set, frames, model):
    for split, frame in frames:
        vertices = frame.hand.vertices_mm
        if vertices is None:
            vertices = model.pose(frame.hand.mano).vertices_mm
        mesh = silhouette(frame, vertices, model.faces)
        seen = segmentation(made_set, split, frame)
        hand, free = seen[..., HAND], ~seen[..., OBJECT]
        inside = cv2.erode(mesh.astype(np.uint8), np.ones((3, 3))) > 0
        # Pixels of the mesh that show neither hand nor object show something nearer: clutter.
        missed = inside & free & ~hand & (frame.depth_mm > vertices[:, 2].max())
        assert missed.sum() <= 0.002 * max(inside.sum(), 1)
        # By the fingers, where no forearm is, no hand is seen outside the mesh.
        outside = hand & ~(cv2.dilate(mesh.astype(np.uint8), np.ones((3, 3))) > 0)
        rows, columns = np.nonzero(outside)
        keypoints = frame.camera.project(frame.hand.joints_mm)
        tips = keypoints[[joints[3] for joints in FINGER_JOINTS.values()]]
        stray = [np.linalg.norm(tips - (x, y), axis=1).min() < 15
                 and np.linalg.norm(keypoints[0] - (x, y)) > 60
                 for x, y in zip(columns, rows, strict=True)]  # fmt: skip
        assert sum(stray) <= 0.01 * max(hand.sum(), 1)


def test_box_corners_enclose_the_object(made_set, frames):
    for split, frame in frames:
        rows, columns = np.nonzero(segmentation(made_set, split, frame)[..., OBJECT])
        if not len(rows):
            continue
        hull = cv2.convexHull(frame.camera.project(frame.object.corners_mm).astype(np.float32))
        inside = [cv2.pointPolygonTest(hull, (float(x), float(y)), True) > -1.5
                  for x, y in zip(columns[::9], rows[::9], strict=True)]  # fmt: skip
        assert np.mean(inside) > 0.99


def test_train_labels_hold_together(made_set, frames, model):
    for split, frame in frames:
        if split != "train":
            continue
        posed = model.pose(frame.hand.mano)
        assert np.abs(posed.joints_mm - frame.hand.joints_mm).max() < 1e-4


def test_evaluation_truth_is_the_planned_hand(made_set, frames, recorder):
    tasks = [task for task in made_set.settings.tasks() if task.split == "evaluation"]
    planned = [(plan, frame) for task in tasks
               for plan in [recorder.plan(task)] for frame in range(task.length)]  # fmt: skip
    read = [frame for split, frame in frames if split == "evaluation"]
    assert len(read) == len(planned) == 2
    for frame, (plan, number) in zip(read, planned, strict=True):
        mesh = pose_frame(recorder.model, plan, number)
        assert np.abs(frame.hand.vertices_mm - mesh.vertices_mm).max() < 1e-4
        assert np.abs(frame.hand.joints_mm - mesh.joints_mm).max() < 1e-4
        x1, y1, x2, y2 = frame.hand.box_px
        keypoints = frame.camera.project(mesh.joints_mm)
        assert (keypoints >= (x1, y1)).all() and (keypoints <= (x2, y2)).all()
        assert (keypoints.min(0) - (x1, y1) < 1).all() and ((x2, y2) - keypoints.max(0) < 1).all()


def raw_label(made_set, split: str) -> tuple[bytes, dict]:
    frame_id = made_set.settings.tasks()[0 if split == "train" else -1].frame_ids()[0]
    data = layout.meta_path(made_set.root, split, frame_id).read_bytes()
    return data, pickle.loads(data, encoding="latin1")  # our own file


def test_pickles_look_like_python_2s(made_set):
    for split in layout.SPLITS:
        data, members = raw_label(made_set, split)
        opcodes = {opcode.name for opcode, _, _ in pickletools.genops(data)}
        assert "BINSTRING" in opcodes and not opcodes & {"BINUNICODE", "BINBYTES", "STACK_GLOBAL"}
        assert b"numpy._core" not in data
        assert data[:2] == b"\x80\x02"
        keys = layout.EVALUATION_KEYS
        if split == "train":
            keys = (*layout.TRAIN_KEYS, *layout.TRAIN_KEYS_V3)
        assert set(members) == set(keys)


def test_labels_are_in_opengl_axes_and_metres(made_set):
    _, members = raw_label(made_set, "train")
    assert (members["handJoints3D"][:, 2] < -0.2).all(), "hands are before the viewer: z < 0"
    assert np.abs(members["handJoints3D"]).max() < 2
    turn = cv2.Rodrigues(members["objRot"])[0]
    corners = members["objCorners3DRest"] @ turn.T + members["objTrans"]
    assert np.allclose(corners, members["objCorners3D"], atol=1e-9)
    assert members["objRot"].shape == (3, 1)
    gap = np.linalg.norm(members["handVertObjSurfProj"] - _vertices_m(members), axis=1)
    assert np.allclose(gap, members["handVertDist"], atol=1e-5)
    assert (members["handVertContact"] == (members["handVertDist"] < 0.004)).all()


def _vertices_m(members: dict) -> np.ndarray:
    """The hand by smplx, in OpenGL axes, straight from the label."""
    import smplx
    import torch
    from smplx.utils import Struct

    model = load_hand_model(None)
    parents = np.array([4294967295, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14])
    structure = Struct(
        v_template=model.template_m, f=model.faces, shapedirs=model.shape_basis_m,
        posedirs=model.pose_basis_m, J_regressor=model.joint_regressor,
        weights=model.skinning_weights, kintree_table=np.stack([parents, np.arange(16)]),
        hands_components=np.eye(45), hands_mean=np.zeros(45),
    )  # fmt: skip
    layer = smplx.MANOLayer("", data_struct=structure, is_rhand=True, use_pca=False,
                            flat_hand_mean=True, dtype=torch.float64)  # fmt: skip
    pose = torch.tensor(cv2_matrices(members["handPose"]))
    posed = layer(
        global_orient=pose[None, :1], hand_pose=pose[None, 1:],
        betas=torch.tensor(members["handBeta"])[None],
        transl=torch.tensor(members["handTrans"])[None],
    )  # fmt: skip
    return posed.vertices[0].numpy()


def cv2_matrices(pose: np.ndarray) -> np.ndarray:
    return np.array([cv2.Rodrigues(vector)[0] for vector in pose.reshape(16, 3)])


def test_depth_has_steps_and_holes(frames):
    for _, frame in frames:
        hole_share = (frame.depth_mm == 0).mean()
        assert 0.001 < hole_share < 0.7
        near = np.unique(frame.depth_mm[(frame.depth_mm > 400) & (frame.depth_mm < 800)])
        if len(near) > 20:
            assert np.median(np.diff(near)) > 0.3, "the sensor cannot be that fine"
