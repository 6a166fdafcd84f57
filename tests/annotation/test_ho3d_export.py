"""Corrected frames in HO-3D's layout, held to the layout's definition by an own implementation."""

import json
import pickle
from dataclasses import replace

import cv2
import numpy as np
import pytest
from annotated_tree import (
    NAMES,
    correction_of,
    free_2d,
    full_state,
    make_tree,
    nothing_told,
    open_tree,
    spoken,
)
from scipy.spatial.transform import Rotation

from core.annotation.ho3d_writer import write_ho3d
from core.annotation.outgoing import ExportError
from core.annotation.records import FrameState
from core.data.frame import FrameId
from core.data.ho3d.index import open_index
from core.hand.mano_file import load_hand_model

PARENTS = [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14]
TIPS = [744, 333, 444, 555, 672]


@pytest.fixture(scope="module")
def model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def tree(model, tmp_path_factory):
    tree = make_tree(tmp_path_factory.mktemp("ho3d") / "HO3D", model)
    # A frame whose label file is missing, as some of version 3's are.
    tree.path("meta", "SB3/0007").unlink()
    return tree


@pytest.fixture(scope="module")
def index(tree, model, tmp_path_factory):
    return open_tree(tree, model, tmp_path_factory.mktemp("cache"))


def write(path, index, states, model, tell=nothing_told):
    return write_ho3d(path, index, spoken(states), model, tell=tell)


def plain_label(path) -> dict:
    """As HO-3D's own tools read it: Python's pickle, latin1."""
    with path.open("rb") as file:
        return pickle.load(file, encoding="latin1")


def joints_of_definition_m(model, label) -> np.ndarray:
    """MANO by its definition, in the label's own axes: linear blend skinning, J + handTrans."""
    rotations = Rotation.from_rotvec(label["handPose"].reshape(16, 3)).as_matrix()
    shaped = model.template_m + np.einsum("vcb,b->vc", model.shape_basis_m, label["handBeta"])
    rest = model.joint_regressor @ shaped
    posed = shaped + np.einsum("vcp,p->vc", model.pose_basis_m, (rotations[1:] - np.eye(3)).ravel())
    chain = [np.eye(4) for _ in range(16)]
    for joint, parent in enumerate(PARENTS):
        step = np.eye(4)
        step[:3, :3] = rotations[joint]
        step[:3, 3] = rest[joint] - (rest[parent] if parent >= 0 else 0)
        chain[joint] = step if parent < 0 else chain[parent] @ step
    moves = np.array(chain)
    moves[:, :3, 3] -= np.einsum("jab,jb->ja", moves[:, :3, :3], rest)
    blended = np.einsum("vj,jab->vab", model.skinning_weights, moves)
    skin = np.einsum("vab,vb->va", blended[:, :3, :3], posed) + blended[:, :3, 3]
    joints = np.array([one[:3, 3] for one in chain])
    return np.concatenate([joints, skin[TIPS]]) + label["handTrans"]


def test_labels_hold_the_corrected_hand_by_the_definition(index, tree, model, tmp_path):
    states = {name: FrameState(correction_of(model, n)) for n, name in enumerate(NAMES[:2])}
    out = write(tmp_path / "out", index, states, model)
    assert (out.frames, out.notes) == (2, ())
    for name, state in states.items():
        correction = state.correction
        sequence, frame = name.split("/")
        label = plain_label(out.path / "train" / sequence / "meta" / f"{frame}.pkl")
        # OpenGL's axes are the camera's, turned about x: y and z change their signs.
        said_mm = label["handJoints3D"] * [1000, -1000, -1000]
        assert np.abs(said_mm - correction.joints_mm).max() < 1e-3
        assert (label["handJoints3D"][:, 2] < 0).all()
        posed_mm = joints_of_definition_m(model, label) * [1000, -1000, -1000]
        assert np.abs(posed_mm - correction.joints_mm).max() < 1e-3
        seen = label["camMat"] @ (label["handJoints3D"] * [1, -1, -1]).T
        assert np.abs((seen[:2] / seen[2]).T - correction.keypoints_px).max() < 1e-3


