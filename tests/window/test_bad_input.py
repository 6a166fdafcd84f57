"""What is damaged, hostile or absent, shown to the real window.

Every time the window stays up, says what is wrong with which file, and a good sample is whole
again afterwards.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from ho3d_tree import Tree, encode, hand_in_opengl, picture, training_label
from PySide6.QtGui import QGuiApplication
from safetensors import safe_open
from safetensors.numpy import save_file
from support_network import awake, tiny_network
from support_window import close, start_window, wait_threads, wait_until, wait_whole

from core.files.checkpoint_card import CheckpointCard
from core.hand.mano_file import load_hand_model
from core.network.checkpoints import save_checkpoint
from utnet_viewer.app import Starter
from utnet_viewer.arguments import build_parser
from utnet_viewer.image.canvas import ImageCanvas
from utnet_viewer.image.states import message_for
from utnet_viewer.notices import Notice
from utnet_viewer.samples.unreadable_dialog import UnreadableDialog

pytestmark = pytest.mark.allow_leaks("timers", "pool work")

GOOD = "OK1/0000"
SMALL = (120, 160)


class Planted:
    """Unpickled without care, it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return exec, (f"open({str(self.path)!r}, 'w')",)


@dataclass(frozen=True)
class Case:
    """One damaged frame: how, and what the window has to say.

    `label` changes members of the label; `spoil` damages files. `words` must stand in what the
    window says; `has_photo` and `has_prediction` are what is left.
    """

    name: str
    words: tuple[str, ...]
    label: dict = field(default_factory=dict)
    spoil: Callable[[Tree, str], None] = lambda tree, name: None
    size: tuple[int, int] = SMALL
    has_photo: bool = True
    has_prediction: bool = True


def cut(kind: str) -> Callable[[Tree, str], None]:
    def spoil(tree: Tree, name: str) -> None:
        path = tree.path(kind, name)
        path.write_bytes(path.read_bytes()[:-40])

    return spoil


def fill(kind: str, data: bytes) -> Callable[[Tree, str], None]:
    return lambda tree, name: tree.write(kind, name, data)


def remove(kind: str) -> Callable[[Tree, str], None]:
    return lambda tree, name: tree.path(kind, name).unlink()


def cut_png_instead(tree: Tree, name: str) -> None:
    path = tree.path("rgb", name)
    path.unlink()
    path.with_suffix(".png").write_bytes(encode(picture(SMALL), ".png")[:-60])


def plant_code(tree: Tree, name: str) -> None:
    tree.write("meta", name, pickle.dumps({"handPose": Planted(tree.root / "planted")}, 2))


NO_PHOTO = {"has_photo": False, "has_prediction": False}
CASES = [
    Case("truncated JPEG", ("0001.jpg", "cut off"), spoil=cut("rgb"), **NO_PHOTO),
    Case("truncated PNG", ("0002.png", "cut off"), spoil=cut_png_instead, **NO_PHOTO),
    Case("empty picture", ("0003.jpg", "empty"), spoil=fill("rgb", b""), **NO_PHOTO),
    Case("listed, not there", ("0004.jpg", "missing"), spoil=remove("rgb"), **NO_PHOTO),
    Case("truncated depth", ("0005.png", "cut off"), spoil=cut("depth")),
    Case("absent depth", ("0006.png", "missing"), spoil=remove("depth")),
    Case("pickle that runs code", ("0007.pkl", "exec"), spoil=plant_code, has_prediction=False),
    Case("label is garbage", ("0008.pkl",), spoil=fill("meta", b"garbage"), has_prediction=False),
    Case("absent label", ("0009.pkl", "missing"), spoil=remove("meta"), has_prediction=False),
    Case(
        "NaN joints",
        ("0010.pkl", "'handJoints3D' holds NaN"),
        label={"handJoints3D": np.full((21, 3), np.nan)},
        has_prediction=False,
    ),
    Case(
        "joints of a wrong shape",
        ("0011.pkl", "(20, 3)"),
        label={"handJoints3D": np.zeros((20, 3))},
        has_prediction=False,
    ),
    Case("None pose", ("0012.pkl", "'handPose' is None"), label={"handPose": None}),
    Case("NaN shape", ("0013.pkl", "'handBeta'"), label={"handBeta": np.full(10, np.nan)}),
    Case("camera of zeros", ("0014.pkl", "usual camera"), label={"camMat": np.zeros((3, 3))}),
    Case(
        "joints beyond the world",
        ("0015.pkl", "'handJoints3D' holds 1e+30"),
        label={"handJoints3D": np.full((21, 3), 1e30) * [1, 1, -1e-20]},
        has_prediction=False,
    ),
    Case(
        "all joints in one point",
        ("0016.pkl", "same point"),
        label={"handJoints3D": np.tile([0.0, 0.0, -0.5], (21, 1))},
        has_prediction=False,
    ),
    Case("a picture of one pixel", (), size=(1, 1)),
    Case("a 4K picture", (), size=(2160, 3840)),
]


def name_of(number: int) -> str:
    return f"BAD/{number + 1:04d}"


