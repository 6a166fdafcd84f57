"""The page of an evaluation: its numbers are the store's, its pictures lie right, nothing runs."""

import base64
import html
import re
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from made_evaluation import make_evaluation, names_of

from core.cli.main import main
from core.conventions import JOINT_NAMES
from core.data.opening import open_dataset
from core.evaluation.columns import FrameState
from core.evaluation.identity import RowNames
from core.evaluation.pck import area_under_pck
from core.evaluation.report.content import WORST_FRAMES, report_of
from core.evaluation.report.page import page, write_report
from core.evaluation.store import Evaluation
from core.files.embedded import demo_dataset
from core.hand.mano_file import load_hand_model

COUNT = 60


@pytest.fixture
def evaluation(tmp_path) -> Evaluation:
    frames = np.array([f"{number:04d}" for number in range(COUNT)])
    sequences = np.repeat(["MC1", "MC2", "<b>x</b>"], COUNT // 3)
    return make_evaluation(tmp_path / "store", names_of(sequences, frames))


def texts(document: str) -> str:
    """What is read, without markup."""
    body = document[document.index("<body>") :]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def measured(evaluation: Evaluation) -> np.ndarray:
    return np.flatnonzero(evaluation.state == FrameState.MEASURED)


@pytest.mark.parametrize(
    ("column", "unit", "decimals"),
    [
        ("pa_mpjpe_mm", " mm", 1),
        ("mpvpe_mm", " mm", 1),
        ("f5", "", 3),
        ("keypoint_error_px", " px", 1),
        ("wrist_error_mm", " mm", 1),
    ],
)
def test_figures_are_the_stores_with_their_counts(evaluation, column, unit, decimals):
    said = texts(page(report_of(evaluation)))
    values = np.array(evaluation.column(column)[measured(evaluation)], float)
    mean, median, p95 = values.mean(), np.median(values), np.percentile(values, 95)
    row = " ".join(f"{value:.{decimals}f}{unit}" for value in (mean, median, p95))
    assert f"{row} {len(values)}" in said


def test_every_joint_and_sequence_has_its_mean(evaluation):
    said, rows = texts(page(report_of(evaluation))), measured(evaluation)
    pa_mm = np.nanmean(evaluation.column("pa_joint_errors_mm").astype(float), axis=0)
    for joint, name in enumerate(JOINT_NAMES):
        assert re.search(rf"{name} +{pa_mm[joint]:.1f} ", said)
    for code, name in enumerate(evaluation.names.sequence_names):
        of_it = rows[evaluation.names.sequence_codes[rows] == code]
        frames = int((evaluation.names.sequence_codes == code).sum())
        mean = evaluation.column("pa_mpjpe_mm")[of_it].astype(float).mean()
        assert re.search(rf"{re.escape(name)} +{frames} +\d+ +{mean:.1f} ", said)


def test_the_curves_name_their_areas(evaluation):
    said = texts(page(report_of(evaluation)))
    for column, name in (
        ("pa_joint_errors_mm", "Procrustes-aligned"),
        ("joint_errors_mm", "wrist on wrist"),
    ):
        area = area_under_pck(evaluation.column(column))
        assert f"{name}, AUC {area:.3f}" in said


def test_the_worst_frames_come_first_and_say_why_they_have_no_picture(evaluation):
    report = report_of(evaluation)
    pa_mm = np.nan_to_num(evaluation.column("pa_mpjpe_mm"), nan=-1)
    expected = [str(evaluation.frame_id(row)) for row in np.argsort(-pa_mm)[:WORST_FRAMES]]
    assert [frame.name for frame in report.worst] == expected
    assert texts(page(report)).count("the dataset was not at hand") == WORST_FRAMES


def test_what_is_not_known_is_said_with_its_reason(evaluation):
    said = texts(page(report_of(evaluation)))
    assert "could not be predicted" in said
    failed = int(np.flatnonzero(evaluation.state == FrameState.FAILED)[0])
    assert f"{evaluation.frame_id(failed)} nothing says where the hand is" in said
    assert "stand-in, not MANO" in said


def test_an_evaluation_that_goes_on_says_how_much_is_to_come(tmp_path):
    frames = np.array([f"{number:04d}" for number in range(30)])
    half = make_evaluation(tmp_path, names_of(np.repeat("A", 30), frames), done=12)
    assert "Not finished: 18 of 30 frames are still to come." in texts(page(report_of(half)))


def test_an_evaluation_of_nothing_has_a_page_too(tmp_path):
    frames = np.array(["0000", "0001"])
    empty = make_evaluation(tmp_path, names_of(np.repeat("A", 2), frames), done=0)
    said = texts(page(report_of(empty)))
    assert "not known" in said and "nan" not in said.lower()


def test_what_identifies_it_stands_on_the_page(evaluation):
    said = texts(page(report_of(evaluation, command="utnet evaluate <x> --split evaluation")))
    assert "SHA-256 " + "c" * 64 in said
    assert "utnet evaluate <x> --split evaluation" in said
    assert "MADE in somewhere" in said and "stand-in" in said
    assert re.search(r"Page made \d{4}-\d\d-\d\d \d\d:\d\d UTC", said)


def test_names_from_outside_are_text_and_nothing_is_loaded(evaluation):
    document = page(report_of(evaluation))
    assert "<b>x</b>" not in document
    assert "default-src 'none'" in document and "<script" not in document
    assert not re.search(r'(?:src|href)="(?!data:|#)', document)
    assert "url(" not in document


def test_skeletons_lie_on_the_pixels_of_the_worst_frames(tmp_path):
    model = load_hand_model()
    index = open_dataset(demo_dataset(), "train", hand_model=model)
    evaluation = make_evaluation(tmp_path, RowNames.of_index(index))
    report = report_of(evaluation, index)
    frame = report.worst[0]
    row = int(np.nanargmax(evaluation.column("pa_mpjpe_mm")))
    shown = index.read(row)
    # Where the cut-out lies in the photo is found by looking, not by what the code says.
    part = cv2.imdecode(np.frombuffer(frame.jpeg, np.uint8), cv2.IMREAD_COLOR)
    fit = cv2.matchTemplate(shown.image[..., ::-1].copy(), part, cv2.TM_SQDIFF)
    _, _, corner, _ = cv2.minMaxLoc(fit)
    expected = shown.camera.project(shown.hand.joints_mm) - corner
    np.testing.assert_allclose(frame.truth_px, expected, atol=1e-6)
    # And in the drawing they are circles at those places, enlarged with the picture.
    svg = re.findall(r"<svg[^>]*aria-label=\"" + frame.name + r"\".*?</svg>", page(report), re.S)[0]
    tree = ElementTree.fromstring(svg)
    image = next(tree.iter("{http://www.w3.org/2000/svg}image"))
    zoom = float(image.get("width")) / part.shape[1]
    assert base64.b64decode(image.get("href").partition(",")[2]) == frame.jpeg
    circles = [
        (float(circle.get("cx")), float(circle.get("cy")))
        for circle in tree.iter("{http://www.w3.org/2000/svg}circle")
    ]
    np.testing.assert_allclose(
        sorted(circles), sorted(map(tuple, (expected + 0.5) * zoom)), atol=0.06
    )


def test_the_file_is_written_whole_or_not_at_all(evaluation, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    write_report(path, evaluation)
    before = path.read_bytes()
    assert before.endswith(b"</html>")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space")))
    with pytest.raises(OSError):
        write_report(path, evaluation)
    assert path.read_bytes() == before
    assert {file.name for file in Path(tmp_path).iterdir()} == {"report.html", "store"}


def test_the_command_refuses_a_report_that_has_no_folder_before_it_evaluates(tmp_path, capsys):
    arguments = [
        "evaluate",
        "demo",
        "--store",
        str(tmp_path),
        "--report",
        str(tmp_path / "no/r.html"),
    ]
    assert main(arguments) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