def test_everything_else_of_a_label_is_as_it_was(index, tree, model, tmp_path):
    name = NAMES[0]
    out = write(tmp_path / "out", index, {name: FrameState(correction_of(model, 0))}, model)
    before = plain_label(tree.path("meta", name))
    after = plain_label(out.path / tree.path("meta", name).relative_to(tree.root))
    assert list(after) == list(before)  # the same members, in the same order
    hand = {"handBeta", "handJoints3D", "handPose", "handTrans"}
    for key in set(before) - hand - {"handVertContact", "handVertDist"}:
        assert type(after[key]) is type(before[key])
        assert np.array_equal(after[key], before[key])
    for key in hand:
        assert after[key].shape == before[key].shape and after[key].dtype == before[key].dtype
        assert not np.allclose(after[key], before[key])
    # What was computed from the wrong hand's surface is unknown now, as HO-3D writes unknown.
    assert after["handVertContact"] is None and after["handVertDist"] is None


def test_labels_are_pickles_that_python_2_and_old_numpy_know(index, tree, model, tmp_path):
    name = NAMES[0]
    out = write(tmp_path / "out", index, {name: FrameState(correction_of(model, 0))}, model)
    content = (out.path / tree.path("meta", name).relative_to(tree.root)).read_bytes()
    assert content[:2] == b"\x80\x02"  # protocol 2
    assert b"numpy.core.multiarray" in content and b"_core" not in content


def test_only_changed_frames_are_copied_and_listed_in_the_lists_order(index, tree, model, tmp_path):
    tree.write("depth", NAMES[3], tree.path("depth", NAMES[3]).read_bytes())
    segmentation = tree.root / "train" / "MC1" / "seg" / "0001.png"
    segmentation.parent.mkdir(exist_ok=True)
    segmentation.write_bytes(b"seg")
    states = {
        NAMES[3]: full_state(model, 3),
        NAMES[0]: FrameState(correction_of(model, 0)),
        NAMES[1]: FrameState(note="looked at, nothing changed"),
    }
    out = write(tmp_path / "out", index, states, model)
    assert (out.path / "train.txt").read_text() == "MC1/0002\nMC1/0001\n"
    files = {str(p.relative_to(out.path)) for p in out.path.rglob("*") if p.is_file()}
    expected = {"train.txt", "train/MC1/seg/0001.png"}
    for frame in ("0002", "0001"):
        for kind, suffix in (("rgb", "jpg"), ("depth", "png"), ("meta", "pkl")):
            expected.add(f"train/MC1/{kind}/{frame}.{suffix}")
    assert files == expected
    for name in (NAMES[0], NAMES[3]):
        for kind in ("rgb", "depth"):
            source = tree.path(kind, name)
            assert (out.path / source.relative_to(tree.root)).read_bytes() == source.read_bytes()


def test_our_reader_reads_it_back(index, model, tmp_path):
    states = {NAMES[0]: FrameState(correction_of(model, 0))}
    out = write(tmp_path / "out", index, states, model)
    again = open_index(out.path, "train", hand_model=model, cache_dir=tmp_path / "cache")
    assert (len(again), again.problems) == (1, ())
    frame = again.read(0)
    wanted = states[NAMES[0]].correction
    assert frame.frame_id == FrameId("MC1", "0002") and frame.problems == ()
    assert np.abs(frame.hand.joints_mm - wanted.joints_mm).max() < 1e-3
    assert np.abs(model.pose(frame.hand.mano).joints_mm - wanted.joints_mm).max() < 1e-3
    assert frame.depth_mm is not None
    assert frame.object is not None


