"""PCK curves: their values under the crosshair, hiding one, what tells them apart, export."""

import numpy as np
import pointer
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from utnet_viewer.compare.pck_panel import PckCurve, PckPanel, ink_of
from utnet_viewer.theme import DARK, LIGHT

THRESHOLDS_MM = np.linspace(0, 50, 101)


@pytest.fixture
def panel(qtbot, theme) -> PckPanel:
    panel = PckPanel(theme)
    qtbot.addWidget(panel)
    panel.resize(400, 380)
    panel.show()
    curves = [
        PckCurve(letter, f"model {letter}", THRESHOLDS_MM, (THRESHOLDS_MM / 50) ** power, 0.5)
        for letter, power in (("A", 1.0), ("B", 0.5), ("C", 2.0))
    ]
    panel.show_curves(curves)
    qtbot.wait(10)
    return panel


def words(panel: PckPanel) -> list[str]:
    return [entry.words for entry in panel.legend.entries]


def test_the_legend_reads_every_curve_at_the_crosshair(panel):
    assert words(panel)[:2] == ["A AUC 0.500 · 40.0 %", "B AUC 0.500 · 63.2 %"]
    assert words(panel)[-1] == "at 20 mm"
    panel.plot.setFocus()
    for _ in range(5):
        QTest.keyClick(panel.plot, Qt.Key.Key_Right)
    assert words(panel)[0] == "A AUC 0.500 · 50.0 %" and words(panel)[-1] == "at 25 mm"
    QTest.keyClick(panel.plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert panel.at_mm == 15.0


def test_the_pointer_moves_the_crosshair_and_leaves_it_resting(panel):
    place = panel.plot.to_widget(40.0, 50.0).toPoint()
    pointer.hover(panel.plot.viewport(), place)
    assert panel.at_mm == pytest.approx(40, abs=0.3)
    panel.plot.setFocus()
    panel.plot.pointed.emit(None)
    assert panel.at_mm == pytest.approx(40, abs=0.3)  # keys go on from there
    panel.plot.clearFocus()
    panel.plot.pointed.emit(None)
    assert panel.at_mm == 20.0


def test_a_click_in_the_legend_hides_a_curve(panel):
    drawn = len(panel._lines)
    QTest.mouseClick(panel.legend, Qt.MouseButton.LeftButton, pos=QPoint(30, 10))
    assert panel.hidden == {"A"} and len(panel._lines) == drawn - 1
    assert words(panel)[0].endswith("(hidden)")


@pytest.mark.parametrize("palette", [DARK, LIGHT])
def test_no_two_curves_need_colour_to_be_told_apart(palette):
    inks = [ink_of(palette, number) for number in range(5)]
    assert len({ink.dashes for ink in inks}) == 5 and len({ink.colour for ink in inks}) == 5


def test_the_csv_has_a_column_a_model(panel):
    table = panel.taken_table()
    assert table.heads == ("threshold (mm)", "A model A (%)", "B model B (%)", "C model C (%)")
    assert table.columns()[1][40] == pytest.approx(40.0)
    panel.show_curves([])
    assert panel.taken_table() is None and panel.legend.entries == ()
