"""Labels follow their crops; what is not labelled has no say; samples depend on nothing else."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from support_network import stand_in
from support_training import WholeFrames, labelled_frame

from core.data.augment import Augmentation, random_transform
from core.data.crops import crop_input
from core.data.ho3d.index import open_index, recording_of
from core.files.embedded import demo_dataset
from core.geometry.camera import Camera
from core.geometry.crop import denormalise_keypoints
from core.geometry.rotation import axis_angle_from_matrix
from core.hand.hand_model import ManoParameters
from core.training.crop_dataset import Batch, CropDataset, training_sample
from core.training.frames import (
    FramesInMemory,
    FramesOnDisk,
    compact,
    hold_out,
    is_labelled,
    labelled_rows,
)


def turned_sample(frame, seed=0):
    transform = random_transform(frame, Augmentation(), np.random.default_rng(seed))
    return training_sample(frame, crop_input(frame, replace(transform, rotation_rad=0.6)))


def test_all_labels_of_a_turned_crop_agree_with_each_other():
    """Joints posed from the turned parameters are the turned joints, and project onto the 2D."""
    sample = turned_sample(labelled_frame())
    pose = axis_angle_from_matrix(sample.rotations)
    mesh = stand_in().pose(
        ManoParameters(pose[0], pose[1:].ravel(), sample.betas, sample.joints_mm[0])
    )
    np.testing.assert_allclose(mesh.joints_mm, sample.joints_mm, atol=1e-6)
    keypoints_px = Camera(sample.crop.intrinsics).project(sample.joints_mm)
    np.testing.assert_allclose(
        keypoints_px, denormalise_keypoints(sample.keypoints_norm), atol=1e-6
    )
    assert sample.has_mano == 1 and sample.joint_weights.all() and sample.keypoint_weights.all()


def test_a_compacted_frame_gives_the_same_labels_and_nearly_the_same_picture():
    frame = labelled_frame()
    whole = training_sample(frame, crop_input(frame, frame.crop()))
    stored = FramesInMemory([compact(frame)])
    small = stored.labels(0)
    part = training_sample(small, *stored.crops([0], [small.crop()]))
    np.testing.assert_allclose(part.keypoints_norm, whole.keypoints_norm, atol=1e-9)
    np.testing.assert_allclose(part.joints_mm, whole.joints_mm, atol=1e-9)
    assert np.abs(part.crop.image.astype(int) - whole.crop.image.astype(int)).mean() < 6
    both = (part.crop.depth_mm > 0) & (whole.crop.depth_mm > 0)
    assert both.mean() > 0.3
    assert np.median(np.abs(part.crop.depth_mm - whole.crop.depth_mm)[both]) < 0.1


def test_a_frame_without_any_label_of_the_hand_is_refused_by_name():
    frame = labelled_frame()
    nothing = replace(frame.hand, mano=None, joints_mm=np.full((21, 3), np.nan))
    bare = replace(frame, hand=replace(nothing, box_px=np.array([10.0, 10, 90, 90])))
    with pytest.raises(ValueError, match=str(frame.frame_id)):
        training_sample(bare, crop_input(bare, bare.crop()))


def test_a_wrist_alone_is_no_label_to_learn_from():
    """HO-3D's evaluation frames have the wrist and a box; they must never enter a loss."""
    hand = labelled_frame().hand
    wrist_alone = np.full((21, 3), np.nan)
    wrist_alone[0] = hand.joints_mm[0]
    assert not is_labelled(None)
    assert not is_labelled(replace(hand, mano=None, joints_mm=wrist_alone))
    assert is_labelled(replace(hand, mano=None))
    assert is_labelled(replace(hand, joints_mm=wrist_alone))


def test_unknown_joints_have_no_confidence_and_stay_finite():
    frame = labelled_frame()
    joints_mm = frame.hand.joints_mm.copy()
    joints_mm[[3, 17]] = np.nan
    box_px = frame.hand_box_px()
    partly = replace(frame, hand=replace(frame.hand, joints_mm=joints_mm, mano=None, box_px=box_px))
    sample = training_sample(partly, crop_input(partly, partly.crop()))
    unknown = np.flatnonzero(sample.joint_weights == 0)
    assert unknown.tolist() == [3, 17] == np.flatnonzero(sample.keypoint_weights == 0).tolist()
    assert sample.has_mano == 0
    for array in (sample.joints_mm, sample.keypoints_norm, sample.rotations, sample.betas):
        assert np.isfinite(array).all()


