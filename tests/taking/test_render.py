"""Rendering without a window: pictures and films of a tiny dataset, and what can go wrong."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from ho3d_tree import Tree, hand_in_opengl, picture, training_label
from made_evaluation import write_rows
from PySide6.QtGui import QColor, QImage
from window_engine import SameHand

import utnet_viewer.taking.__main__ as rendering
from core.cli.main import main
from core.cli.render_order import RenderOrder
from core.data.opening import open_dataset
from core.evaluation.identity import RowNames, identify
from core.evaluation.store import EvaluationWriter
from core.files.embedded import default_checkpoint
from core.hand.mano_file import load_hand_model
from utnet_viewer.image.paint import JOINT_COLOURS
from utnet_viewer.reading import load
from utnet_viewer.taking.film import Film
from utnet_viewer.taking.predicting import stored as stored_evaluation
from utnet_viewer.taking.studio import CAPTION_HEIGHT, USUAL_SIZE

MARKS_HEIGHT = 26
COUNT = 5


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("sets") / "HO3D_tiny"
    tree, model = Tree(root), load_hand_model()
    names = [f"AB1/{number:04d}" for number in range(COUNT)]
    for number, name in enumerate(names):
        label = training_label(hand_in_opengl(model, number))
        tree.add(name, label, image=picture((480, 640), seed=number))
    tree.list(*names)
    return root


class Same:
    """The same hand for every frame, without an engine."""

    def __init__(self) -> None:
        self._network = SameHand()

    def predict(self, loaded):
        return self._network.predict([loaded.crop_input])[0]

    def close(self) -> None:
        pass


@pytest.fixture
def order(dataset, tmp_path) -> RenderOrder:
    return RenderOrder(
        dataset=str(dataset),
        split="train",
        sequence="AB1",
        frame="0002",
        checkpoint=str(default_checkpoint()),
        store=str(tmp_path / "none"),
        out=str(tmp_path / "out.png"),
        layers=("truth",),
    )


def rgb(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def test_the_joints_of_a_rendered_frame_lie_on_their_pixels(qtbot, order, dataset):
    rendering.render(replace(order, pixels=2.0), Same())
    shown = rgb(QImage(order.out))
    assert shown.shape == (2 * USUAL_SIZE.height(), 2 * USUAL_SIZE.width(), 3)
    frame = open_dataset(dataset, "train", hand_model=load_hand_model()).read(2)
    # A photo of 640 × 480 pixels fills 640 × 480 points under the row of marks.
    places = frame.camera.project(frame.hand.joints_mm) + 0.5 + [0, MARKS_HEIGHT]
    inside = ((places > [4, 30]) & (places < [636, 502])).all(1)
    assert inside.sum() > 12
    colours = np.array([QColor(colour).getRgb()[:3] for colour in JOINT_COLOURS])[inside]

    def share_found(beside: float) -> float:
        columns, rows = ((places[inside] + beside) * 2).astype(int).T
        return float((np.abs(shown[rows, columns] - colours).max(1) < 30).mean())

    assert share_found(0) > 0.65  # some lie under others
    assert share_found(9) < 0.2


def test_a_film_read_back_is_the_frames_that_were_painted(qtbot, order, monkeypatch, capsys):
    painted = []
    add = Film.add
    monkeypatch.setattr(Film, "add", lambda film, image: (painted.append(image), add(film, image)))
    out = order.out.replace(".png", ".mp4")
    rendering.render(replace(order, out=out, frame="", width=480, height=270, fps=12.0), Same())
    film = cv2.VideoCapture(out)
    assert film.get(cv2.CAP_PROP_FPS) == 12.0
    for image in painted:
        is_there, bgr = film.read()
        assert is_there
        expected = rgb(image)[: bgr.shape[0], : bgr.shape[1], ::-1]
        assert np.abs(bgr - expected).mean() < 6
    assert len(painted) == COUNT and not film.read()[0]
    assert '"done": 5, "total": 5' in capsys.readouterr().out
    # Its frames differ from one another: another hand is drawn in each.
    assert np.abs(rgb(painted[0]) - rgb(painted[1])).mean() > 1
    bottom = rgb(painted[0])[-CAPTION_HEIGHT + 6 : -6, 12:60]
    assert bottom.max() > 200  # words stand there


def test_a_film_with_frames_missing_is_refused(tmp_path, monkeypatch):
    film = Film(tmp_path / "a.mp4", width=64, height=48, fps=10)
    image = QImage(64, 48, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    for _ in range(4):
        film.add(image)
    film.count += 1  # as if the disk had swallowed one
    with pytest.raises(OSError, match=r"only 4 of 5 frames were written; .* MB are free"):
        film.end()


def test_a_layer_that_does_not_exist_is_refused_by_name(qtbot, order):
    with pytest.raises(ValueError, match="no 'truht' among the layers: truth, prediction"):
        rendering.render(replace(order, layers=("truht",)), Same())


def test_frames_and_sequences_that_do_not_exist_are_named(qtbot, order):
    with pytest.raises(ValueError, match="XY9/0002"):
        rendering.render(replace(order, sequence="XY9"), Same())
    with pytest.raises(ValueError, match="no sequence 'XY9'; there are AB1"):
        rendering.render(replace(order, sequence="XY9", frame=""), Same())


def test_predictions_come_from_the_evaluation_where_there_is_one(qtbot, order, dataset, capsys):
    hand_model = load_hand_model()
    index = open_dataset(dataset, "train", hand_model=hand_model)
    whole = identify(default_checkpoint(), index, hand_model)
    with EvaluationWriter(order.store, whole, RowNames.of_index(index)) as writer:
        write_rows(writer, np.arange(COUNT))
    tips = rendering._predictions(order, index, hand_model)
    stored = writer.evaluation.column("keypoints_px")
    for row in range(COUNT):
        loaded = load(index, row, hand_model)
        assert np.allclose(tips.predict(loaded).keypoints_px, stored[row])
    assert "predictions of the evaluation" in capsys.readouterr().out


def test_an_evaluation_that_is_not_finished_is_no_source(order, dataset):
    hand_model = load_hand_model()
    index = open_dataset(dataset, "train", hand_model=hand_model)
    whole = identify(default_checkpoint(), index, hand_model)
    with EvaluationWriter(order.store, whole, RowNames.of_index(index)) as writer:
        write_rows(writer, np.arange(COUNT - 1))
    assert stored_evaluation(order, index, hand_model) is None


def test_an_order_survives_the_pipe(order):
    assert RenderOrder.from_json(order.to_json()) == order
    with pytest.raises(ValueError, match="not an order"):
        RenderOrder.from_json('{"run": "rm"}')


# The command.


def call(*arguments: object) -> int:
    return main(["render", *map(str, arguments)])


def test_what_stands_there_is_replaced_by_force_only(dataset, tmp_path, capsys):
    out = tmp_path / "a.png"
    out.write_bytes(b"mine")
    assert call(dataset, "AB1/0001", "--out", out) == 2
    assert "exists already; replace it with --force" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "a.gif"), "the suffix must be one of .png, .svg, .mp4, .webm"),
        (("--out", "a.png", "--size", "big"), "'big' is not a size such as 1280x720"),
        (("--out", "a.png", "--size", "9x9"), "from 160x120"),
        (("--out", "nowhere/a.png"), "cannot be written (No such file or directory)"),
    ],
)
def test_wrong_options_are_said_before_anything_starts(
    dataset, tmp_path, capsys, monkeypatch, options, said
):
    monkeypatch.chdir(tmp_path)
    assert call(dataset, "AB1/0001", *options) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_painting_process_is_the_commands_error(dataset, tmp_path, capsys):
    assert call(dataset, "AB1/0099", "--out", tmp_path / "a.png") == 2
    assert "AB1/0099" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow  # starts the real engine, which imports torch
def test_ended_by_sigterm_it_leaves_no_half_of_a_film(dataset, tmp_path):
    command = [sys.executable, "-m", "core.cli.main", "render", str(dataset), "AB1"]
    process = subprocess.Popen(
        [*command, "--out", str(tmp_path / "a.mp4"), "--progress", "--view", "image"],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert b'"writing"' in process.stdout.readline()
    assert b'"started"' in process.stdout.readline()
    assert [path.suffix for path in tmp_path.iterdir()] == [".mp4"]  # under another name
    process.send_signal(signal.SIGTERM)
    process.stdout.close()
    assert process.wait(30) == 143
    assert list(tmp_path.iterdir()) == []
