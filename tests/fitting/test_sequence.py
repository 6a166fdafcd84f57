"""A sequence put right from a few key frames: what was wrong is right, what was right stays."""

from dataclasses import replace

import numpy as np
import pytest
from support_fitting import fitter

from core.geometry.rotation import matrix_from_axis_angle
from core.hand.fitting.sequence import Correction, SequenceFrame, fit_sequence
from core.hand.fitting.smoothest import smoothest_way
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model
from core.synthetic.kinematics import HandKinematics
from core.synthetic.sequence import identities, plan_sequence

LENGTH = 40


@pytest.fixture(scope="module")
def moving():
    """A camera and the true hands of a sequence that the generator drew."""
    generator = np.random.default_rng(11)
    betas = identities(np.random.SeedSequence(11))[0]
    plan = plan_sequence(load_hand_model(), HandKinematics.load(), betas, LENGTH, generator)
    return plan.camera, [pose.hand for pose in plan.poses]


def spoilt(mano: ManoParameters, size: float = 1.0) -> ManoParameters:
    """A label that is wrong as a whole: turned, shifted, two fingers bent."""
    pose = mano.hand_pose_rad.copy()
    pose[[2, 5, 11]] += 0.35 * size
    return Correction(
        np.array([0.2, -0.1, 0.15]) * size,
        pose - mano.hand_pose_rad,
        np.zeros(10),
        np.array([12.0, -8.0, 25.0]) * size,
    ).applied(mano)


def sequence(moving, labels, keys, *, times=None) -> list[SequenceFrame]:
    camera, truth = moving
    times = range(len(truth)) if times is None else times
    return [
        SequenceFrame(500 + n, float(time), camera, label, right if n in keys else None)
        for n, (time, label, right) in enumerate(zip(times, labels, truth, strict=True))
    ]


def errors_mm(moving, hands) -> np.ndarray:
    """Mean joint distance (n,) to the truth, in space."""
    pairs = zip(hands, moving[1], strict=True)
    return np.array([np.linalg.norm(joints(a) - joints(b), axis=1).mean() for a, b in pairs])


def joints(mano: ManoParameters) -> np.ndarray:
    return load_model().pose(mano).joints_mm


def load_model():
    return fitter()._hand_model


def fitted(moving, labels, keys, **options) -> list[ManoParameters]:
    fits = fit_sequence(fitter(), sequence(moving, labels, keys), is_right=True, **options)
    return [fits[500 + n].mano for n in range(len(labels))]


def test_a_constant_error_corrected_in_two_key_frames_is_corrected_between_them(moving):
    labels = [spoilt(hand) for hand in moving[1]]
    before = errors_mm(moving, labels)
    after = errors_mm(moving, fitted(moving, labels, {5, 33}))
    assert before.min() > 20
    assert after[5:34].max() < 1.0
    # Outside of them nobody said anything.
    np.testing.assert_allclose(after[:5], before[:5])
    np.testing.assert_allclose(after[34:], before[34:])


def test_an_error_that_grows_is_interpolated(moving):
    labels = [spoilt(hand, n / LENGTH) for n, hand in enumerate(moving[1])]
    after = errors_mm(moving, fitted(moving, labels, {0, 20, 39}))
    assert errors_mm(moving, labels)[30] > 15
    assert after.max() < 2.0


@pytest.mark.parametrize(("begin", "end"), [(0, 14), (18, 40), (10, 25), (17, 18)])
def test_labels_that_are_right_already_do_not_get_worse(moving, begin, end):
    """Labels go wrong and right within a frame; key frames lie on both sides of that."""
    labels = [spoilt(h) if begin <= n < end else h for n, h in enumerate(moving[1])]
    keys = {max(begin, 0), min(end, LENGTH) - 1, 0, LENGTH - 1}
    after = errors_mm(moving, fitted(moving, labels, keys))
    assert after.max() < 1.0


def test_right_labels_between_two_wrong_key_frames_stay(moving):
    """The hard case: nothing in the key frames says that the frames between are right."""
    labels = [h if 12 <= n < 22 else spoilt(h) for n, h in enumerate(moving[1])]
    after = errors_mm(moving, fitted(moving, labels, {4, 30}))
    assert after[4:31].max() < 1.0


def test_noise_in_the_labels_is_no_reason_to_leave_the_correction_out(moving):
    generator = np.random.default_rng(0)
    noise = [
        replace(h, wrist_mm=h.wrist_mm + generator.normal(0, 2.0, 3))
        for h in map(spoilt, moving[1])
    ]
    after = errors_mm(moving, fitted(moving, noise, {0, 39}))
    assert after.max() < 10  # twice the noise at most, and the error was 30