@pytest.fixture(scope="module")
def damaged(tmp_path_factory) -> Path:
    """A good frame, and one for each case."""
    tree = Tree(tmp_path_factory.mktemp("sets") / "Damaged")
    hand = hand_in_opengl(load_hand_model(), 4)
    tree.add(GOOD, training_label(hand), image=picture(SMALL))
    for number, case in enumerate(CASES):
        label = {**training_label(hand), **case.label}
        tree.add(name_of(number), label, image=picture(case.size))
        case.spoil(tree, name_of(number))
    tree.list(GOOD, *(name_of(number) for number in range(len(CASES))))
    tree.settle()
    return tree.root


@pytest.fixture(scope="module")
def window(fonts, damaged):
    starter = start_window(damaged, "--size", "1280x800")
    wait_threads(starter)
    yield starter
    close(starter)


def what_it_says(starter) -> str:
    """Everything the image panel tells about the sample, tool tips included."""
    canvas = starter.window.findChild(ImageCanvas)
    message = message_for(starter.session.document, canvas.sample)
    if message is not None:
        return f"{message.title}\n{message.detail}"
    return "\n".join(f"{note.text}\n{note.details}" for note in canvas.notes)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_a_damaged_frame_is_told_by_name_and_the_next_is_whole(window, damaged, number):
    case, session = CASES[number], window.session
    session.document.select(number + 1)
    wait_until(lambda: session.is_settled)
    wait_until(lambda: window.window.findChild(ImageCanvas).sample is session.document.sample)
    window.window.grab()  # every panel paints it
    sample = session.document.sample
    assert (sample.frame is not None) == case.has_photo
    assert (sample.prediction is not None) == case.has_prediction
    said = what_it_says(window)
    assert all(word in said for word in case.words), said
    assert bool(said) == bool(case.words)
    assert not (damaged / "planted").exists()

    session.document.select(0)
    wait_whole(window)
    assert session.document.sample.metrics is not None
    assert session.document.engine.phase in ("ready", "busy")


def window_with_network(*arguments: object) -> Starter:
    """A window with the engine that people get: with torch and a network."""
    starter = Starter(build_parser().parse_args([*map(str, arguments), "--device", "cpu"]))
    starter.start()
    wait_until(lambda: starter.session is not None and starter.has_all_panels())
    return starter


@pytest.mark.timeout(300)  # it imports torch four times, on machines that may be busy
@pytest.mark.allow_leaks("processes")
def test_checkpoints_that_cannot_be_used_are_refused_by_name(fonts, damaged, tmp_path):
    good, garbage, misfit = (tmp_path / f"{n}.safetensors" for n in ("good", "garbage", "misfit"))
    save_checkpoint(good, awake(tiny_network()), card=CheckpointCard("random"))
    garbage.write_bytes(b"garbage" * 1000)
    tensors, metadata = read_safetensors(good)
    name = max(tensors, key=lambda key: tensors[key].size)
    save_file({**tensors, name: tensors[name][:, ::2].copy()}, misfit, metadata)
    starter = window_with_network(damaged, "--checkpoint", garbage)
    session = starter.session
    try:
        wait_until(lambda: session.document.engine.phase == "dead")
        assert str(garbage) in session.document.engine.note
        session.use_checkpoint(str(misfit))
        wait_until(lambda: "misfit" in session.document.engine.note, timeout_ms=90_000)
        wait_until(lambda: session.document.engine.phase == "dead")
        assert name in f"{session.document.engine.note}{session.engine.last_output}"
        assert session.document.sample.frame is not None  # nothing is lost
        session.use_checkpoint(str(good))
        wait_whole(starter)
        assert session.document.engine.model == "good"
    finally:
        close(starter)


def read_safetensors(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors and metadata of a file."""
    with safe_open(path, "numpy") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118


def test_a_home_where_nothing_can_be_written(fonts, damaged, home):
    for folder in (".config", ".cache", ".local"):
        (home / folder).write_text("in the way")  # that stops root as well
    starter = start_window(damaged)
    session = starter.session
    try:
        wait_whole(starter)
        notices = starter.window.findChildren(Notice)
        assert any("not saved" in n.text and str(home) in n.text for n in notices)
        assert any(str(home / ".cache") in note for note in session.samples.model.catalogue.notes)
        assert "note" in session.samples.unreadable.text()
        session.document.select(6)
        wait_whole(starter)
    finally:
        close(starter)
    assert (home / ".config").read_text() == "in the way"


def test_lines_of_a_list_that_are_no_frames_are_counted_and_told(fonts, damaged, tmp_path):
    tree = Tree(tmp_path / "Odd")
    tree.add(GOOD, training_label(hand_in_opengl(load_hand_model(), 4)), image=picture(SMALL))
    tree.list(GOOD, "what is this")
    tree.settle()
    starter = start_window(tree.root)
    try:
        wait_whole(starter)
        assert starter.session.samples.unreadable.text() == "1 note"
        starter.session.samples.unreadable.click()
        dialog = starter.window.findChild(UnreadableDialog)
        dialog.copy_all()
        copied = QGuiApplication.clipboard().text()
        assert "train.txt" in copied and "what is this" in copied
        dialog.close()
    finally:
        close(starter)