def test_evaluation_frames_keep_the_wrist_and_a_box_and_release_the_hand(model, tmp_path):
    tree = make_tree(tmp_path / "HO3D", model, split="evaluation", version="v2")
    index = open_tree(tree, model, tmp_path / "cache")
    states = {name: FrameState(correction_of(model, n)) for n, name in enumerate(NAMES[:2])}
    out = write(tmp_path / "out", index, states, model)
    label = plain_label(out.path / "evaluation" / "MC1" / "meta" / "0002.pkl")
    correction = states["MC1/0002"].correction
    assert label["handJoints3D"] * [1000, -1000, -1000] == pytest.approx(
        correction.joints_mm[0], abs=1e-3
    )
    assert "handPose" not in label
    x1, y1, x2, y2 = label["handBoundingBox"]
    low, high = correction.keypoints_px.min(0), correction.keypoints_px.max(0)
    assert x1 <= low[0] and y1 <= low[1] and high[0] <= x2 and high[1] <= y2
    released_m = np.array(json.loads((out.path / "evaluation_xyz.json").read_text()))
    assert released_m.shape == (2, 21, 3)
    assert np.array(json.loads((out.path / "evaluation_verts.json").read_text())).shape[1] == 778
    again = open_index(out.path, "evaluation", hand_model=model, cache_dir=tmp_path / "cache")
    read = again.read_labels(1)
    assert np.abs(read.hand.joints_mm - states["MC1/0000"].correction.joints_mm).max() < 1e-3
    assert cv2.imread(str(again.picture_path(0))) is not None  # version 2: PNG


def test_a_box_that_still_holds_the_hand_stays(model, tmp_path):
    tree = make_tree(tmp_path / "HO3D", model, split="evaluation")
    label = plain_label(tree.path("meta", NAMES[0]))
    label["handBoundingBox"] = [0, 0, 639, 479]
    tree.write("meta", NAMES[0], pickle.dumps(label, protocol=2))
    index = open_tree(tree, model, tmp_path / "cache")
    states = {NAMES[0]: FrameState(correction_of(model, 0))}
    out = write(tmp_path / "out", index, states, model)
    after = plain_label(out.path / "evaluation" / "MC1" / "meta" / "0002.pkl")
    assert after["handBoundingBox"] == [0, 0, 639, 479]


def test_what_cannot_be_a_label_is_left_out_and_told(index, model, tmp_path):
    other = correction_of(model, 4)
    states = {
        NAMES[0]: FrameState(correction_of(model, 0)),
        NAMES[1]: FrameState(free_2d(model, 1)),
        NAMES[2]: FrameState(correction_of(model, 2)),  # its label file is missing
        NAMES[3]: FrameState(replace(other, joints_mm=other.joints_mm + 5)),
        "MC1/9999": FrameState(correction_of(model, 3)),
    }
    out = write(tmp_path / "out", index, states, model)
    assert (out.path / "train.txt").read_text() == "MC1/0002\n"
    notes = " ".join(out.notes)
    assert "left out MC1/0000: corrected in free 2D" in notes
    assert "left out SB3/0007: it has no label file" in notes
    assert "left out MC1/0001: corrected with another hand model" in notes
    assert "left out 1 frame: not in this split" in notes

    left = {NAMES[0]: FrameState(correction_of(model, 0, is_right=False))}
    with pytest.raises(ExportError, match=r"no frame .* corrected in 3D.*left hand"):
        write(tmp_path / "none", index, left, model)
    assert not (tmp_path / "none").exists()


def test_a_place_with_something_in_it_and_the_datasets_own_are_refused(index, model, tmp_path):
    states = {NAMES[0]: FrameState(correction_of(model, 0))}
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(ExportError, match="there already"):
        write(tmp_path / "full", index, states, model)
    with pytest.raises(ExportError, match="never written"):
        write(index.root / "corrected", index, states, model)
    with pytest.raises(ExportError, match="no folder"):
        write(tmp_path / "no" / "such", index, states, model)
    (tmp_path / "empty").mkdir()
    assert write(tmp_path / "empty", index, states, model).frames == 1


def test_a_cancelled_export_leaves_nothing_behind(index, model, tmp_path):
    states = {name: FrameState(correction_of(model, n)) for n, name in enumerate(NAMES[:2])}

    def cancel(done: int, total: int) -> None:
        if done == 1:
            raise SystemExit(143)

    with pytest.raises(SystemExit):
        write(tmp_path / "out", index, states, model, tell=cancel)
    assert list(tmp_path.iterdir()) == []


def test_other_datasets_are_refused_with_what_can_be_done(index, model, tmp_path):
    class Other:
        kind, name, root = "FreiHAND", "FreiHAND / training", index.root

    with pytest.raises(ExportError, match=r"FreiHAND: HO-3D's layout .* HO-3D alone. COCO and CSV"):
        write_ho3d(tmp_path / "out", Other(), [], model, tell=nothing_told)
