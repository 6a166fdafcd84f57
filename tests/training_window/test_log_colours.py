"""A line of the log has the colour of what it says of itself."""

import pytest

from core.cli.train import _sentence
from core.events import MarkEvent
from utnet_viewer.training.log_view import kind_of

OVERFITTED = MarkEvent(
    step=900, cause="overfitting", numbers={"best": 20.0, "best_step": 400, "last": 31.0}
)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("2026-11-22 19:00:00 step 5 of 10: loss 0.3", ""),
        ("2026-11-22 19:00:00 note: the disk has 1 GB left; a warning of it is kept", "warning"),
        ("2026-11-22 19:00:00 failed. not finite: the loss is not finite", "fault"),
        ("ValueError: no such file", "fault"),
        (f"2026-11-22 19:00:00 warning: after step 900: {_sentence(OVERFITTED)}", "warning"),
    ],
)
def test_a_line_is_what_it_calls_itself(line, kind):
    assert kind_of(line) == kind


def test_a_mark_that_speaks_of_an_error_in_millimetres_is_no_fault():
    assert "error" in _sentence(OVERFITTED)  # what the line above is about
