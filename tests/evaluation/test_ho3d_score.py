"""Prediction files in, official figures out; and what is said about files that are not right."""

import json
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import asdict

import numpy as np
import psutil
import pytest
from official_ho3d import (
    official_figures,
    perturbed,
    posed_for_file,
    random_parameters,
    write_prediction_json,
    write_truth,
)

from core.conventions import HO3D_TO_OPENPOSE
from core.data.ho3d import prediction_file
from core.data.ho3d.prediction_file import PredictionFileError
from core.data.json_stream import JsonStreamError
from core.evaluation import ho3d_score
from core.evaluation.ho3d_score import ScoreError, score_file
from core.hand.mano_file import load_hand_model

COUNT = 5


@pytest.fixture(scope="module")
def hands():
    rng = np.random.default_rng(4)
    model, parameters = load_hand_model(None), random_parameters(rng, COUNT)
    return (
        posed_for_file(model, parameters),
        posed_for_file(model, [perturbed(rng, hand) for hand in parameters]),
    )


@pytest.fixture(scope="module")
def truth(hands, tmp_path_factory):
    return write_truth(tmp_path_factory.mktemp("HO3D"), hands[0])


@pytest.fixture
def pred(hands, tmp_path):
    return write_prediction_json(tmp_path / "pred.json", hands[1])


def zipped(pred, name="pred.json", **options):
    path = pred.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", **{"compression": zipfile.ZIP_DEFLATED, **options}) as archive:
        archive.write(pred, name)
    return path


def changed(pred, change):
    """The file with its content changed in place."""
    content = json.loads(pred.read_text())
    change(content)
    pred.write_text(json.dumps(content))
    return pred


def test_json_and_zip_give_the_official_figures(truth, pred, hands, monkeypatch):
    monkeypatch.setattr(ho3d_score, "_BATCH", 2)  # several batches, the last one smaller
    monkeypatch.setattr(prediction_file, "_BLOCK", 10_007)  # rows lie across blocks
    expected, seen = official_figures(*hands), []
    for path in (pred, zipped(pred)):
        score = score_file(truth, path, progress=lambda *counts: seen.append(counts))
        assert asdict(score.scores) == pytest.approx(expected, rel=1e-6)
        assert (score.samples, score.suspicions) == (COUNT, ())
    assert seen == [(done, COUNT) for done in (0, 2, 4, 5)] * 2


def test_indented_json_with_integers_and_exponents(truth, hands, tmp_path):
    _, predicted = hands
    rounded = [(np.round(j, 3), np.round(v, 3)) for j, v in predicted]
    path = write_prediction_json(tmp_path / "p.json", rounded)
    plain = score_file(truth, path)
    text = json.dumps(json.loads(path.read_text()), indent=2).replace("-0.5,", "-5E-1,")
    path.write_text(text + "\n\n")
    assert score_file(truth, path).scores == plain.scores


def test_several_processes_say_the_same(truth, pred, monkeypatch):
    monkeypatch.setattr(ho3d_score, "_BATCH", 2)
    assert score_file(truth, pred, jobs=2) == score_file(truth, pred)


# Files that are not right: what is wrong, in which file, and where.


def refused(truth, path, *words):
    with pytest.raises((ScoreError, PredictionFileError, JsonStreamError)) as caught:
        score_file(truth, path)
    for word in (str(path), *words):
        assert word in str(caught.value)


@pytest.mark.parametrize("keep", [0.001, 0.02, 0.5, 0.999])
def test_cut_off_json(truth, pred, keep):
    content = pred.read_bytes()
    pred.write_bytes(content[: int(len(content) * keep)])
    refused(truth, pred, "cut off after")