def test_a_joint_behind_the_camera_has_no_place_in_the_picture():
    frame = labelled_frame()
    joints_mm = frame.hand.joints_mm.copy()
    joints_mm[8, 2] *= -1
    behind = replace(
        frame, hand=replace(frame.hand, joints_mm=joints_mm, box_px=frame.hand_box_px())
    )
    sample = training_sample(behind, crop_input(behind, behind.crop()))
    assert sample.keypoint_weights[8] == 0 and sample.joint_weights[8] == 1
    assert np.isfinite(sample.keypoints_norm).all()


def test_a_sample_is_a_function_of_seed_epoch_and_row():
    frames = WholeFrames([labelled_frame(0), labelled_frame(1)])
    make = lambda seed, index: Batch.of([CropDataset(frames, Augmentation(), seed=seed)[index]])
    first = make(1, (4, 1))
    again = make(1, (4, 1))
    assert np.array_equal(first.inputs.image, again.inputs.image)
    assert np.array_equal(first.inputs.depth, again.inputs.depth)
    for other in (make(2, (4, 1)), make(1, (5, 1))):
        assert not np.array_equal(first.inputs.image, other.inputs.image)


def test_samples_made_together_are_those_made_alone():
    dataset = CropDataset(
        WholeFrames([labelled_frame(n) for n in range(3)]), Augmentation(), seed=1
    )
    indices = [(2, 1), (0, 0), (2, 2), (2, 1)]
    together = Batch.of(dataset.__getitems__(indices))
    alone = Batch.of([dataset[index] for index in indices])
    for part in ("inputs", "targets"):
        for name, value in vars(getattr(together, part)).items():
            assert np.array_equal(value, getattr(getattr(alone, part), name)), name


def test_depth_dropout_takes_that_share_of_the_readings():
    frames = WholeFrames([labelled_frame()])
    still = Augmentation(0, 0, 0, 0, 0, 0, depth_dropout=0.0)
    dropped = replace(still, depth_dropout=0.3)
    kept = CropDataset(frames, still, seed=0)[0, 0].crop.depth_mm
    rest = CropDataset(frames, dropped, seed=0)[0, 0].crop.depth_mm
    share = 1 - (rest > 0).sum() / (kept > 0).sum()
    assert share == pytest.approx(0.3, abs=0.02)
    np.testing.assert_array_equal(rest[rest > 0], kept[rest > 0])


def test_a_crop_read_from_disk_is_that_of_the_whole_frame():
    """Reading only what is needed changes nothing: pixels, depth and every label are the same."""
    index = open_index(demo_dataset(), "train", hand_model=stand_in())
    table = labelled_rows(index, [3, 40])
    source = FramesOnDisk(index, table)
    for number, row in enumerate((3, 40)):
        frame = index.read(row)
        transform = random_transform(frame, Augmentation(), np.random.default_rng(row))
        expected = training_sample(frame, crop_input(frame, transform))
        labels = source.labels(number)
        sample = training_sample(labels, *source.crops([number], [transform]))
        assert sample.frame_id == expected.frame_id
        for name in ("image", "depth_mm", "intrinsics"):
            np.testing.assert_array_equal(getattr(sample.crop, name), getattr(expected.crop, name))
        for name in ("joints_mm", "keypoints_norm", "rotations", "betas", "joint_weights"):
            np.testing.assert_array_equal(getattr(sample, name), getattr(expected, name))


def test_a_held_out_surface_is_kept_with_the_labels():
    index = open_index(demo_dataset(), "evaluation", hand_model=stand_in())
    labels = FramesOnDisk(index, labelled_rows(index, [5], whole=True)).labels(0)
    whole = index.read(5)
    np.testing.assert_allclose(labels.hand.vertices_mm, whole.hand.vertices_mm, atol=1e-3)
    np.testing.assert_array_equal(labels.hand.joints_mm, whole.hand.joints_mm)
    assert labels.hand.mano is None and whole.hand.mano is None


def test_cameras_of_one_recording_are_held_out_together():
    names = ("ABF10", "ABF11", "ABF14", "MC1", "MC2", "SYN000", "SYN001")
    index = SimpleNamespace(
        name="test",
        recording_of=recording_of,
        sequences=dict.fromkeys(names),
        sequence_names=names,
        sequence_codes=np.repeat(np.arange(7), 2),
    )
    seen = set()
    for seed in range(20):
        rows, held = hold_out(index, 1, seed=seed)
        assert sorted([*rows, *held]) == list(range(14))
        sequences = {names[row // 2] for row in held}
        assert sequences == {"ABF10", "ABF11", "ABF14"} or len(sequences) == 1
        assert not sequences & {names[row // 2] for row in rows}
        seen |= sequences
    assert len(seen) > 4
    with pytest.raises(ValueError, match="hold_out_sequences"):
        hold_out(index, 7, seed=0)
