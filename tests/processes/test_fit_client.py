"""The window's end of the fitter, against the real process, which starts at once."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from support_fitting import fitter, synthetic_hand

from core.hand.fitting.sequence import SequenceFrame
from core.hand.fitting.target import PLACED_WEIGHT, FitTarget
from core.hand.mano_file import load_hand_model
from utnet_viewer.processes.fit_client import FitClient

WAIT_MS = 60_000


class Listener:
    """Everything the client has said."""

    def __init__(self, client: FitClient) -> None:
        self.fits: dict = {}
        self.failed: dict = {}
        self.said: list[str] = []
        self.progress: list = []
        self.sequences: list = []
        self.sequence_failures: list[str] = []
        client.fitted.connect(lambda key, fit: self.fits.update({key: fit}))
        client.failed.connect(lambda key, why: self.failed.update({key: why}))
        client.said.connect(self.said.append)
        client.sequence_progress.connect(lambda done, total: self.progress.append((done, total)))
        client.sequence_done.connect(self.sequences.append)
        client.sequence_failed.connect(self.sequence_failures.append)


@pytest.fixture
def make_client(qtbot):
    clients = []

    def make(**options) -> FitClient:
        client = FitClient(**options)
        client.heard = Listener(client)
        clients.append(client)
        return client

    yield make
    for client in clients:
        process_id = client.process_id
        client.shut_down()
        if process_id is not None:
            qtbot.waitUntil(lambda pid=process_id: not psutil.pid_exists(pid), timeout=WAIT_MS)
        client.deleteLater()


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture(scope="module")
def hand():
    return synthetic_hand(1)


@pytest.fixture(scope="module")
def target(hand):
    camera, mano = hand
    keypoints_px = camera.project(load_hand_model().pose(mano).joints_mm) + [3.0, -2.0]
    return FitTarget(camera, keypoints_px, np.full(21, PLACED_WEIGHT), anchor=mano)


def frames_of(hand, count: int) -> list[SequenceFrame]:
    """A hand that moves a little from frame to frame; the first and the last are corrected."""
    camera, mano = hand
    hands = [replace(mano, wrist_mm=mano.wrist_mm + [2.0 * n, 0, 0]) for n in range(count)]
    right = {n: replace(hands[n], wrist_mm=hands[n].wrist_mm + [0, 9, 0]) for n in (0, count - 1)}
    return [
        SequenceFrame(100 + n, float(n), camera, one, right.get(n)) for n, one in enumerate(hands)
    ]


def wait_for(qtbot, condition) -> None:
    qtbot.waitUntil(condition, timeout=WAIT_MS)


def test_the_answer_is_the_fit_that_the_same_process_would_make(client, hand, target, qtbot):
    client.request(7, target, hand[1], True)
    assert client.is_fitting
    wait_for(qtbot, lambda: 7 in client.heard.fits)
    here, there = fitter().fit(target, hand[1], is_right=True), client.heard.fits[7]
    assert not client.is_fitting
    np.testing.assert_allclose(there.mesh.vertices_mm, here.mesh.vertices_mm, atol=1e-3)
    np.testing.assert_allclose(there.mano.hand_pose_rad, here.mano.hand_pose_rad, atol=1e-6)
    np.testing.assert_allclose(there.residuals_px, here.residuals_px, atol=1e-4)
    assert there.iterations == here.iterations
    assert np.isnan(there.residuals_mm).all()


def test_every_part_of_a_target_arrives(client, hand, target, qtbot):
    joints_mm = load_hand_model().pose(hand[1]).joints_mm
    depth_mm = np.where(np.arange(21) % 2, joints_mm[:, 2] - 9, np.nan)
    full = replace(
        target,
        joints_mm=joints_mm + 4.0,
        weights_mm=np.full(21, 0.5),
        depth_mm=depth_mm,
        betas=hand[1].betas + 0.2,
    )
    client.request(1, full, None, False)
    wait_for(qtbot, lambda: 1 in client.heard.fits)
    here = fitter().fit(full, None, is_right=False)
    np.testing.assert_allclose(client.heard.fits[1].mesh.joints_mm, here.mesh.joints_mm, atol=1e-3)
    np.testing.assert_allclose(client.heard.fits[1].residuals_mm, here.residuals_mm, atol=1e-3)


def test_the_newest_request_is_answered_and_stale_ones_are_not_begun(client, hand, target, qtbot):
    for key in range(60):
        client.request(key, target, hand[1], True)
    wait_for(qtbot, lambda: 59 in client.heard.fits)
    assert len(client.heard.fits) < 30
    assert not client.heard.failed
    assert not client._sent


def test_a_target_that_is_refused_fails_alone(client, hand, target, qtbot):
    behind = replace(hand[1], wrist_mm=np.array([0.0, 0.0, -300.0]))
    client.request(1, target, behind, True)
    wait_for(qtbot, lambda: 1 in client.heard.failed)
    assert "before the camera" in client.heard.failed[1]
    client.request(2, target, hand[1], True)
    wait_for(qtbot, lambda: 2 in client.heard.fits)
    assert client.heard.said == []


def test_a_hand_model_that_cannot_be_read_is_named(client, hand, target, qtbot, tmp_path):
    client.use_hand_model(tmp_path / "MANO_RIGHT.pkl")
    client.request(1, target, hand[1], True)
    wait_for(qtbot, lambda: 1 in client.heard.failed)
    assert "MANO_RIGHT.pkl" in client.heard.failed[1]
    client.use_hand_model(None)
    client.request(2, target, hand[1], True)
    wait_for(qtbot, lambda: 2 in client.heard.fits)


def test_what_was_asked_of_the_old_hand_model_is_asked_of_the_new_one(
    client, hand, target, qtbot, tmp_path
):
    """Whether or not the old one's answer is under way."""
    client.request(1, target, hand[1], True)
    client.use_hand_model(tmp_path / "MANO_LEFT.pkl")
    wait_for(qtbot, lambda: 1 in client.heard.failed)
    assert not client.heard.fits
    assert not client.is_fitting


