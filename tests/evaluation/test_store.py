"""The store of evaluations under kills, damage, two owners, and readers that look meanwhile."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from support_evaluation import (
    identity,
    names,
    random_prediction,
    rows_of,
    write_evaluation,
)

from core.data.frame import FrameId
from core.evaluation.store import (
    ARRAYS,
    SCALARS,
    EvaluationError,
    EvaluationWriter,
    FrameState,
    evaluations_root,
    list_evaluations,
    open_evaluation,
)
from core.files.durable import DiskFullError
from core.files.folder_lock import FolderBusyError
from core.hand.mano_file import load_hand_model

MEASURED, FAILED = FrameState.MEASURED, FrameState.FAILED

WRITE = """
import sys
sys.path.insert(0, sys.argv[2])
from support_evaluation import identity, names, rows_of
from core.evaluation.store import EvaluationWriter, FrameState
writer = EvaluationWriter(sys.argv[1], identity(400), names(400))
print("open", flush=True)
for row in writer.pending_rows():
    if row % 7 == 3:
        writer.fail(row, f"no picture of {row}")
    else:
        writer.write([row], [FrameState.MEASURED], rows_of(1, seed=int(row)))
    print(row, flush=True)
print("done", flush=True)
sys.stdin.read()
"""


def start_writing(root: Path) -> subprocess.Popen:
    support = str(Path(__file__).parents[1] / "support")
    return subprocess.Popen(
        [sys.executable, "-c", WRITE, str(root), support],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def root(tmp_path) -> Path:
    return tmp_path / "evaluations"


# --- what is written is what is read ---------------------------------------------------------


def test_rows_are_read_as_they_were_written(root):
    given = rows_of(2)
    with EvaluationWriter(root, identity(), names()) as writer:
        writer.write([1, 4], [MEASURED, FrameState.UNLABELLED], given)
        writer.fail(3, "the picture is missing")
        folder = writer.evaluation.folder
    evaluation = open_evaluation(folder)
    assert evaluation.identity == identity() and len(evaluation) == 6
    assert evaluation.state.tolist() == [0, 1, 0, 4, 3, 0]
    for name in (*SCALARS, *ARRAYS):
        column = evaluation.column(name)
        np.testing.assert_array_equal(column[[1, 4]], given[name])
        assert np.isnan(column[[0, 2, 3, 5]]).all()
    assert evaluation.problems() == {3: "the picture is missing"}
    assert evaluation.counts()[FrameState.PENDING] == 3 and not evaluation.is_complete
    assert [str(evaluation.frame_id(row)) for row in (0, 5)] == ["SEQ0/0000", "SEQ1/0005"]
    assert evaluation.frame_id(5) == FrameId("SEQ1", "0005")


def test_columns_are_mapped_and_cannot_be_written_by_readers(root):
    column = open_evaluation(write_evaluation(root)).column("mpjpe_mm")
    assert isinstance(column, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 0
    with pytest.raises(KeyError, match="no column 'mpjpe'"):
        open_evaluation(write_evaluation(root)).column("mpjpe")


def test_a_stored_prediction_is_the_one_that_was_written(root):
    model = load_hand_model()
    given = [random_prediction(model, seed) for seed in range(4)]
    columns = rows_of(
        4,
        joints_mm=np.stack([one.joints_mm for one in given]),
        keypoints_px=np.stack([one.keypoints_px for one in given]),
        global_orient_rad=np.stack([one.mano.global_orient_rad for one in given]),
        hand_pose_rad=np.stack([one.mano.hand_pose_rad for one in given]),
        betas=np.stack([one.mano.betas for one in given]),
        wrist_mm=np.stack([one.mano.wrist_mm for one in given]),
        camera_sxy=np.stack([one.camera_sxy for one in given]),
        crop=np.array(
            [(*one.crop.centre_px, one.crop.height_px, one.crop.rotation_rad) for one in given]
        ),
        used_depth=np.array([one.used_depth for one in given]),
        is_mirrored=np.array([one.crop.is_mirrored for one in given]),
    )
    with EvaluationWriter(root, identity(), names()) as writer:
        writer.write(range(4), [MEASURED] * 4, columns)
        evaluation = writer.evaluation
    for row, expected in enumerate(given):
        found = evaluation.prediction(row, model)
        np.testing.assert_allclose(found.vertices_mm, expected.vertices_mm, rtol=0, atol=1e-3)
        np.testing.assert_allclose(found.joints_mm, expected.joints_mm, rtol=0, atol=1e-3)
        np.testing.assert_allclose(found.keypoints_px, expected.keypoints_px, rtol=0, atol=1e-3)
        np.testing.assert_allclose(found.keypoints_norm, expected.keypoints_norm, atol=1e-5)
        np.testing.assert_allclose(found.crop.matrix, expected.crop.matrix, rtol=1e-5)
        np.testing.assert_allclose(found.camera_sxy, expected.camera_sxy, rtol=1e-6)
        assert found.used_depth == expected.used_depth
        assert found.is_right == expected.is_right == (row != 2)
    assert evaluation.prediction(5, model) is None


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda columns: columns.update(extra=np.zeros(2)), "no columns extra"),
        (lambda columns: columns.update(betas=np.zeros((2, 9))), r"betas is \(2, 9\)"),
    ],
)
def test_rows_that_are_not_whole_are_refused_before_anything_is_written(root, spoil, message):
    columns = rows_of(2)
    spoil(columns)
    with EvaluationWriter(root, identity(), names()) as writer:
        with pytest.raises(ValueError, match=message):
            writer.write([0, 1], [MEASURED] * 2, columns)
        assert writer.evaluation.done == 0
        assert np.isnan(writer.evaluation.column("mpjpe_mm")).all()


def test_a_column_that_is_not_given_stays_unknown(root):
    with EvaluationWriter(root, identity(), names()) as writer:
        writer.write([2], [FrameState.ROOT_ONLY], {"wrist_error_mm": np.ones(1)})
        column = writer.evaluation.column
        assert column("wrist_error_mm")[2] == 1 and np.isnan(column("mpjpe_mm")[2])


# --- what an evaluation is of ----------------------------------------------------------------


def test_the_key_follows_what_figures_depend_on_and_nothing_else():
    key = identity().key
    assert len(key) == 16
    assert identity(dataset_root="elsewhere", checkpoint_name="renamed").key == key
    for change in (
        {"checkpoint_sha256": "0" * 64},
        {"dataset_digest": "0" * 64},
        {"split": "train"},
        {"hand_model_digest": "0" * 64},
        {"uses_depth": False},
    ):
        assert identity(**change).key != key


def test_the_root_is_the_users_or_the_one_that_is_named(home, monkeypatch, tmp_path):
    assert evaluations_root() == home / ".local/share/utnet-viewer/evaluations"
    monkeypatch.setenv("UTNET_EVALUATIONS", str(tmp_path / "here"))
    assert evaluations_root() == tmp_path / "here"


def test_lists_are_by_dataset_and_split_with_damaged_ones_named(root):
    first = write_evaluation(root)
    other = write_evaluation(root, changes={"split": "train", "dataset_digest": "e" * 64})
    damaged = write_evaluation(root, changes={"checkpoint_sha256": "0" * 64})
    (damaged / "f5.npy").write_bytes(b"nothing")
    (root / "half").mkdir()  # being made, or not one of ours
    told = []
    found = list_evaluations(root, on_damaged=told.append)
    assert {evaluation.folder for evaluation in found} == {first, other}
    assert [error.path for error in told] == [damaged / "f5.npy"]
    assert [one.folder for one in list_evaluations(root, "e" * 64)] == [other]
    assert [one.folder for one in list_evaluations(root, split="evaluation")] == [first]
    assert list_evaluations(root / "nowhere") == []


# --- following, killing, owning --------------------------------------------------------------


def test_a_reader_follows_a_growing_evaluation_and_never_sees_half_a_row(root):
    process = start_writing(root)
    assert process.stdout.readline() == "open\n"
    (evaluation,) = list_evaluations(root)
    seen = set()
    while "done\n" not in seen:
        written = np.flatnonzero(evaluation.state == MEASURED)
        columns = [evaluation.column(name)[written] for name in (*SCALARS, *ARRAYS)]
        assert all(np.isfinite(column).all() for column in columns)
        assert evaluation.is_being_written or evaluation.is_complete
        seen.add(process.stdout.readline())
    assert evaluation.is_complete and not evaluation.is_being_written
    assert len(evaluation.problems()) == evaluation.counts()[FAILED] == 57
    process.communicate("")


def test_nothing_written_is_lost_by_kills_and_the_next_process_goes_on(root):
    written = []
    for rows in (3, 150, 60):
        process = start_writing(root)
        assert process.stdout.readline() == "open\n"
        written += [int(process.stdout.readline()) for _ in range(rows)]
        process.send_signal(signal.SIGKILL)
        process.communicate()
        (evaluation,) = list_evaluations(root)
        assert (evaluation.state[written] != FrameState.PENDING).all()
        assert not evaluation.is_being_written
    # The row that was being written when it was killed may be there or come again; none is lost.
    assert len(set(written)) == len(written)
    process = start_writing(root)
    process.communicate("")
    assert evaluation.is_complete
    for row in range(400):
        if row % 7 == 3:
            assert evaluation.problems()[row] == f"no picture of {row}"
        else:
            assert evaluation.column("f15")[row] == rows_of(1, seed=row)["f15"][0]


def test_two_owners_are_refused_and_the_first_named(root):
    process = start_writing(root)
    assert process.stdout.readline() == "open\n"
    with pytest.raises(FolderBusyError, match=rf"process {process.pid} .*writing this evaluation"):
        EvaluationWriter(root, identity(400), names(400))
    process.kill()
    process.communicate()
    with EvaluationWriter(root, identity(400), names(400)) as writer:
        with pytest.raises(FolderBusyError, match=f"process {os.getpid()}"):
            EvaluationWriter(root, identity(400), names(400))
        writer.fail(0, "x")
    EvaluationWriter(root, identity(400), names(400)).close()


def test_an_evaluation_whose_making_was_cut_off_is_made_anew(root):
    folder = write_evaluation(root)
    (folder / "evaluation.json").unlink()
    (folder / "state.npy").write_bytes(b"half")
    with pytest.raises(EvaluationError, match="no evaluation"):
        open_evaluation(folder)
    with EvaluationWriter(root, identity(), names()) as writer:
        assert len(writer.pending_rows()) == 6


def test_a_half_written_reason_is_left_out_and_then_cut_off(root):
    with EvaluationWriter(root, identity(), names()) as writer:
        writer.fail(2, "no box")
        folder = writer.evaluation.folder
    with (folder / "problems.jsonl").open("ab") as file:
        file.write(b'{"row": 3, "rea')
    assert open_evaluation(folder).problems() == {2: "no box"}
    with EvaluationWriter(root, identity(), names()) as writer:
        writer.fail(3, "no picture")
    assert open_evaluation(folder).problems() == {2: "no box", 3: "no picture"}


# --- damage ----------------------------------------------------------------------------------


def shorten(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 4)


def misshape(path: Path) -> None:
    np.save(path, np.zeros((5, 2)))


def change(text: bytes, by: bytes):
    return lambda path: path.write_bytes(path.read_bytes().replace(text, by))


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("state.npy", shorten, "it is cut off"),
        ("state.npy", lambda path: path.write_bytes(b"nothing"), "damaged or missing"),
        ("joints_mm.npy", shorten, "it is cut off"),
        ("joints_mm.npy", Path.unlink, "No such file"),
        ("betas.npy", misshape, r"holds \(5, 2\) float64, not \(6, 10\) float32"),
        ("frame_names.npy", misshape, r"not \(6,\) <U"),
        ("evaluation.json", lambda path: path.write_bytes(b"{"), "damaged"),
        ("evaluation.json", change(b'"count"', b'"cnt"'), "KeyError"),
        ("evaluation.json", change(b'"format": 1', b'"format": 9'), "format 9.*evaluate again"),
    ],
)
def test_a_damaged_file_is_named(root, name, damage, message):
    folder = write_evaluation(root)
    damage(folder / name)
    with pytest.raises(EvaluationError, match=message) as error:
        open_evaluation(folder)
    assert error.value.path == folder / name and str(folder / name) in str(error.value)


def test_a_state_that_there_is_not_is_damage(root):
    folder = write_evaluation(root)
    np.save(folder / "state.npy", np.full(6, 9, np.uint8))
    with pytest.raises(EvaluationError, match=r"state\.npy: damaged: a state of 9"):
        open_evaluation(folder).counts()


def test_a_list_keeps_no_files_open(root):
    for number in range(4):
        write_evaluation(root, changes={"checkpoint_sha256": str(number)})
    before = psutil.Process().num_fds()
    found = list_evaluations(root)
    assert len(found) == 4 and psutil.Process().num_fds() == before
    assert found[0].column("f5").shape == (6,)


def test_objects_in_a_file_are_never_unpickled(root):
    folder = write_evaluation(root)
    np.save(folder / "betas.npy", np.array([object()] * 6), allow_pickle=True)
    with pytest.raises(EvaluationError, match=r"betas\.npy"):
        open_evaluation(folder)


def test_a_damaged_reason_is_named_by_its_line(root):
    folder = write_evaluation(root)
    (folder / "problems.jsonl").write_text('{"row": 1, "reason": "a"}\nnonsense\n')
    with pytest.raises(EvaluationError, match=r"problems\.jsonl: line 2"):
        open_evaluation(folder).problems()


def test_a_full_disk_is_said_before_the_first_row(root, monkeypatch):
    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(DiskFullError, match="no room is left"):
        EvaluationWriter(root, identity(), names())
    monkeypatch.undo()
    with EvaluationWriter(root, identity(), names()) as writer:  # nothing half-made stays
        assert len(writer.pending_rows()) == 6


def test_names_of_another_length_are_refused(root):
    with pytest.raises(ValueError, match="6 rows, but"):
        EvaluationWriter(root, identity(), names(5))


def test_what_was_evaluated_is_readable_text(root):
    folder = write_evaluation(root)
    content = json.loads((folder / "evaluation.json").read_text())
    assert content["identity"]["checkpoint_name"] == "demo"
    assert content["sequence_names"] == ["SEQ0", "SEQ1"]
