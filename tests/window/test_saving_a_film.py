"""A film of the sequence on screen: what is asked for, how it is followed, cancelled, refused."""

import json
import sys
from pathlib import Path

import pytest
from support_window import close, start_window, wait_threads, wait_until, wait_whole

from utnet_viewer.notices import Notice

FAKE = Path(__file__).parents[1] / "support" / "fake_renderer.py"


@pytest.fixture(scope="module")
def own_window(fonts, dataset):
    starter = start_window(dataset, "--split", "train", "--size", "1280x800")
    wait_threads(starter)
    yield starter
    close(starter)


@pytest.fixture
def desk(own_window):
    desk = own_window._menus.film
    own_window.session.document.select(15)  # of CD2
    wait_whole(own_window)
    yield desk
    desk.close()
    wait_until(own_window.is_painted_finely)


def use(desk, kind: str) -> None:
    desk.command = (sys.executable, "-P", str(FAKE), kind)


def test_the_film_is_of_what_the_panels_show(desk, own_window, dataset, tmp_path, qtbot):
    use(desk, "good")
    image = own_window.window.docks["Image"].widget()
    image.toggles["names"].setChecked(True)
    desk.begin("CD2", tmp_path / "CD2.mp4")
    assert desk.progress.isVisible()
    qtbot.waitUntil(lambda: desk.job is None, timeout=30_000)
    words = json.loads((tmp_path / "CD2.mp4").read_bytes())
    assert words[0] == "render" and words[-3:] == ["--", str(dataset), "CD2"]
    assert "--force" in words and "--progress" in words
    options = dict(word.split("=", 1) for word in words if "=" in word)
    assert options["--split"] == "train"
    assert set(options["--layers"].split(",")) == {"truth", "prediction", "links", "names"}
    assert options["--alignment"] == "procrustes"
    assert own_window.window.status._text.text() == f"Saved {tmp_path / 'CD2.mp4'}"


def test_cancel_leaves_no_half_of_a_film(desk, tmp_path, qtbot):
    use(desk, "endless")
    desk.begin("CD2", tmp_path / "CD2.mp4")
    qtbot.waitUntil(lambda: desk.progress.value() == 4, timeout=30_000)
    assert len(list(tmp_path.iterdir())) == 1
    desk.job.part.unlink()  # as the command does when it is told to end
    desk.progress.canceled.emit()
    qtbot.waitUntil(lambda: desk.job is None, timeout=30_000)
    assert list(tmp_path.iterdir()) == []
    assert desk.progress is None


def test_a_closing_window_drops_the_film_with_its_unfinished_file(desk, tmp_path, qtbot):
    use(desk, "endless")
    desk.begin("CD2", tmp_path / "CD2.mp4")
    qtbot.waitUntil(lambda: desk.progress.value() == 4, timeout=30_000)
    desk.close()
    assert list(tmp_path.iterdir()) == [] and desk.job is None


def test_why_there_is_no_film_is_said(desk, own_window, tmp_path, qtbot):
    use(desk, "fails")
    desk.begin("CD2", tmp_path / "CD2.mp4")
    qtbot.waitUntil(lambda: desk.job is None, timeout=30_000)
    texts = [notice.text for notice in own_window.window.findChildren(Notice)]
    assert any("only 3 of 4 frames were written" in text for text in texts)
    own_window.window.drop_notices("The film was not saved")
    wait_until(lambda: not own_window.window.findChildren(Notice))


def test_the_sequence_is_that_of_the_sample_on_screen(desk):
    assert desk._sequence() == "CD2"