def test_a_process_killed_amid_its_work_is_started_again_and_nothing_is_lost(
    client, hand, target, qtbot
):
    client.request(1, target, hand[1], True)
    wait_for(qtbot, lambda: 1 in client.heard.fits)
    killed = client.process_id
    psutil.Process(killed).suspend()  # so that it dies before it can answer
    client.request(2, target, hand[1], True)
    client.request_sequence(frames_of(hand, 5), is_right=True)
    os.kill(killed, signal.SIGKILL)
    wait_for(qtbot, lambda: 2 in client.heard.fits and bool(client.heard.sequences))
    assert client.process_id != killed
    assert "signal 9" in client.heard.said[0]
    assert "repeated" in client.heard.said[0]
    assert client.heard.said[1:] == [""]
    assert not client.heard.failed
    assert set(client.heard.sequences[0]) == {100, 101, 102, 103, 104}


def test_a_process_that_hangs_is_replaced(make_client, hand, target, qtbot):
    client = make_client(patience_s=10.0)
    client.request(1, target, hand[1], True)
    wait_for(qtbot, lambda: 1 in client.heard.fits)
    client._patience_s = 0.5
    psutil.Process(client.process_id).suspend()
    client.request(2, target, hand[1], True)
    wait_for(qtbot, lambda: bool(client.heard.said))
    client._patience_s = 30.0
    assert "did not answer" in client.heard.said[0]
    wait_for(qtbot, lambda: 2 in client.heard.fits)


def test_what_kills_it_three_times_is_given_up(make_client, hand, target, qtbot):
    client = make_client(command=(sys.executable, "-c", "import sys; sys.exit(3)"))
    client.request(1, target, hand[1], True)
    client.request_sequence(frames_of(hand, 3), is_right=True)
    wait_for(qtbot, lambda: 1 in client.heard.failed)
    assert "status 3" in client.heard.failed[1]
    assert client.heard.sequence_failures == [client.heard.failed[1]]
    assert len(client.heard.said) == 3
    assert not client.is_fitting
    assert not client.is_fitting_sequence


def test_a_sequence_reports_progress_and_gives_every_row(client, hand, qtbot):
    client.request_sequence(frames_of(hand, 6), is_right=True)
    wait_for(qtbot, lambda: bool(client.heard.sequences))
    fits = client.heard.sequences[0]
    assert set(fits) == set(range(100, 106))
    assert client.heard.progress[-1] == (6, 6)
    assert not client.is_fitting_sequence
    moved_mm = fits[103].mano.wrist_mm - hand[1].wrist_mm
    np.testing.assert_allclose(moved_mm, [6.0, 9.0, 0.0], atol=1e-6)


def test_a_sequence_without_a_key_frame_is_refused_with_a_reason(client, hand, qtbot):
    frames = [replace(frame, corrected=None) for frame in frames_of(hand, 3)]
    client.request_sequence(frames, is_right=True)
    wait_for(qtbot, lambda: bool(client.heard.sequence_failures))
    assert "corrected" in client.heard.sequence_failures[0]


def test_a_drag_goes_before_a_sequence_and_cancelling_ends_it(client, hand, target, qtbot):
    client.request_sequence(frames_of(hand, 3000), is_right=True)
    wait_for(qtbot, lambda: bool(client.heard.progress))
    client.request(1, target, hand[1], True)
    wait_for(qtbot, lambda: 1 in client.heard.fits)
    assert client.is_fitting_sequence
    client.cancel_sequence()
    count = len(client.heard.progress)
    client.request(2, target, hand[1], True)
    wait_for(qtbot, lambda: 2 in client.heard.fits)
    assert len(client.heard.progress) == count
    assert not client.heard.sequences + client.heard.sequence_failures


def test_another_hand_model_ends_the_sequence_that_was_asked_of_the_first(client, hand, qtbot):
    client.request_sequence(frames_of(hand, 3000), is_right=True)
    wait_for(qtbot, lambda: bool(client.heard.progress))
    client.use_hand_model(None)  # the same one
    assert client.is_fitting_sequence
    client.use_hand_model(Path("MANO_LEFT.pkl"))
    assert "hand model" in client.heard.sequence_failures[0]
    assert not client.is_fitting_sequence


def test_shutting_down_ends_the_process(client, hand, target, qtbot):
    client.request(1, target, hand[1], True)
    wait_for(qtbot, lambda: client.process_id is not None)
    process_id = client.process_id
    client.shut_down()
    wait_for(qtbot, lambda: not psutil.pid_exists(process_id))
    assert client.heard.said == []
    assert not client.heard.failed
