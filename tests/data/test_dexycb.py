"""DexYCB: splits, conversions against its own 2D labels, left hands, and faults that are named."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from dexycb_tree import DEPTH_MM, SERIALS, write_session
from labelled_hands import THUMB_FIRST, like_mano

from core.data.dexycb import layout
from core.data.opening import available_splits, layout_of, open_dataset
from core.data.problems import EmptySplitError, UnreadableFrameError
from core.evaluation.truth import true_hand
from core.hand.mano_file import load_hand_model

RIGHT, LEFT = "20200709-weiy/20200709_1", "20200709-weiy/20200709_2"
CAMERA = SERIALS[0]


@pytest.fixture(scope="module")
def model():
    return like_mano(fingertips="manopth")


@pytest.fixture
def root(tmp_path, model) -> Path:
    root = tmp_path / "dexycb"
    write_session(root, RIGHT, model, side="right", seed=1)
    write_session(root, LEFT, model.mirrored, side="left", seed=2)
    return root


@pytest.fixture
def opened(root, model):
    def open_it(split="s0_train", **options):
        return open_dataset(root, split, **{"hand_model": model, **options})

    return open_it


def labels_of(root: Path, frame) -> dict:
    sequence, number = frame.frame_id.sequence, frame.frame_id.frame
    return dict(np.load(root / sequence / f"labels_{number}.npz"))


def test_splits_are_the_toolkit_s():
    """Counts of sessions × cameras from its definition; each setup takes everything once."""

    def places(split):
        part = layout.SPLITS[split]
        return {(s, c, q) for s in part.subjects for c in part.serials for q in part.sessions}

    counts = {
        "s0": (6400, 320, 1280),
        "s1": (5600, 800, 1600),
        "s2": (6000, 1000, 1000),
        "s3": (6000, 800, 1200),
    }
    for setup, expected in counts.items():
        parts = [places(f"{setup}_{name}") for name in ("train", "val", "test")]
        sizes = tuple(map(len, parts))
        assert sizes == expected
        assert len(set().union(*parts)) == sum(sizes) == 8000
    assert (0, 0, 4) in places("s0_val") and (2, 0, 99) in places("s0_test")
    assert all(q // 5 in (7, 11, 15) for _, _, q in places("s3_test"))


def test_frames_come_session_by_session_and_camera_by_camera(opened, root):
    assert layout_of(root).kind == "DexYCB"
    assert {"s0_train", "s2_val", "s3_train"} <= set(available_splits(root))
    assert "s0_val" not in available_splits(root)  # it begins with a person's fifth session
    index = opened("train")
    assert index.split == "s0_train" and len(index) == 2 * 8 * 2
    assert str(index.frame_id(0)) == f"{RIGHT}/{CAMERA}/000000"
    assert str(index.frame_id(3)) == f"{RIGHT}/{SERIALS[1]}/000001"
    assert index.row_of(index.frame_id(31)) == 31
    assert index.recording_of(index.sequence_names[0]) == RIGHT
    assert len(opened("s2_test")) == 4
    assert any("2 sessions are there, not 100" in str(problem) for problem in index.problems)


@pytest.mark.parametrize("row", [0, 16])
def test_joints_pixels_and_mesh_agree(row, opened, root, model):
    index = opened()
    frame = index.read(row)
    assert frame.problems == () and frame.hand.is_right == (row == 0)
    labels = labels_of(root, frame)
    seen = frame.camera.project(frame.hand.joints_mm)[THUMB_FIRST]
    np.testing.assert_allclose(seen, labels["joint_2d"][0], atol=1e-6)
    joints_mm = labels["joint_3d"][0] * 1000
    np.testing.assert_allclose(frame.hand.joints_mm[THUMB_FIRST], joints_mm, atol=1e-9)
    posed = model.of_side(frame.hand.is_right).pose(frame.hand.mano)
    np.testing.assert_allclose(posed.joints_mm, frame.hand.joints_mm, atol=1e-6)
    truth = true_hand(frame, model)
    np.testing.assert_allclose(truth.vertices_mm, posed.vertices_mm)
    assert frame.depth_mm.dtype == np.float32 and (frame.depth_mm == DEPTH_MM).all()
    np.testing.assert_array_equal(index.read_labels(row).hand.joints_mm, frame.hand.joints_mm)


def test_a_frame_without_a_hand_has_no_label_and_no_problem(opened):
    frame = opened().read(1)
    assert frame.hand is None and frame.problems == ()


def test_the_stand_in_reads_joints_and_says_that_poses_need_mano(opened):
    index = opened(hand_model=load_hand_model())
    assert "MANO's mean pose" in index.problems[-1].text
    assert index.read(0).hand.mano is None and index.read(0).hand.has_all_joints


class Hostile:
    def __reduce__(self):
        return print, ("this must not run",)


def hostile_npz(path: Path) -> None:
    np.savez(path, joint_3d=np.array([Hostile()], object), pose_m=np.zeros((1, 51)))


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:300]), "not a whole .npz"),
        (lambda path: path.write_bytes(pickle.dumps(Hostile())), "not a whole .npz"),
        (hostile_npz, "joint_3d"),
        (lambda path: np.savez(path, joint_3d=np.zeros((1, 20, 3))), "(1, 20, 3)"),
        (lambda path: np.savez(path, joint_3d=np.full((1, 21, 3), np.nan)), "NaN"),
        (lambda path: np.savez(path, joint_3d=np.full((1, 21, 3), 1e5)), "larger than 100 m"),
        (lambda path: np.savez(path, joint_3d=np.zeros((900, 21, 3))), "too many"),
    ],
)
def test_damaged_labels_are_named_and_the_picture_is_shown(spoil, words, root, opened, capsys):
    path = root / RIGHT / CAMERA / "labels_000000.npz"
    spoil(path)
    frame = opened().read(0)
    assert frame.hand is None and frame.image.shape == (48, 64, 3)
    assert any(str(path) in text and words in text for text in frame.problems)
    assert "must not run" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "name, content, words",
    [
        (f"calibration/intrinsics/{CAMERA}_640x480.yml", None, "missing"),
        (f"calibration/intrinsics/{CAMERA}_640x480.yml", "color: {fx: 0}", "no camera"),
        ("calibration/mano_20200709-weiy_right/mano.yml", None, "missing"),
        ("calibration/mano_20200709-weiy_right/mano.yml", "betas: [1, 2]", "ten finite"),
        (
            "calibration/mano_20200709-weiy_right/mano.yml",
            "!!python/object/apply:os.system [echo must not run]",
            "no YAML",
        ),
    ],
)
def test_missing_calibration_is_named_and_joints_are_still_read(name, content, words, root, opened):
    path = root / name
    path.unlink() if content is None else path.write_text(content)
    index = opened()
    assert any(Path(name).name in str(p) and words in str(p) for p in index.problems)
    frame = index.read(0)
    assert frame.hand.has_all_joints
    if "intrinsics" in name:
        assert "assumed focal length" in frame.problems[0]
    else:
        assert frame.hand.mano is None


def test_a_damaged_session_is_left_out_and_named(root, opened):
    (root / RIGHT / "meta.yml").write_text("num_frames: many")
    index = opened()
    assert index.sequence_names[0].startswith(LEFT)
    assert any("meta.yml" in str(problem) for problem in index.problems)
    (root / LEFT / "meta.yml").unlink()
    with pytest.raises(EmptySplitError, match="no session of s0_train"):
        opened()


def test_missing_files_are_counted(root, opened):
    (root / RIGHT / CAMERA / "color_000000.jpg").unlink()
    (root / RIGHT / CAMERA / "aligned_depth_to_color_000001.png").unlink()
    index = opened()
    assert list(index.unreadable_rows) == [0] and list(index.rows_without_depth) == [1]
    assert sum("1 frames are without" in problem.text for problem in index.problems) == 2
    with pytest.raises(UnreadableFrameError, match="missing"):
        index.read(0)
    assert "depth picture is missing" in index.read(1).problems[0]
