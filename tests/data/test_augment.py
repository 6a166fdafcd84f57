from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.data.augment import Augmentation, disturb_pixels, random_transform
from core.data.crops import crop_input
from core.data.frame import Frame, FrameId, HandLabel
from core.geometry.camera import Camera

CAMERA = Camera(np.array([[614.6, 0, 320.3], [0, 614.1, 238.5], [0, 0, 1]]))


def frame_with_dots(seed: int) -> Frame:
    """A black photo with a white dot on each of 21 joints."""
    rng = np.random.default_rng(seed)
    joints_mm = rng.uniform((-60, -60, 550), (60, 60, 650), (21, 3))
    image = np.zeros((480, 640, 3), np.uint8)
    for u, v in CAMERA.project(joints_mm):
        centre = (round(u * 16), round(v * 16))  # sixteenths of a pixel
        cv2.circle(image, centre, 3 * 16, (255, 255, 255), -1, cv2.LINE_AA, shift=4)
    depth_mm = np.full((480, 640), 600, np.float32)
    return Frame(FrameId("S", "0"), image, CAMERA, depth_mm, HandLabel(joints_mm))


@pytest.mark.parametrize("seed", range(6))
def test_labels_stay_on_their_pixels_under_any_view(seed):
    frame = frame_with_dots(seed)
    transform = random_transform(frame, Augmentation(), np.random.default_rng(seed))
    crop = crop_input(frame, transform)
    keypoints_px = Camera(crop.intrinsics).project(transform.points(frame.hand.joints_mm))
    inside = ((keypoints_px > 4) & (keypoints_px < (187, 251))).all(1)
    assert inside.sum() >= 10
    for u, v in keypoints_px[inside].round().astype(int):
        assert crop.image[v, u].min() > 200


def test_a_label_that_did_not_turn_is_off_its_pixels():
    """The check above can fail: 3D left as it was parts from the turned picture."""
    frame = frame_with_dots(3)
    transform = replace(frame.crop(), rotation_rad=0.5)
    crop = crop_input(frame, transform)
    wrong_px = Camera(crop.intrinsics).project(frame.hand.joints_mm)
    right_px = transform.keypoints(CAMERA.project(frame.hand.joints_mm))
    assert np.linalg.norm(wrong_px - right_px, axis=1).max() > 10


def test_pixel_disturbance_leaves_geometry_and_unknown_depth_alone():
    frame = frame_with_dots(1)
    frame.depth_mm[:240] = 0
    crop = crop_input(frame, frame.crop())
    disturbed = disturb_pixels(crop, Augmentation(occlusion=1.0), np.random.default_rng(0))
    assert disturbed.transform == crop.transform
    assert (disturbed.intrinsics == crop.intrinsics).all()
    assert not (disturbed.image == crop.image).all()
    assert (disturbed.depth_mm[crop.depth_mm == 0] == 0).all()
    assert ((disturbed.depth_mm == 0) & (crop.depth_mm > 0)).any()  # the hidden rectangle


def test_the_same_seed_gives_the_same_view_and_another_does_not():
    frame = frame_with_dots(2)
    views = [random_transform(frame, Augmentation(), np.random.default_rng(s)) for s in (5, 5, 6)]
    assert views[0] == views[1] != views[2]


def test_a_frame_without_a_box_has_no_view():
    frame = Frame(FrameId("S", "0"), np.zeros((4, 4, 3), np.uint8), CAMERA)
    assert random_transform(frame, Augmentation(), np.random.default_rng(0)) is None
