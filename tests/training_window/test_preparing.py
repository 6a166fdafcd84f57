"""The Train tab's first moments."""

from utnet_viewer.training.preparing import Preparation


def test_steps_come_one_a_turn_after_the_imports(qtbot):
    done = []
    preparation = Preparation([lambda: done.append(1), lambda: done.append(2)])
    with qtbot.waitSignal(preparation.done, timeout=60_000):
        preparation.start()
        assert done == []
    assert done == [1, 2]
    preparation.end()


def test_a_library_that_is_missing_is_told_and_no_step_is_done(qtbot):
    done = []
    preparation = Preparation([lambda: done.append(1)], libraries=("no_such_library",))
    with qtbot.waitSignal(preparation.failed, timeout=60_000) as failed:
        preparation.start()
    assert "no_such_library" in failed.args[0] and "make run" in failed.args[0]
    preparation.end()
    assert done == []


def test_a_window_that_closes_meanwhile_waits_for_the_thread_and_makes_nothing(qtbot):
    done = []
    preparation = Preparation([lambda: done.append(1)])
    preparation.start()
    preparation.end()
    qtbot.wait(20)
    assert done == []
