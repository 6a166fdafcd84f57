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
from support_window import close, start_window, wait_until, wait_whole

from core.hand.mano_file import load_hand_model
from utnet_viewer.image.canvas import ImageCanvas
from utnet_viewer.image.states import message_for

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
    wait_whole(starter)
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
