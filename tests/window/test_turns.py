"""Pieces of work in turns of the event loop."""

from PySide6.QtCore import QObject, Qt, Signal

from utnet_viewer.turns import Turns


class Event(QObject):
    """Something that happens in the event loop."""

    happened = Signal()


def test_each_piece_has_a_turn_of_its_own_and_is_done_once(qtbot):
    turns, event, done = Turns(), Event(), []
    event.happened.connect(lambda: done.append("event"), Qt.ConnectionType.QueuedConnection)

    def first() -> None:
        done.append("first")
        event.happened.emit()

    def second() -> None:
        done.append("second")

    for work in (first, second, first):
        turns.later(work)
    assert done == [] and turns.is_busy
    qtbot.waitUntil(lambda: not turns.is_busy)
    assert done == ["first", "event", "second"]
    turns.later(second)
    qtbot.waitUntil(lambda: len(done) == 4)


def test_what_fails_does_not_come_again(qtbot):
    turns, done = Turns(), []
    turns.later(lambda: 1 / 0)
    turns.later(lambda: done.append("next"))
    with qtbot.captureExceptions() as caught:
        qtbot.waitUntil(lambda: done == ["next"])
    assert len(caught) == 1
    assert not turns.is_busy


def test_what_will_be_replaced_waits_for_that(qtbot):
    turns, done = Turns(), []

    def show() -> None:
        done.append("shown")

    turns.later(show, is_passing=True)
    turns.later(lambda: done.append("other"))
    qtbot.waitUntil(lambda: done == ["other"])
    assert turns.is_busy  # it waits
    turns.later(show)
    qtbot.waitUntil(lambda: not turns.is_busy)
    assert done == ["other", "shown"]  # once
    turns.later(show, is_passing=True)  # and nothing replaces it
    qtbot.waitUntil(lambda: done == ["other", "shown", "shown"])


def test_what_is_forgotten_is_not_done(qtbot):
    turns, done = Turns(), []
    turns.later(lambda: done.append(1))
    turns.later(lambda: done.append(2), is_passing=True)
    turns.forget()
    qtbot.wait(20)
    assert done == [] and not turns.is_busy


def test_finishing_does_it_all_at_once(qapp):
    turns, done = Turns(), []
    for number in range(3):
        turns.later(lambda number=number: done.append(number))
    turns.later(lambda: done.append(3), is_passing=True)
    turns.finish()
    assert done == [0, 1, 2, 3] and not turns.is_busy
