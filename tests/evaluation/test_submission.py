"""From an evaluation to pred.zip, and back through the official figures."""

import json
import zipfile
from dataclasses import asdict

import numpy as np
import pytest
from official_ho3d import (
    TO_FILE,
    official_figures,
    perturbed,
    posed_for_file,
    random_parameters,
    write_truth,
)
from support_evaluation import CAMERA, identity, names, rows_of

from core.evaluation.ho3d_score import score_file
from core.evaluation.store import EvaluationWriter, FrameState, open_evaluation
from core.evaluation.submission import SubmissionError, write_submission
from core.hand.hand_model import ManoParameters
from core.hand.mano_file import load_hand_model

COUNT = 5


@pytest.fixture(scope="module")
def model():
    return load_hand_model(None)


@pytest.fixture(scope="module")
def parameters():
    """(true, predicted) parameters, as the store keeps them: in single precision."""
    rng = np.random.default_rng(2)
    true = random_parameters(rng, COUNT)
    predicted = [perturbed(rng, hand) for hand in true]
    single = lambda values: np.asarray(values, np.float32).astype(float)
    return true, [ManoParameters(*map(single, vars(hand).values())) for hand in predicted]


@pytest.fixture
def evaluated(tmp_path, model, parameters):
    """Makes an evaluation of the predicted hands; `states` and columns can be changed."""

    def make(*, states=(FrameState.ROOT_ONLY,) * COUNT, **changes):
        hands = parameters[1]
        columns = {
            name: np.array([getattr(hand, name) for hand in hands])
            for name in ("global_orient_rad", "hand_pose_rad", "betas", "wrist_mm")
        }
        columns["joints_mm"] = np.array([model.pose(hand).joints_mm for hand in hands])
        columns["keypoints_px"] = np.array([CAMERA.project(j) for j in columns["joints_mm"]])
        rows = rows_of(COUNT, **{**columns, **changes})
        with EvaluationWriter(tmp_path / "store", identity(COUNT), names(COUNT)) as writer:
            for row, state in enumerate(states):
                if state == FrameState.FAILED:
                    writer.fail(row, "there is no picture")
                elif state != FrameState.PENDING:
                    one = {name: values[row : row + 1] for name, values in rows.items()}
                    writer.write([row], [state], one)
            return open_evaluation(writer.evaluation.folder)

    return make


def test_a_submission_scores_as_its_hands_do(evaluated, model, parameters, tmp_path):
    """List order, axes, units and size in one: the figures are those of the hands themselves."""
    true, predicted = (posed_for_file(model, hands) for hands in parameters)
    counts = []
    written = write_submission(
        evaluated(), model, tmp_path / "pred.zip", progress=lambda *count: counts.append(count)
    )
    assert (written.count, written.filled) == (COUNT, 0)
    assert counts == [(done, COUNT) for done in range(1, COUNT + 1)]
    score = score_file(write_truth(tmp_path / "HO3D", true), written.path)
    expected = official_figures(true, predicted)
    assert asdict(score.scores) == pytest.approx(expected, rel=1e-6)
    assert score.suspicions == ()
    # The planted opposite: the order of the list turned round is another score.
    turned = official_figures(true, predicted[::-1])
    assert turned["xyz_mean3d_cm"] > 2 * expected["xyz_mean3d_cm"]


def test_the_file_is_what_the_evaluation_takes(evaluated, model, parameters, tmp_path):
    path = write_submission(evaluated(), model, tmp_path / "pred.zip").path
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["pred.json"] and archive.testzip() is None
        joints, meshes = json.loads(archive.read("pred.json"))
    for row, hand in enumerate(parameters[1]):
        mesh = model.pose(hand)
        np.testing.assert_allclose(joints[row], mesh.joints_mm @ TO_FILE, atol=1e-7)
        np.testing.assert_allclose(meshes[row], mesh.vertices_mm @ TO_FILE, atol=1e-9)
    assert np.shape(joints) == (COUNT, 21, 3) and np.shape(meshes) == (COUNT, 778, 3)
    assert (np.array(meshes)[..., 2] < 0).all()  # the files' z points to the viewer
    first = path.read_bytes()
    write_submission(evaluated(), model, path)
    assert path.read_bytes() == first


def refused(evaluation, model, path, *words, **options):
    path.write_bytes(b"yesterday's")
    with pytest.raises(SubmissionError) as caught:
        write_submission(evaluation, model, path, **options)
    for word in words:
        assert word in str(caught.value)
    assert path.read_bytes() == b"yesterday's"
    assert [entry.name for entry in path.parent.iterdir() if entry.is_file()] == [path.name]


def spoiled(evaluated, name: str, row: int, value: float):
    column = np.array(evaluated().column(name))
    column[(row, *(-1,) * (column.ndim - 1))] = value
    return column


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("joints_mm", np.nan, "not finite numbers"),
        ("betas", np.inf, "not finite numbers"),
        ("hand_pose_rad", np.nan, "not finite numbers"),
        ("joints_mm", -3.0, "not all in front of the camera"),
        ("wrist_mm", -100.0, "not all in front of the camera"),
    ],
)
def test_one_wrong_hand_is_named_and_nothing_is_written(
    evaluated, model, tmp_path, name, value, words
):
    column = spoiled(evaluated, name, 3, value)
    with np.errstate(all="ignore"):
        spoilt = evaluated_anew(evaluated, tmp_path, **{name: column})
        refused(spoilt, model, tmp_path / "pred.zip", "SEQ1/0003", words)


def evaluated_anew(evaluated, tmp_path, **changes):
    for path in sorted((tmp_path / "store").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return evaluated(**changes)


def test_an_unfinished_evaluation_is_no_submission(evaluated, model, tmp_path):
    states = (FrameState.MEASURED,) * 3 + (FrameState.PENDING,) * 2
    refused(evaluated(states=states), model, tmp_path / "pred.zip", "3 of 5 frames")


def test_frames_without_a_prediction(evaluated, model, parameters, tmp_path):
    states = (FrameState.FAILED,) + (FrameState.ROOT_ONLY,) * 4
    evaluation = evaluated(states=states)
    path = tmp_path / "pred.zip"
    refused(evaluation, model, path, "1 of 5", "SEQ0/0000 (there is no picture)", "--fill-missing")
    assert write_submission(evaluation, model, path, fill_missing=True).filled == 1
    with zipfile.ZipFile(path) as archive:
        joints, meshes = json.loads(archive.read("pred.json"))
    wrists = np.median([hand.wrist_mm for hand in parameters[1][1:]], axis=0) @ TO_FILE
    np.testing.assert_allclose(joints[0][0], wrists, atol=1e-6)
    assert np.ptp(meshes[0], axis=0).max() > 0.05
    nothing = evaluated_anew(evaluated, tmp_path, states=(FrameState.FAILED,) * COUNT)
    refused(nothing, model, path, "no frame has a prediction", fill_missing=True)


def test_an_interruption_leaves_nothing_half_written(evaluated, model, tmp_path):
    def interrupt(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_submission(evaluated(), model, tmp_path / "pred.zip", progress=interrupt)
    assert [entry.name for entry in tmp_path.iterdir()] == ["store"]