def test_cut_off_zip_and_other_names(truth, pred):
    path = zipped(pred)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused(truth, path, "cannot be unpacked", "again")
    spoiled = bytearray(whole)
    spoiled[len(whole) // 2] ^= 0xFF
    path.write_bytes(spoiled)
    refused(truth, path, "cannot be unpacked")
    refused(truth, zipped(pred, "results/pred.json"), "results/pred.json", "no pred.json")
    refused(truth, pred.with_name("other.json"), "no such file")


@pytest.mark.parametrize("content", [b" ", b"[", b"1", b"[1,2,3],"])
def test_a_zip_bomb_is_not_unpacked(truth, pred, content):
    path = pred.with_suffix(".zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pred.json", b"[[" + content * (40_000_000 // len(content)))
    assert path.stat().st_size < 200_000
    refused(truth, path)


def test_unpacked_bytes_are_bounded_by_what_the_frames_can_take(truth, pred):
    text = pred.read_text()
    pred.write_text(text.replace("]], [[", "]]," + " " * 6_000_000 + "[[", 1))
    refused(truth, zipped(pred), "unpacks to more than")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c[0].pop(), ["4 hands' joints for 5 frames"]),
        (lambda c: c[0].append(c[0][0]), ["more than 5 hands' joints"]),
        (lambda c: c[1].pop(), ["4 meshes for 5 frames"]),
        (lambda c: c[1].append(c[1][0]), ["more meshes than frames"]),
        (lambda c: c.pop(), ["0 meshes for 5 frames", "[joints, meshes]"]),
        (lambda c: c[1].clear(), ["0 meshes for 5 frames"]),
        (lambda c: c.append([c[0][0]]), ["more lists"]),
        (lambda c: c.reverse(), ["joints of entry 0", "778 × 3, not 21 × 3"]),
        (lambda c: c[0][3].pop(), ["joints of entry 3", "20 × 3"]),
        (lambda c: c[1][2].pop(), ["mesh of entry 2", "777 × 3, not 778 × 3"]),
        (lambda c: c[1][2][5].pop(), ["mesh of entry 2", "differ in length"]),
        (lambda c: c[1][4][7].__setitem__(1, float("nan")), ["entry 4", "not all finite"]),
        (lambda c: c[0][1][0].__setitem__(2, float("-inf")), ["joints of entry 1", "finite"]),
        (lambda c: c[1][4][7].__setitem__(1, None), ["mesh of entry 4", "no number", "'ull"]),
        (lambda c: c[1][4][7].__setitem__(1, "0.1"), ["mesh of entry 4", "no number"]),
        (lambda c: c[1][4][7].__setitem__(1, True), ["mesh of entry 4", "no number"]),
        (lambda c: c[1].__setitem__(3, None), ["entries are null"]),
    ],
)
def test_wrong_content_is_named_with_its_place(truth, pred, change, words):
    refused(truth, changed(pred, change), *words)


@pytest.mark.parametrize(
    "text", ["", "{}", '{"xyz": [[[1, 2, 3]]]}', "hello", "[]", "[[], []]", "7"]
)
def test_other_files_are_not_predictions(truth, tmp_path, text):
    path = tmp_path / "pred.json"
    path.write_text(text)
    refused(truth, path)


@pytest.mark.parametrize(
    ("old", "new"),
    [("]]], [[[", "]]] [[["), ("[[[", "x[[["), ("]]]]", "]]]]]"), ("]], [[", "]],, [[")],
)
def test_what_is_not_json_between_the_entries(truth, pred, old, new):
    text = pred.read_text()
    assert old in text
    pred.write_text(text.replace(old, new, 1))
    refused(truth, pred, "not")


def test_ground_truth_that_is_not_there_or_not_whole(truth, hands, pred, tmp_path):
    folder = write_truth(tmp_path / "gt", hands[0])
    (folder / "evaluation_verts.json").write_text(json.dumps([hands[0][0][1].tolist()]))
    with pytest.raises(ScoreError, match=r"evaluation_verts\.json.* 1 meshes for 5"):
        score_file(folder, pred)
    (folder / "evaluation_verts.json").unlink()
    with pytest.raises(ScoreError, match=r"evaluation_verts\.json: there is no such file"):
        score_file(folder, pred)