def test_key_frames_come_back_as_they_were_put_right(moving):
    labels = [spoilt(hand) for hand in moving[1]]
    hands = fitted(moving, labels, {3, 9})
    for key in (3, 9):
        np.testing.assert_array_equal(hands[key].hand_pose_rad, moving[1][key].hand_pose_rad)
        np.testing.assert_array_equal(hands[key].wrist_mm, moving[1][key].wrist_mm)


def test_gaps_in_time_count(moving):
    """A key frame far away in time weighs less than a near one, whatever the number of frames."""
    still = [moving[1][0]] * 4
    labels = [spoilt(h, size) for h, size in zip(still, (0, 0.1, 0.9, 1.0), strict=True)]
    frames = sequence((moving[0], still), labels, {0, 3}, times=[0.0, 1.0, 9.0, 10.0])
    fits = fit_sequence(fitter(), frames, is_right=True, smoothness=100.0)
    for row in (501, 502):
        assert np.linalg.norm(fits[row].mesh.joints_mm - joints(still[0]), axis=1).max() < 1.5


def test_left_hands_are_corrected_as_their_mirror_images_are(moving):
    labels = [spoilt(hand) for hand in moving[1][:12]]
    right = sequence((moving[0], moving[1][:12]), labels, {0, 11})
    left = [
        replace(f, label=f.label.mirrored(), corrected=f.corrected and f.corrected.mirrored())
        for f in right
    ]
    of_right = fit_sequence(fitter(), right, is_right=True)
    of_left = fit_sequence(fitter(), left, is_right=False)
    mirrored_mm = of_left[505].mesh.joints_mm * [-1, 1, 1]
    np.testing.assert_allclose(mirrored_mm, of_right[505].mesh.joints_mm, atol=1e-6)


def test_a_correction_does_not_bend_fingers_where_no_finger_bends(moving):
    """Two key frames straighten a finger; the labels between have it straight already."""
    still = [moving[1][0]] * 3
    straight = np.zeros(45)
    bent = straight.copy()
    bent[[2, 5]] = 1.2
    labels = [replace(still[0], hand_pose_rad=pose) for pose in (bent, straight, bent)]
    truth = [replace(still[0], hand_pose_rad=straight)] * 3
    frames = sequence((moving[0], truth), labels, {0, 2})
    fits = fit_sequence(fitter(), frames, is_right=True, smoothness=1e6)
    prior = fitter().prior
    assert np.abs(prior.beyond_limits_rad(labels[1].hand_pose_rad - bent)).max() > 0.5
    assert np.abs(prior.beyond_limits_rad(fits[501].mano.hand_pose_rad)).max() < 0.2


def test_turns_are_interpolated_on_the_shortest_way():
    zero, none = np.zeros(3), np.zeros(10)
    first = Correction(np.array([0, 0, 3.0]), np.zeros(45), none, zero)
    second = Correction(np.array([0, 0, -3.0]), np.zeros(45), none, zero)
    turn = matrix_from_axis_angle(first.part_way(second, 0.5).turn_rad)
    np.testing.assert_allclose(turn, np.diag([-1.0, -1, 1]), atol=1e-9)


def test_the_smoothest_way_is_the_best_of_all_ways():
    """Against every way there is, for a few frames."""
    generator = np.random.default_rng(4)
    ways = generator.normal(0, 3, (5, 3, 21, 3))
    ways[0], ways[-1] = ways[0, :1], ways[-1, :1]
    times = np.array([0.0, 1, 2, 4, 5])
    chosen = smoothest_way(ways, ways[:, 0], times, smoothness=0.0)

    def roughness(way) -> float:
        path = ways[np.arange(5), way]
        velocity = np.diff(path, axis=0) / np.diff(times)[:, None, None]
        return (np.diff(velocity, axis=0) ** 2).sum()

    every = [np.array([0, *inner, 0]) for inner in np.ndindex(3, 3, 3)]
    best = min(every, key=roughness)
    np.testing.assert_array_equal(chosen[1:-1], best[1:-1])


def test_what_cannot_be_asked_is_refused(moving):
    truth = moving[1]
    frames = sequence(moving, truth, {0})
    with pytest.raises(ValueError, match="has none"):
        fit_sequence(fitter(), sequence(moving, truth, set()), is_right=True)
    with pytest.raises(ValueError, match="same row"):
        fit_sequence(fitter(), [frames[0], replace(frames[0], time=9.0)], is_right=True)
    with pytest.raises(ValueError, match="same time"):
        fit_sequence(fitter(), [frames[0], replace(frames[0], row=9)], is_right=True)


def test_progress_is_told_between_all_frames_and_may_end_it(moving):
    seen = []
    frames = sequence(moving, [spoilt(hand) for hand in moving[1]], {0, LENGTH - 1})
    fit_sequence(fitter(), frames, is_right=True, progress=lambda *told: seen.append(told))
    assert len(seen) > 2 * LENGTH  # also while ways are compared, before any frame is done
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (LENGTH, LENGTH)

    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        fit_sequence(fitter(), frames, is_right=True, progress=stop)