# Files that can be scored, but look wrong.


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """(folder, truth, predicted) of enough hands to judge their order."""
    rng = np.random.default_rng(4)
    model, parameters = load_hand_model(None), random_parameters(rng, 40)
    truth = posed_for_file(model, parameters)
    predicted = posed_for_file(model, [perturbed(rng, hand) for hand in parameters])
    small = lambda hands: np.array([joints for joints, _ in hands])
    return small(truth), small(predicted)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda joints: joints * 1000, "millimetres"),
        (lambda joints: joints * (1, -1, -1), "OpenCV"),
        (lambda joints: joints * (1000, -1000, -1000), "OpenCV"),
        (lambda joints: np.random.default_rng(0).permutation(joints), "order of the list"),
        (lambda joints: joints[::-1], "order of the list"),
        (lambda joints: joints[:, HO3D_TO_OPENPOSE], "thumb-first"),
        (lambda joints: joints * 0, "40 of 40 predictions have all joints in one point"),
    ],
)
def test_faults_are_recognised(many, change, word):
    truth, predicted = many
    assert any(word in text for text in ho3d_score.suspicions(truth, change(predicted)))


def test_nothing_is_said_of_good_and_of_merely_bad_predictions(many):
    truth, predicted = many
    rng = np.random.default_rng(1)
    assert ho3d_score.suspicions(truth, predicted) == ()
    assert ho3d_score.suspicions(truth, truth) == ()
    far_off = predicted + rng.normal(size=(len(truth), 1, 3)) * 0.04
    assert ho3d_score.suspicions(truth, far_off) == ()
    constant = np.repeat(truth.mean(0, keepdims=True), len(truth), 0)
    assert ho3d_score.suspicions(truth, constant) == ()


def test_missing_meshes_are_counted(truth, pred):
    changed(pred, lambda c: c[1].__setitem__(2, np.zeros((778, 3)).tolist()))
    assert any("1 of 5 meshes" in text for text in score_file(truth, pred).suspicions)


# The command as a process of its own: its memory, and how it ends.


def long_files(folder, hands, frames: int):
    """Files of many frames, the same few hands again and again."""
    texts = [[json.dumps(part.tolist()) for part in hand] for hand in hands]
    parts = [",".join(texts[row % len(texts)][part] for row in range(frames)) for part in (0, 1)]
    folder.mkdir()
    for name, part in zip(("xyz", "verts"), parts, strict=True):
        (folder / f"evaluation_{name}.json").write_text(f"[{part}]")
    (folder / "pred.json").write_text(f"[[{parts[0]}],[{parts[1]}]]")
    return folder


def start(folder, jobs: int) -> psutil.Popen:
    code = (
        "import sys; from core.cli.main import main; status = main(sys.argv[1:]);"
        # Linux's own peak: that of getrusage begins with what the starting process had.
        "print(*[line for line in open('/proc/self/status') if 'VmHWM' in line]);sys.exit(status)"
    )
    arguments = ["score", "--jobs", str(jobs), str(folder), str(folder / "pred.json")]
    return psutil.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.slow  # three hundred hands are measured: 2 s of an idle core, and two starts
def test_memory_does_not_grow_with_the_file(hands, tmp_path):
    peaks_kib = []
    for frames in (20, 300):
        with start(long_files(tmp_path / f"{frames}", hands[0], frames), jobs=1) as process:
            out, _ = process.communicate(timeout=100)
        assert process.returncode == 0
        peaks_kib.append(int(out.split()[-2]))
    # The text of the longer files is 30 MB, its numbers as Python's would be 60 MB.
    assert peaks_kib[1] - peaks_kib[0] < 12_000


@pytest.mark.slow  # processes are started, each of which imports scipy
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_whatever_ends_it_leaves_no_process_behind(hands, tmp_path, number, status):
    with start(long_files(tmp_path / "files", hands[0], 3000), jobs=2) as process:
        while "hands" not in process.stderr.readline():
            assert process.poll() is None
        deadline = time.monotonic() + 60
        while len(process.children()) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)  # two that measure, and the tracker of multiprocessing
        children = process.children()
        assert len(children) >= 2
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == status
    assert psutil.wait_procs(children, timeout=30)[1] == []
